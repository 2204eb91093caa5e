// SPDX-License-Identifier: GPL-2.0
/*
 * event-get: what the flight recorder kept.
 *
 * The filter is applied where and when the reader reads, so a reader pays for
 * its own filter, and traffic for none.
 */

#include <linux/kernel.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "bucket.h"
#include "compat/genetlink.h"
#include "event.h"
#include "filter.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "netns.h"
#include "observe.h"
#include "recorder.h"

/* Events read while the hooks are held. */
#define AT_ONCE		256

static int put_address(struct sk_buff *skb, int attrtype, u16 family,
		       const struct in6_addr *addr)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, attrtype, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attrtype, addr);
}

static int put_u64(struct sk_buff *skb, int attrtype, u64 value)
{
	return nla_put_u64_64bit(skb, attrtype, value, TWSCOPE_A_EVENT_PAD);
}

static int put_reason(struct sk_buff *skb, const struct twscope_event *ev)
{
	switch (ev->type) {
	case TWSCOPE_EVENT_TYPE_DECISION:
		return nla_put_u32(skb, TWSCOPE_A_EVENT_DECISION, ev->reason);
	case TWSCOPE_EVENT_TYPE_ENDED:
		return nla_put_u32(skb, TWSCOPE_A_EVENT_CAUSE, ev->reason);
	}
	return 0;
}

/**
 * twscope_netlink_put_event() - put an event into a message
 * @skb: the message
 * @ev: the event
 * @pid: the process as whoever is told knows it, 0 for not at all
 *
 * Context: any.
 * Return: 0, or -EMSGSIZE when there is no room.
 */
int twscope_netlink_put_event(struct sk_buff *skb,
			      const struct twscope_event *ev, u32 pid)
{
	u64 time_ns = ktime_to_ns(ktime_mono_to_real(ns_to_ktime(ev->time_ns)));

	if (put_u64(skb, TWSCOPE_A_EVENT_TIME_NS, time_ns) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_TYPE, ev->type) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_NETNS, ev->netns) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_FAMILY, ev->family) ||
	    put_address(skb, TWSCOPE_A_EVENT_LOCAL, ev->family, &ev->local) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_LOCAL_PORT, ev->local_port) ||
	    put_address(skb, TWSCOPE_A_EVENT_REMOTE, ev->family, &ev->remote) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_REMOTE_PORT, ev->remote_port) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_SUBSTATE, ev->substate) ||
	    put_reason(skb, ev) ||
	    nla_put_u32(skb, TWSCOPE_A_EVENT_COUNT, ev->count) ||
	    (pid && nla_put_u32(skb, TWSCOPE_A_EVENT_PID, pid)) ||
	    (ev->pid &&
	     nla_put_string(skb, TWSCOPE_A_EVENT_COMM, ev->comm)) ||
	    (ev->cgroup_id &&
	     put_u64(skb, TWSCOPE_A_EVENT_CGROUP_ID, ev->cgroup_id)))
		return -EMSGSIZE;
	return 0;
}

/**
 * struct event_dump - a dump of events between two reads
 * @playback: where it is
 * @filter: which events are asked for
 * @netns_id: of this namespace, 0 for all
 * @lost: of the lost ones, so many were told of
 * @told: the message at the end was put
 */
struct event_dump {
	struct twscope_playback	playback;
	struct twscope_filter	filter;
	u64			netns_id;
	u64			lost;
	bool			told;
};

/**
 * struct event_ctx - what netlink keeps for us between .start, reads and .done
 * @caps: what the sender of the request may see
 * @dump: the dump, NULL before the first read
 */
struct event_ctx {
	struct twscope_nl_caps	caps;
	struct event_dump	*dump;
};

static struct event_ctx *event_ctx(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct event_ctx) > sizeof(cb->ctx));

	return (struct event_ctx *)cb->ctx;
}

/* The cursor may be all there is in a message, however many processors it has. */
int twscope_nl_event_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = nlmsg_total_size(GENL_HDRLEN) +
			     nla_total_size(twscope_playback_cursor_bytes());
	twscope_netlink_caps(cb, &event_ctx(cb)->caps);
	return 0;
}

static int may_see(struct netlink_callback *cb, struct nlattr **attrs)
{
	const struct twscope_nl_caps *caps = &event_ctx(cb)->caps;

	if (attrs[TWSCOPE_A_EVENT_ALL_NETNS])
		return twscope_netlink_all_netns(caps, cb->extack);
	if (caps->net)
		return 0;
	NL_SET_ERR_MSG(cb->extack,
		       "events: needs CAP_NET_ADMIN over the network namespace");
	return -EPERM;
}

static int begin_playback(struct netlink_callback *cb, struct nlattr **attrs,
			  struct twscope_playback *p)
{
	struct nlattr *cursor = attrs[TWSCOPE_A_EVENT_CURSOR];
	struct nlattr *since = attrs[TWSCOPE_A_EVENT_SINCE_MS];
	u64 since_ns = ktime_get_mono_fast_ns();
	u64 *copy;
	int err;

	if (!cursor) {
		u64 ago = since ? (u64)nla_get_u32(since) * NSEC_PER_MSEC : 0;

		since_ns = since_ns > ago ? since_ns - ago : 0;
		return twscope_playback_init(p, NULL, since_ns);
	}

	if (nla_len(cursor) != twscope_playback_cursor_bytes()) {
		NL_SET_ERR_MSG_ATTR(cb->extack, cursor,
				    "not a cursor of this kernel");
		return -EINVAL;
	}
	/* An attribute is aligned to 4 bytes only. */
	copy = kmemdup(nla_data(cursor), nla_len(cursor), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	err = twscope_playback_init(p, copy, 0);
	kfree(copy);
	if (err == -ESTALE)
		NL_SET_ERR_MSG_ATTR(cb->extack, cursor,
				    "the cursor is of an earlier recording: observing was switched off since");
	return err;
}

/* Of addresses, ports and substate an event tells, and of nothing else. */
static int parse_filter(struct netlink_callback *cb, struct twscope_filter *f)
{
	unsigned int i;
	int err;

	err = twscope_netlink_filter(cb->nlh, TWSCOPE_A_EVENT_FILTER, f,
				     &event_ctx(cb)->caps, cb->extack);
	for (i = 0; !err && i < f->n; i++) {
		if (f->terms[i].kind < TWSCOPE_TERM_VERDICT)
			continue;
		NL_SET_ERR_MSG(cb->extack,
			       "an event tells no verdict, remaining, age, mark or ifindex to filter by");
		err = -EOPNOTSUPP;
	}
	return err;
}

static int event_dump_begin(struct netlink_callback *cb)
{
	struct nlattr **attrs = twscope_compat_dump_attrs(cb);
	struct event_dump *dump;
	int err;

	err = may_see(cb, attrs);
	if (err)
		return err;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;
	err = parse_filter(cb, &dump->filter);
	if (!err)
		err = begin_playback(cb, attrs, &dump->playback);
	if (err) {
		kfree(dump);
		return err;
	}
	if (!attrs[TWSCOPE_A_EVENT_ALL_NETNS])
		dump->netns_id = twscope_netns_id(sock_net(cb->skb->sk));
	event_ctx(cb)->dump = dump;
	return 0;
}

static bool is_asked_for(const struct event_dump *dump,
			 const struct twscope_event *ev)
{
	struct twscope_bucket b = {
		.local = ev->local,
		.remote = ev->remote,
		.local_port = ev->local_port,
		.remote_port = ev->remote_port,
		.family = ev->family,
		.substate = ev->substate,
	};

	if (dump->netns_id && dump->netns_id != ev->netns_id)
		return false;
	return twscope_filter_match(&dump->filter, &b, TWSCOPE_VERDICT_UNKNOWN);
}

/* In the pid namespace of the reader; 0 when it is not there, or not any more. */
static u32 pid_for_reader(u32 pid)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	u32 nr;

	if (!pid || ns == &init_pid_ns)
		return pid;
	rcu_read_lock();
	nr = pid_nr_ns(find_pid_ns(pid, &init_pid_ns), ns);
	rcu_read_unlock();
	return nr;
}

static int fill_event(struct sk_buff *skb, struct netlink_callback *cb,
		      const struct twscope_event *ev)
{
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_EVENT_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (twscope_netlink_put_event(skb, ev, pid_for_reader(ev->pid))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int fill_lost(struct sk_buff *skb, struct netlink_callback *cb, u64 lost)
{
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_EVENT_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_u64(skb, TWSCOPE_A_EVENT_LOST, lost)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int fill_cursor(struct sk_buff *skb, struct netlink_callback *cb,
		       const u64 *cursor)
{
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_EVENT_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put(skb, TWSCOPE_A_EVENT_CURSOR,
		    twscope_playback_cursor_bytes(), cursor)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* What is lost comes before what could be read after it. */
static int fill_next(struct sk_buff *skb, struct netlink_callback *cb,
		     struct event_dump *dump, const struct twscope_event *ev)
{
	u64 lost = dump->playback.lost;

	if (lost != dump->lost) {
		if (fill_lost(skb, cb, lost - dump->lost))
			return -EMSGSIZE;
		dump->lost = lost;
	}
	if (!ev)
		return fill_cursor(skb, cb, dump->playback.cursor);
	return is_asked_for(dump, ev) ? fill_event(skb, cb, ev) : 0;
}

/* False when the message is full. */
static bool dump_some(struct sk_buff *skb, struct netlink_callback *cb,
		      struct event_dump *dump)
{
	const struct twscope_event *ev;
	unsigned int i;

	for (i = 0; i < AT_ONCE && !dump->told; i++) {
		ev = twscope_playback_peek(&dump->playback);
		if (fill_next(skb, cb, dump, ev))
			return false;
		if (ev)
			twscope_playback_advance(&dump->playback);
		else
			dump->told = true;
	}
	return true;
}

/*
 * A part of what there is to read, of which maybe nothing is asked for, so
 * others get their turn in between.
 */
static int dump_part(struct sk_buff *skb, struct netlink_callback *cb,
		     bool *is_full)
{
	struct event_ctx *ctx = event_ctx(cb);
	int err = 0;

	if (!twscope_observe_hold())
		return twscope_netlink_not_observing(cb->extack);
	if (!ctx->dump)
		err = event_dump_begin(cb);
	else if (!twscope_playback_is_valid(&ctx->dump->playback))
		err = -ESTALE;
	if (!err)
		*is_full = !dump_some(skb, cb, ctx->dump);
	twscope_observe_release();
	return err;
}

int twscope_nl_event_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct event_ctx *ctx = event_ctx(cb);
	bool is_full = false;
	int err;

	/* The hooks may be off by now. */
	if (ctx->dump && ctx->dump->told)
		return skb->len;

	do {
		err = dump_part(skb, cb, &is_full);
		if (err)
			return err;
		if (is_full)
			return skb->len ?: -EMSGSIZE;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (!ctx->dump->told);
	return skb->len;
}

int twscope_nl_event_get_done(struct netlink_callback *cb)
{
	struct event_dump *dump = event_ctx(cb)->dump;

	if (dump)
		twscope_playback_free(&dump->playback);
	kfree(dump);
	return 0;
}
