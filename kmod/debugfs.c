// SPDX-License-Identifier: GPL-2.0
/*
 * The face for people: text for root, over all network namespaces. Its form
 * may change at any time; programs use the netlink family.
 */

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "bucket.h"
#include "census.h"
#include "debugfs.h"
#include "ehash.h"
#include "twsk.h"

static struct dentry *twscope_dir;

/**
 * twscope_debugfs_may_open() - may the caller open a file here
 *
 * The files are of user 0, and so is root in a container that has lost its
 * capabilities, or in a user namespace that does not number users anew. What is
 * asked for over netlink by them is asked for here.
 *
 * Context: process, in an open().
 * Return: 0, or -EPERM.
 */
int twscope_debugfs_may_open(void)
{
	return capable(CAP_NET_ADMIN) ? 0 : -EPERM;
}

/* summary */

static void show_hist(struct seq_file *m, const char *what, const u32 *hist,
		      unsigned int slots)
{
	unsigned int i;

	seq_printf(m, "  %-22s", what);
	for (i = 0; i < slots; i++)
		seq_printf(m, " %u", hist[i]);
	seq_putc(m, '\n');
}

static void show_netns(struct seq_file *m,
		       const struct twscope_netns_summary *ns)
{
	const struct twscope_summary *c = &ns->counts;
	const struct twscope_sysctls *s = &ns->sysctls;

	seq_printf(m, "netns %u%s\n", ns->netns,
		   ns->netns == init_net.ns.inum ? " (initial)" : "");
	seq_printf(m, "  buckets                %u of at most %u, %llu bytes\n",
		   c->total, s->tcp_max_tw_buckets,
		   (unsigned long long)c->total * twscope_twsk_bytes());
	seq_printf(m, "  time-wait              %u\n", c->timewait);
	seq_printf(m, "  fin-wait2              %u\n", c->fin_wait2);
	seq_printf(m, "  ipv4                   %u\n", c->ipv4);
	seq_printf(m, "  ipv6                   %u\n", c->ipv6);
	seq_printf(m, "  ipv4-mapped            %u\n", c->ipv4_mapped);
	seq_printf(m, "  kernel's count         %u before the walk, %u after\n",
		   ns->kernel_count_before, ns->kernel_count);
	seq_printf(m, "  established hash       %u chains, %s\n",
		   ns->ehash_entries, ns->owns_ehash ? "its own" : "shared");
	seq_printf(m, "  tcp_tw_reuse           %u\n", s->tcp_tw_reuse);
	if (s->has_reuse_delay)
		seq_printf(m, "  tcp_tw_reuse_delay     %u\n",
			   s->tcp_tw_reuse_delay);
	seq_printf(m, "  tcp_timestamps         %u\n", s->tcp_timestamps);
	seq_printf(m, "  tcp_fin_timeout        %u\n", s->tcp_fin_timeout);
	seq_printf(m, "  tcp_rfc1337            %u\n", s->tcp_rfc1337);
	seq_printf(m, "  ip_local_port_range    %u %u, %u of them reserved\n",
		   s->ip_local_port_range_min, s->ip_local_port_range_max,
		   s->ip_local_reserved_ports);
	show_hist(m, "by seconds left", c->remaining, ARRAY_SIZE(c->remaining));
	show_hist(m, "closed, seconds ago", c->closes, ARRAY_SIZE(c->closes));
}

/*
 * Both summary and decisions show one census, a namespace at a time, and then
 * those that ended: SEQ_START_TOKEN.
 */
static void *census_start(struct seq_file *m, loff_t *pos)
{
	struct twscope_census *census = m->private;

	if (*pos == census->n)
		return SEQ_START_TOKEN;
	return *pos < census->n ? &census->ns[*pos] : NULL;
}

static void *census_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return census_start(m, pos);
}

static void census_stop(struct seq_file *m, void *v)
{
}

static int summary_show(struct seq_file *m, void *v)
{
	const struct twscope_netns_summary *ns = v;

	if (v != SEQ_START_TOKEN && !ns->gone)
		show_netns(m, ns);
	return 0;
}

static const struct seq_operations summary_sops = {
	.start	= census_start,
	.next	= census_next,
	.stop	= census_stop,
	.show	= summary_show,
};

/* One walk for each open: seq_file shows a part again when its buffer grows. */
static int census_open(struct file *file, const struct seq_operations *sops)
{
	struct twscope_census *census;
	int err;

	err = twscope_debugfs_may_open();
	if (err)
		return err;

	census = twscope_census_take(NULL, NULL, NULL);
	if (IS_ERR(census))
		return PTR_ERR(census);

	err = seq_open(file, sops);
	if (err) {
		twscope_census_free(census);
		return err;
	}
	((struct seq_file *)file->private_data)->private = census;
	return 0;
}

static int census_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	twscope_census_free(m->private);
	return seq_release(inode, file);
}

static int summary_open(struct inode *inode, struct file *file)
{
	return census_open(file, &summary_sops);
}

static const struct file_operations summary_fops = {
	.owner		= THIS_MODULE,
	.open		= summary_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= census_release,
};

/* decisions */

/* By enum twscope_verdict. */
static const char * const verdict_names[] = {
	[TWSCOPE_VERDICT_UNKNOWN]	= "unknown",
	[TWSCOPE_VERDICT_REUSABLE]	= "reusable",
	[TWSCOPE_VERDICT_TOO_YOUNG]	= "too-young",
	[TWSCOPE_VERDICT_DISABLED]	= "disabled",
	[TWSCOPE_VERDICT_NOT_LOOPBACK]	= "not-loopback",
	[TWSCOPE_VERDICT_FIN_WAIT2]	= "fin-wait2",
	[TWSCOPE_VERDICT_NO_TIMESTAMP]	= "no-timestamp",
	[TWSCOPE_VERDICT_BIND_BLOCKED]	= "bind-blocked",
	[TWSCOPE_VERDICT_NOT_SEARCHED]	= "not-searched",
};

static int decisions_show(struct seq_file *m, void *v)
{
	const struct twscope_netns_summary *ns = v;
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(verdict_names) != TWSCOPE_N_VERDICTS);

	if (v == SEQ_START_TOKEN) {
		twscope_debugfs_observed_ended(m);
		return 0;
	}
	if (ns->gone)
		return 0;

	seq_printf(m, "netns %u%s\n", ns->netns,
		   ns->netns == init_net.ns.inum ? " (initial)" : "");
	seq_printf(m, "  %-22s %10s %10s\n", "connect() would find",
		   "searching", "bound");
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		seq_printf(m, "  %-22s %10u %10u\n", verdict_names[i],
			   ns->verdicts.now[i], ns->verdicts.bound[i]);
	show_hist(m, "too-young, by log2 ms", ns->verdicts.wait,
		  ARRAY_SIZE(ns->verdicts.wait));
	twscope_debugfs_observed(m, ns->id);
	return 0;
}

static const struct seq_operations decisions_sops = {
	.start	= census_start,
	.next	= census_next,
	.stop	= census_stop,
	.show	= decisions_show,
};

static int decisions_open(struct inode *inode, struct file *file)
{
	return census_open(file, &decisions_sops);
}

static const struct file_operations decisions_fops = {
	.owner		= THIS_MODULE,
	.open		= decisions_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= census_release,
};

/* buckets */

/**
 * struct buckets_read - a file descriptor that reads the buckets
 * @walk: where the walk is
 * @pos: the position in the file of the bucket the walk is at; the heading is 0
 *
 * seq_file asks for a position again and again, a walk only goes on: as long as
 * the positions do too, nothing is walked twice.
 */
struct buckets_read {
	struct twscope_walk	walk;
	loff_t			pos;
};

static int buckets_rewind(struct buckets_read *r)
{
	twscope_walk_free(&r->walk);
	r->pos = 1;
	return twscope_walk_init(&r->walk, NULL);
}

static void *buckets_seek(struct buckets_read *r, loff_t pos)
{
	const struct twscope_bucket *b;

	while (!IS_ERR_OR_NULL(b = twscope_walk_peek(&r->walk)) && r->pos < pos) {
		twscope_walk_advance(&r->walk);
		r->pos++;
	}
	return (void *)b;
}

/* Positions go back to the heading only, and that begins a new walk. */
static void *buckets_start(struct seq_file *m, loff_t *pos)
{
	struct buckets_read *r = m->private;
	int err;

	if (*pos)
		return buckets_seek(r, *pos);

	err = buckets_rewind(r);
	return err ? ERR_PTR(err) : SEQ_START_TOKEN;
}

static void *buckets_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return buckets_seek(m->private, *pos);
}

static void buckets_stop(struct seq_file *m, void *v)
{
}

static const char *substate_name(u8 substate)
{
	return substate == TWSCOPE_SUBSTATE_FIN_WAIT2 ? "fin-wait2" : "time-wait";
}

static void show_endpoint(struct seq_file *m, const struct twscope_bucket *b,
			  const struct in6_addr *addr, u16 port)
{
	/* [8 groups of 4 digits]:65535, and a space */
	char buf[48];

	if (b->family == AF_INET)
		snprintf(buf, sizeof(buf), "%pI4:%u", &addr->s6_addr32[3], port);
	else
		snprintf(buf, sizeof(buf), "[%pI6c]:%u", addr, port);
	seq_printf(m, " %-27s", buf);
}

static int buckets_show(struct seq_file *m, void *v)
{
	const struct twscope_bucket *b = v;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "%-10s %-9s %9s %9s %-27s %-27s %s\n", "netns",
			   "substate", "left_ms", "age_ms", "local", "remote",
			   "ts_recent");
		return 0;
	}

	seq_printf(m, "%-10u %-9s %9u", b->netns, substate_name(b->substate),
		   b->remaining_ms);
	if (b->has_age)
		seq_printf(m, " %9d", max(b->age_ms, 0));
	else
		seq_printf(m, " %9s", "-");
	show_endpoint(m, b, &b->local, b->local_port);
	show_endpoint(m, b, &b->remote, b->remote_port);
	if (b->has_ts)
		seq_printf(m, " %u\n", b->ts_recent);
	else
		seq_puts(m, " -\n");
	return 0;
}

static const struct seq_operations buckets_sops = {
	.start	= buckets_start,
	.next	= buckets_next,
	.stop	= buckets_stop,
	.show	= buckets_show,
};

static int buckets_open(struct inode *inode, struct file *file)
{
	int err = twscope_debugfs_may_open();

	if (err)
		return err;
	return seq_open_private(file, &buckets_sops, sizeof(struct buckets_read));
}

static int buckets_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct buckets_read *r = m->private;

	twscope_walk_free(&r->walk);
	return seq_release_private(inode, file);
}

static const struct file_operations buckets_fops = {
	.owner		= THIS_MODULE,
	.open		= buckets_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= buckets_release,
};

/**
 * twscope_debugfs_init() - make the files
 *
 * A kernel without debugfs, or one locked down, is no reason to fail: what the
 * files tell can be had over netlink.
 *
 * Context: process.
 */
void __init twscope_debugfs_init(void)
{
	twscope_dir = debugfs_create_dir("twscope", NULL);
	debugfs_create_file("summary", 0400, twscope_dir, NULL, &summary_fops);
	debugfs_create_file("decisions", 0400, twscope_dir, NULL, &decisions_fops);
	debugfs_create_file("buckets", 0400, twscope_dir, NULL, &buckets_fops);
	debugfs_create_file("hooks", 0400, twscope_dir, NULL,
			    &twscope_debugfs_hooks_fops);
}

/**
 * twscope_debugfs_exit() - remove the files, wait for those who read them
 *
 * Context: process.
 */
void twscope_debugfs_exit(void)
{
	debugfs_remove_recursive(twscope_dir);
}
