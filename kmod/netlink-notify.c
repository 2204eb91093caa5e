// SPDX-License-Identifier: GPL-2.0
/*
 * event-ntf: events to the multicast group of their network namespace.
 *
 * No hook wakes anybody. While the hooks are on, a work looks once a second
 * whether anybody listens, and as long as that is so, sends what the recorder
 * got since. So a listener can't slow traffic. One that does not want to wait for
 * that second asks for info-get, which makes the work look at once, or as soon as
 * it would send.
 */

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat/genetlink.h"
#include "compat/workqueue.h"
#include "event.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "netns.h"
#include "observe.h"
#include "recorder.h"

#ifdef TWSCOPE_MCAST_FLAGS

#define LOOK_INTERVAL	HZ
#define SEND_INTERVAL	(HZ / 20)

/* Events sent in one RCU read section, and namespaces looked for. */
#define AT_ONCE		256
#define LOOKUPS		64

/*
 * And such sections at a time. Who has joined the group is known for the machine
 * only, and anybody may in a namespace of his own, so what that costs has a limit:
 * 80,000 events a second. Beyond, the recorder runs over and it is told.
 */
#define AT_A_TIME	16

static void notify(struct work_struct *work);
static DECLARE_DELAYED_WORK(notify_work, notify);

/*
 * Guards what a kick looks at: when the work began to run last, in jiffies,
 * whether it has been kicked since, and whether this is the end.
 */
static DEFINE_MUTEX(kick_lock);
static unsigned long looked;
static bool kicked;
static bool closing;

/*
 * Namespaces where nobody took what was sent, by number: to find one takes a pass
 * over all. Nobody, or one whose buffer is full, which he is told; so it is not
 * for long, and not after a kick. Of the work only.
 */
#define DEAF		1024
#define DEAF_INTERVAL	(HZ / 4)
static u64 deaf[DEAF];
static unsigned long deaf_since;

/* Where the last sending ended, NULL while nobody listened. Of the work only. */
static u64 *cursor;

/**
 * struct losses - events that are gone, of which all namespaces are told, in turn
 * @told:	how many, in this pass
 * @since:	how many more since it began
 * @after:	the namespace that was told last, by number; 0 between two passes
 */
static struct losses {
	u64	told;
	u64	since;
	u64	after;
} losses; /* of the work only */

static bool is_deaf(u64 id)
{
	return deaf[id % DEAF] == id;
}

/* In any namespace: the kernel keeps one account of them. */
static bool anybody_listens(void)
{
	return genl_has_listeners(&twscope_nl_family, &init_net,
				  TWSCOPE_NLGRP_EVENTS);
}

/**
 * struct batch - messages for one namespace
 * @id: our number of it
 * @net: the namespace, NULL when nobody listens there
 * @skb: the messages, NULL for none yet
 * @lookups: namespaces looked for in this section
 * @lost: events that there was no memory for
 */
struct batch {
	u64		id;
	struct net	*net;
	struct sk_buff	*skb;
	unsigned int	lookups;
	u64		lost;
};

/*
 * Whoever joined the group's number before it was the group's was not asked what
 * he may. A socket in a group has a file.
 */
static int may_not_hear(struct sock *sk, struct sk_buff *skb, void *data)
{
	const struct file *file = sk->sk_socket->file;
	const struct net *net = data;

	return !file || !file_ns_capable(file, net->user_ns, CAP_NET_ADMIN);
}

/* Returns whether anybody listens in @net. */
static bool multicast(struct net *net, u64 id, struct sk_buff *skb)
{
	u32 group = twscope_nl_family.mcgrp_offset + TWSCOPE_NLGRP_EVENTS;

	NETLINK_CB(skb).dst_group = group;
	if (netlink_broadcast_filtered(net->genl_sock, skb, 0, group, GFP_ATOMIC,
				       may_not_hear, net) != -ESRCH)
		return true;
	deaf[id % DEAF] = id;
	return false;
}

static void send(struct batch *batch)
{
	if (batch->skb && !multicast(batch->net, batch->id, batch->skb))
		batch->net = NULL;
	batch->skb = NULL;
}

static void address(struct batch *batch, u64 id)
{
	if (batch->id == id)
		return;
	send(batch);
	batch->id = id;
	batch->net = NULL;
	if (is_deaf(id))
		return;
	batch->lookups++;
	batch->net = (struct net *)twscope_netns_of(id);
}

/* Not a container's, whose listeners number processes otherwise. */
static bool is_ours(const struct net *net)
{
	return net->user_ns == &init_user_ns;
}

static bool put(struct batch *batch, const struct twscope_event *ev)
{
	void *hdr;

	if (!batch->skb)
		batch->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!batch->skb)
		return false;
	hdr = genlmsg_put(batch->skb, 0, 0, &twscope_nl_family, 0,
			  TWSCOPE_CMD_EVENT_NTF);
	if (!hdr)
		return false;
	if (twscope_netlink_put_event(batch->skb, ev,
				      is_ours(batch->net) ? ev->pid : 0)) {
		genlmsg_cancel(batch->skb, hdr);
		return false;
	}
	genlmsg_end(batch->skb, hdr);
	return true;
}

static void send_event(struct batch *batch, const struct twscope_event *ev)
{
	address(batch, ev->netns_id);
	if (!batch->net || put(batch, ev))
		return;
	send(batch);
	if (batch->net && !put(batch, ev))
		batch->lost++;
}

static void send_lost_to(struct net *net, u64 lost)
{
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, &twscope_nl_family, 0,
			  TWSCOPE_CMD_EVENT_NTF);
	if (!hdr || nla_put_u64_64bit(skb, TWSCOPE_A_EVENT_LOST, lost,
				      TWSCOPE_A_EVENT_PAD)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	multicast(net, twscope_netns_id(net), skb);
}

/* Returns whether there are more to tell in this pass. */
static bool send_some_lost(void)
{
	struct net *net;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < LOOKUPS; i++) {
		net = (struct net *)twscope_netns_after(losses.after);
		losses.after = net ? twscope_netns_id(net) : 0;
		if (!net)
			break;
		if (!is_deaf(losses.after))
			send_lost_to(net, losses.told);
	}
	rcu_read_unlock();
	return losses.after;
}

static void send_lost(u64 lost)
{
	unsigned int i;

	losses.since += lost;
	if (!losses.after) {
		losses.told = losses.since;
		losses.since = 0;
	}
	for (i = 0; losses.told && i < AT_A_TIME; i++) {
		if (!send_some_lost())
			losses.told = 0;
		cond_resched();
	}
}

static bool send_some(struct twscope_playback *p, struct batch *batch)
{
	const struct twscope_event *ev = NULL;
	unsigned int i;

	batch->id = 0;
	batch->lookups = 0;
	rcu_read_lock();
	for (i = 0; i < AT_ONCE && batch->lookups < LOOKUPS; i++) {
		ev = twscope_playback_peek(p);
		if (!ev)
			break;
		send_event(batch, ev);
		twscope_playback_advance(p);
	}
	send(batch);
	rcu_read_unlock();
	return ev;
}

/*
 * What came since the last time; the first time nothing, but where it begins.
 * Of a recording that began meanwhile, all.
 */
static void send_news(void)
{
	struct twscope_playback p;
	struct batch batch = {};
	unsigned int i;
	int err;

	err = twscope_playback_init(&p, cursor,
				    cursor ? 0 : ktime_get_mono_fast_ns());
	if (err == -ESTALE)
		err = twscope_playback_init(&p, NULL, 0);
	if (err)
		return;

	for (i = 0; i < AT_A_TIME && send_some(&p, &batch); i++)
		cond_resched();
	if (cursor)
		send_lost(p.lost + batch.lost);

	swap(cursor, p.cursor);
	twscope_playback_free(&p);
}

static void notify(struct work_struct *work)
{
	bool listens, forget;

	mutex_lock(&kick_lock);
	looked = jiffies;
	forget = kicked || looked - deaf_since >= DEAF_INTERVAL;
	kicked = false;
	mutex_unlock(&kick_lock);
	if (forget) {
		memset(deaf, 0, sizeof(deaf));
		deaf_since = looked;
	}

	if (!twscope_observe_hold())
		return;
	listens = anybody_listens();
	if (listens) {
		send_news();
	} else {
		kvfree(cursor);
		cursor = NULL;
		losses = (struct losses) {};
	}
	twscope_observe_release();
	queue_delayed_work(twscope_compat_unbound_wq, &notify_work,
			   listens ? SEND_INTERVAL : LOOK_INTERVAL);
}

/**
 * twscope_netlink_notify_kick() - look soon whether anybody listens
 *
 * Anybody may ask for that in a namespace of his own, as often as he likes: the
 * work does not run more often for it than while somebody listens.
 *
 * Context: process.
 */
void twscope_netlink_notify_kick(void)
{
	unsigned long ago, delay;

	mutex_lock(&kick_lock);
	if (!closing && !kicked && twscope_observe_is_on()) {
		kicked = true;
		ago = jiffies - looked;
		delay = ago < SEND_INTERVAL ? SEND_INTERVAL - ago : 0;
		mod_delayed_work(twscope_compat_unbound_wq, &notify_work, delay);
	}
	mutex_unlock(&kick_lock);
}

/**
 * twscope_netlink_notify_exit() - send no more
 *
 * Context: process, may sleep. The family has to be there still.
 */
void twscope_netlink_notify_exit(void)
{
	mutex_lock(&kick_lock);
	closing = true;
	mutex_unlock(&kick_lock);
	cancel_delayed_work_sync(&notify_work);
	kvfree(cursor);
}

#else

void twscope_netlink_notify_kick(void)
{
}

void twscope_netlink_notify_exit(void)
{
}

#endif
