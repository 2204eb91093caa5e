// SPDX-License-Identifier: GPL-2.0
/*
 * The yardstick of tests/bench: walks the established hash and counts the buckets of
 * the first namespace, and does nothing else. Reading a file of debugfs' twscope_barewalk
 * walks, and tells how many buckets there were and how many nanoseconds it took.
 *
 * "plain" is what anybody would write. "prefetch" asks for the first sockets of
 * chains to come: no walk can be much faster, for most of the time goes into waiting
 * for memory.
 */

#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/prefetch.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

/* Chains without a chance to reschedule. */
#define CHAINS_AT_ONCE	1024
/* How many chains ahead we ask for: that many misses are under way at a time. */
#define AHEAD		16

static struct dentry *barewalk_dir;

static unsigned int count_chain(struct inet_hashinfo *hashinfo,
				unsigned int chain)
{
	struct inet_ehash_bucket *head = &hashinfo->ehash[chain];
	spinlock_t *lock = inet_ehash_lockp(hashinfo, chain);
	const struct hlist_nulls_node *node;
	unsigned int n = 0;
	struct sock *sk;

	if (hlist_nulls_empty(&head->chain))
		return 0;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &head->chain)
		if (sk->sk_state == TCP_TIME_WAIT &&
		    net_eq(sock_net(sk), &init_net))
			n++;
	spin_unlock_bh(lock);
	return n;
}

/* Its state and its link to the next are in two cache lines. */
static void prefetch_chain(struct inet_hashinfo *hashinfo, unsigned int chain)
{
	const struct hlist_nulls_node *node =
		READ_ONCE(hashinfo->ehash[chain & hashinfo->ehash_mask].chain.first);

	prefetch(node);
	prefetch(hlist_nulls_entry(node, struct sock, sk_nulls_node));
}

static __always_inline unsigned int walk(bool ahead)
{
	struct inet_hashinfo *hashinfo = init_net.ipv4.tcp_death_row.hashinfo;
	unsigned int chain, n = 0;

	for (chain = 0; chain <= hashinfo->ehash_mask; chain++) {
		if (ahead)
			prefetch_chain(hashinfo, chain + AHEAD);
		n += count_chain(hashinfo, chain);
		if (chain % CHAINS_AT_ONCE == 0)
			cond_resched();
	}
	return n;
}

static int plain_show(struct seq_file *m, void *v)
{
	u64 begin = ktime_get_ns();
	unsigned int n = walk(false);

	seq_printf(m, "%u %llu\n", n, ktime_get_ns() - begin);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(plain);

static int prefetch_show(struct seq_file *m, void *v)
{
	u64 begin = ktime_get_ns();
	unsigned int n = walk(true);

	seq_printf(m, "%u %llu\n", n, ktime_get_ns() - begin);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(prefetch);

static int __init barewalk_init(void)
{
	barewalk_dir = debugfs_create_dir("twscope_barewalk", NULL);
	debugfs_create_file("plain", 0400, barewalk_dir, NULL, &plain_fops);
	debugfs_create_file("prefetch", 0400, barewalk_dir, NULL,
			    &prefetch_fops);
	return 0;
}
module_init(barewalk_init);

static void __exit barewalk_exit(void)
{
	debugfs_remove_recursive(barewalk_dir);
}
module_exit(barewalk_exit);

MODULE_DESCRIPTION("a walk that only counts, for comparison");
MODULE_LICENSE("GPL");
