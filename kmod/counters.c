// SPDX-License-Identifier: GPL-2.0
/*
 * What was observed, counted by processor and by network namespace.
 *
 * A namespace's buckets are purged after our exit method has run for it. What
 * happens to them goes to the sum over the namespaces that ended, which has
 * taken over the counts by then.
 */

#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/snmp.h>

#include "counters.h"
#include "netns.h"

/* How often, and how often alike, what was there before is worked out. */
#define SETTLE_TRIES	60
#define SETTLE_ALIKE	3

/**
 * struct counters_net - the counts of a network namespace
 * @counts:	by processor; NULL when it is ending, or when there was no memory
 * @ending:	@counts as it was, to be summed up and freed
 * @before:	buckets that were there when the hooks went on
 * @alike:	times that working @before out gave the same
 */
struct counters_net {
	struct twscope_cpu_counts __percpu *counts;
	struct twscope_cpu_counts __percpu *ending;
	s64				before;
	unsigned int			alike;
};

static unsigned int counters_net_id __read_mostly;
/* Namespaces that the start failed for make it fail. */
static bool starting;
/* Those that come now may have buckets that no hook saw being made. */
static bool unsettled;

/* Of the namespaces that ended; the first by hooks, the others under the lock. */
static struct twscope_cpu_counts __percpu *late_counts;
static DEFINE_SPINLOCK(ended_lock);
static struct twscope_counts ended_counts;
static s64 ended_before;
static bool ended_unsettled;

static struct counters_net *counters_net(const struct net *net)
{
	return net_generic(net, counters_net_id);
}

/* Closes without a bucket, as the kernel counts them on a processor. */
static unsigned long failures(const struct net *net, int cpu)
{
	return READ_ONCE(per_cpu_ptr(net->mib.net_statistics,
				     cpu)->mibs[LINUX_MIB_TCPTIMEWAITOVERFLOW]);
}

/* Called whenever observing begins: on no kernel is it __net_init. */
static int counters_net_init(struct net *net)
{
	struct counters_net *cn = counters_net(net);
	struct twscope_cpu_counts __percpu *counts;

	counts = alloc_percpu_gfp(struct twscope_cpu_counts, GFP_KERNEL);
	/* Not to be counted apart is better than not to be made. */
	if (!counts)
		return starting ? -ENOMEM : 0;
	cn->alike = READ_ONCE(unsettled) ? 0 : SETTLE_ALIKE;
	WRITE_ONCE(cn->counts, counts);
	return 0;
}

/* A grace period lies between this and the exit method. */
static void __net_exit counters_net_pre_exit(struct net *net)
{
	struct counters_net *cn = counters_net(net);

	cn->ending = cn->counts;
	WRITE_ONCE(cn->counts, NULL);
}

static void add_counts(struct twscope_counts *to,
		       const struct twscope_counts *from)
{
	const unsigned long *f = (const unsigned long *)from;
	unsigned long *t = (unsigned long *)to;
	unsigned int i;

	BUILD_BUG_ON(sizeof(*to) % sizeof(*t));
	for (i = 0; i < sizeof(*to) / sizeof(*t); i++)
		t[i] += READ_ONCE(f[i]);
}

/* What failed since a bucket was asked for last here, failed as that one did. */
static void add_failures(struct twscope_counts *to, const struct net *net,
			 const struct twscope_cpu_counts *from, int cpu)
{
	unsigned long counted, n;

	/* In this order, so that a hook in between makes none that never were. */
	if (!smp_load_acquire(&from->asked))
		return;
	counted = READ_ONCE(from->failures);
	smp_rmb(); /* as the hook reads the kernel's count, then writes ours */
	n = failures(net, cpu) - counted;
	if (READ_ONCE(from->near))
		to->overflow += n;
	else
		to->out_of_memory += n;
}

static void sum_up(const struct net *net,
		   struct twscope_cpu_counts __percpu *counts,
		   struct twscope_counts *sum)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		add_counts(sum, &per_cpu_ptr(counts, cpu)->c);
		add_failures(sum, net, per_cpu_ptr(counts, cpu), cpu);
	}
}

static void __net_exit counters_net_exit(struct net *net)
{
	struct counters_net *cn = counters_net(net);

	if (!cn->ending)
		return;
	spin_lock(&ended_lock);
	sum_up(net, cn->ending, &ended_counts);
	ended_before += cn->before;
	ended_unsettled |= cn->alike < SETTLE_ALIKE;
	spin_unlock(&ended_lock);
	free_percpu(cn->ending);
	cn->ending = NULL;
}

static struct pernet_operations counters_net_ops = {
	.init		= counters_net_init,
	.pre_exit	= counters_net_pre_exit,
	.exit		= counters_net_exit,
	.id		= &counters_net_id,
	.size		= sizeof(struct counters_net),
};

/**
 * twscope_counters_start() - count from now on, in all namespaces
 *
 * To be called before the hooks go on. Needs 352 bytes for each processor and
 * namespace.
 *
 * Context: process, may sleep. Not to be called twice.
 * Return: 0 or -ENOMEM.
 */
int twscope_counters_start(void)
{
	int err;

	late_counts = alloc_percpu_gfp(struct twscope_cpu_counts, GFP_KERNEL);
	if (!late_counts)
		return -ENOMEM;
	memset(&ended_counts, 0, sizeof(ended_counts));
	ended_before = 0;
	ended_unsettled = false;

	WRITE_ONCE(unsettled, true);
	WRITE_ONCE(starting, true);
	err = register_pernet_subsys(&counters_net_ops);
	WRITE_ONCE(starting, false);
	if (err)
		free_percpu(late_counts);
	return err;
}

/**
 * twscope_counters_stop() - count no longer, and forget
 *
 * To be called when the hooks are off.
 *
 * Context: process, may sleep.
 */
void twscope_counters_stop(void)
{
	unregister_pernet_subsys(&counters_net_ops);
	free_percpu(late_counts);
}

static u64 created(const struct twscope_counts *c)
{
	return (u64)c->created_time_wait + c->created_fin_wait2;
}

static u64 ended(const struct twscope_counts *c)
{
	unsigned int i;
	u64 n = 0;

	for (i = 0; i < TWSCOPE_N_CAUSES; i++)
		n += c->ended[i];
	return n;
}

/*
 * Between a hook and the kernel's own count a moment passes. Those that are
 * there now are over after a grace period.
 */
static bool settle(struct net *net, struct counters_net *cn)
{
	struct twscope_counts sum = {};
	s64 before;

	sum_up(net, cn->counts, &sum);
	before = twscope_netns_tw_count(net) + ended(&sum) - created(&sum);
	cn->alike = before == cn->before ? cn->alike + 1 : 0;
	cn->before = before;
	return cn->alike >= SETTLE_ALIKE;
}

/**
 * twscope_counters_settle() - work out how many buckets were there before
 *
 * The kernel's count, less what was made and plus what ended since: exact as
 * soon as no processor is between a hook and the count that it is about. So it
 * is worked out until it does not change any more.
 *
 * Context: process, may sleep: three grace periods, and a second of them at most.
 * To be called once, after the hooks went on.
 */
void twscope_counters_settle(void)
{
	unsigned int i;
	struct net *net;
	bool settled;

	/* The hooks see all that happens in those that come from now on. */
	WRITE_ONCE(unsettled, false);
	for (i = 0; i < SETTLE_TRIES; i++) {
		settled = true;
		down_read(&net_rwsem);
		for_each_net(net) {
			struct counters_net *cn = counters_net(net);

			if (cn->counts && cn->alike < SETTLE_ALIKE)
				settled &= settle(net, cn);
			cond_resched();
		}
		up_read(&net_rwsem);
		if (settled)
			break;
		synchronize_rcu();
	}
}

/**
 * twscope_counters_of() - where to count what happens in a namespace
 * @net: the namespace
 *
 * Context: a hook.
 * Return: the counts by processor.
 */
struct twscope_cpu_counts __percpu *twscope_counters_of(const struct net *net)
{
	return READ_ONCE(counters_net(net)->counts) ?: late_counts;
}

/**
 * twscope_counters_late() - where to count what happened in one that is gone
 *
 * Context: a hook.
 * Return: the counts by processor.
 */
struct twscope_cpu_counts __percpu *twscope_counters_late(void)
{
	return late_counts;
}

/**
 * twscope_counters_asked() - a bucket is asked for
 * @net: in this namespace
 *
 * The kernel counts a failure for either reason on the processor where it
 * happens, and asks for one bucket after the other there. So what failed since
 * the last time failed as the last one was asked for.
 *
 * Context: a hook.
 */
void twscope_counters_asked(const struct net *net)
{
	struct twscope_cpu_counts __percpu *counts = READ_ONCE(counters_net(net)->counts);
	unsigned long now, n;

	if (!counts)
		return;
	now = this_cpu_read(net->mib.net_statistics->mibs[LINUX_MIB_TCPTIMEWAITOVERFLOW]);
	if (unlikely(!this_cpu_read(counts->asked))) {
		this_cpu_write(counts->failures, now);
		/* for add_failures() */
		smp_store_release(this_cpu_ptr(&counts->asked), true);
	} else if (unlikely(now != this_cpu_read(counts->failures))) {
		/* A hook may interrupt another here: then the two share what is new. */
		n = now - this_cpu_xchg(counts->failures, now);
		if (this_cpu_read(counts->near))
			this_cpu_add(counts->c.overflow, n);
		else
			this_cpu_add(counts->c.out_of_memory, n);
	}
	this_cpu_write(counts->near, twscope_netns_is_near_limit(net));
}

/**
 * twscope_counters_read() - what was observed in a namespace
 * @net: the namespace, which the caller keeps from being freed
 * @s: where to
 *
 * Context: process, while counting.
 */
void twscope_counters_read(struct net *net, struct twscope_stats *s)
{
	const struct counters_net *cn = counters_net(net);
	struct twscope_cpu_counts __percpu *counts;

	memset(s, 0, sizeof(*s));
	s->netns = net->ns.inum;
	rcu_read_lock();
	counts = READ_ONCE(cn->counts);
	/* Else there was no memory for them: nothing is known of what was before. */
	if (counts) {
		sum_up(net, counts, &s->c);
		s->before = cn->before;
		s->settled = cn->alike >= SETTLE_ALIKE;
	}
	rcu_read_unlock();
	s->present = twscope_netns_tw_count(net);
}

/**
 * twscope_counters_read_ended() - the same of all namespaces that ended
 * @s: where to
 *
 * Context: process, while counting.
 */
void twscope_counters_read_ended(struct twscope_stats *s)
{
	int cpu;

	memset(s, 0, sizeof(*s));
	for_each_possible_cpu(cpu)
		add_counts(&s->c, &per_cpu_ptr(late_counts, cpu)->c);
	spin_lock(&ended_lock);
	add_counts(&s->c, &ended_counts);
	s->before = ended_before;
	s->settled = !ended_unsettled;
	spin_unlock(&ended_lock);
}
