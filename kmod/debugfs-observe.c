// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/twscope: what was observed, and the hooks.
 */

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <uapi/linux/twscope.h>

#include "counters.h"
#include "debugfs.h"
#include "hooks.h"
#include "names.h"
#include "netns.h"
#include "observe.h"

#undef NAME
#undef LAST
#define NAME(number, name)	[number] = name,
#define LAST(number, name)	[number] = name

static const char * const decision_names[TWSCOPE_N_DECISIONS] = {
	TWSCOPE_NAMES_OF_DECISIONS
};

static const char * const cause_names[TWSCOPE_N_CAUSES] = {
	TWSCOPE_NAMES_OF_CAUSES
};

static void show_count(struct seq_file *m, const char *what, u64 n)
{
	seq_printf(m, "  %-26s %10llu\n", what, n);
}

/* Names mean something by what stands above them, so those are set in. */
static void show_counts(struct seq_file *m, const char *heading,
			const char * const *names, const unsigned long *counts,
			unsigned int n)
{
	unsigned int i;

	seq_printf(m, "  %s\n", heading);
	for (i = 0; i < n; i++)
		if (counts[i])
			seq_printf(m, "    %-24s %10lu\n", names[i], counts[i]);
}

static void show_stats(struct seq_file *m, const struct twscope_stats *s)
{
	const struct twscope_counts *c = &s->c;
	u64 missed = twscope_hooks_missed();

	seq_printf(m, "  observed for %llu ms\n", twscope_observe_since_ms());
	if (missed)
		seq_printf(m, "  INCOMPLETE: hooks could not run %llu times\n",
			   missed);
	seq_printf(m, "  %-26s %10lld%s\n", "before", s->before,
		   s->settled ? "" : " or so");
	show_count(m, "created in time-wait", c->created_time_wait);
	show_count(m, "created in fin-wait2", c->created_fin_wait2);
	show_count(m, "present, kernel's count", s->present);
	show_count(m, "overflow", c->overflow);
	show_count(m, "out of memory", c->out_of_memory);
	show_count(m, "restarted", c->restarted);
	show_count(m, "segments", c->segments);
	show_count(m, "answered", c->answered);
	show_count(m, "verdict mismatch", c->verdict_mismatch);
	show_count(m, "verdict boundary", c->verdict_boundary);
	show_count(m, "segment mismatch", c->segment_mismatch);
	show_counts(m, "ended by", cause_names, c->ended, TWSCOPE_N_CAUSES);
	show_counts(m, "decided", decision_names, c->decisions,
		    TWSCOPE_N_DECISIONS);
}

/**
 * twscope_debugfs_observed() - show what was observed in a namespace
 * @m: where to
 * @netns_id: our number of the namespace
 *
 * Nothing while the hooks are off, or when the namespace is gone.
 *
 * Context: process, may sleep.
 */
void twscope_debugfs_observed(struct seq_file *m, u64 netns_id)
{
	struct twscope_stats s;
	const struct net *net;

	if (!twscope_observe_hold())
		return;
	rcu_read_lock();
	net = twscope_netns_of(netns_id);
	if (net)
		twscope_counters_read((struct net *)net, &s);
	rcu_read_unlock();
	if (net)
		show_stats(m, &s);
	twscope_observe_release();
}

/**
 * twscope_debugfs_observed_ended() - the same of the namespaces that ended
 * @m: where to
 *
 * Context: process, may sleep.
 */
void twscope_debugfs_observed_ended(struct seq_file *m)
{
	struct twscope_stats s;

	if (!twscope_observe_hold())
		return;
	twscope_counters_read_ended(&s);
	seq_puts(m, "namespaces that ended\n");
	show_stats(m, &s);
	twscope_observe_release();
}

/* By enum twscope_mechanism. */
static const char * const mechanism_names[] = {
	[TWSCOPE_MECHANISM_FTRACE]	= "ftrace",
	[TWSCOPE_MECHANISM_KPROBE]	= "kprobe",
	[TWSCOPE_MECHANISM_KRETPROBE]	= "kretprobe",
};

static int hooks_show(struct seq_file *m, void *v)
{
	struct twscope_hook_state s;
	unsigned int i;

	if (!twscope_observe_hold()) {
		seq_puts(m, "off\n");
		return 0;
	}
	seq_printf(m, "%-30s %-10s %12s %10s\n", "symbol", "mechanism", "hits",
		   "missed");
	for (i = 0; i < TWSCOPE_N_HOOKS; i++) {
		if (!twscope_hooks_has(i))
			continue;
		twscope_hooks_state(i, &s);
		seq_printf(m, "%-30s %-10s %12llu %10llu\n", s.symbol,
			   mechanism_names[s.mechanism], s.hits, s.missed);
	}
	twscope_observe_release();
	return 0;
}

static int hooks_open(struct inode *inode, struct file *file)
{
	int err = twscope_debugfs_may_open();

	if (err)
		return err;
	return single_open(file, hooks_show, NULL);
}

const struct file_operations twscope_debugfs_hooks_fops = {
	.owner		= THIS_MODULE,
	.open		= hooks_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= single_release,
};
