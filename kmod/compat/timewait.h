/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COMPAT_TIMEWAIT_H
#define TWSCOPE_COMPAT_TIMEWAIT_H

#include <linux/version.h>
#include <generated/utsrelease.h> /* UTS_UBUNTU_RELEASE_ABI */
#include <net/inet_hashtables.h>
#include <net/l3mdev.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <uapi/linux/twscope.h>

#include "compat/features.h"

/* What of enum twscope_feature the probes found. */
static inline u32 twscope_compat_features(void)
{
	u32 set = 0;

#ifdef TWSCOPE_HAVE_ENTRY_STAMP
	set |= TWSCOPE_FEATURE_ENTRY_STAMP;
#endif
#ifdef TWSCOPE_HAVE_PERNET_EHASH
	set |= TWSCOPE_FEATURE_PERNET_EHASH;
#endif
#ifdef TWSCOPE_HAVE_REUSE_DELAY
	set |= TWSCOPE_FEATURE_REUSE_DELAY;
#endif
#ifdef TWSCOPE_HAVE_USEC_TS
	set |= TWSCOPE_FEATURE_USEC_TS;
#endif
	return set;
}

static inline u32 twscope_compat_version(void)
{
	return LINUX_VERSION_CODE;
}

/* Is this a stable release of major.minor, from major.minor.first on. */
static inline bool twscope_compat_is_stable(u32 major, u32 minor, u32 first)
{
	return twscope_compat_version() >= KERNEL_VERSION(major, minor, first) &&
	       twscope_compat_version() < KERNEL_VERSION(major, minor + 1, 0);
}

/*
 * That a bucket in FIN_WAIT2 is not reused came with 6.12 and with the stable
 * releases of October 2024 ("tcp: avoid reusing FIN_WAIT2 when trying to find
 * port in connect() process"). It changed a function's body, of which headers
 * show nothing: the one thing here that a version has to tell. What a
 * distributor took over into a kernel of its own numbers, no version tells.
 */
static inline bool twscope_compat_has_fin_wait2_rule(void)
{
	return twscope_compat_version() >= KERNEL_VERSION(6, 12, 0) ||
	       twscope_compat_is_stable(6, 11, 3) ||
	       twscope_compat_is_stable(6, 10, 14) ||
	       twscope_compat_is_stable(6, 6, 55) ||
	       twscope_compat_is_stable(6, 1, 113) ||
	       twscope_compat_is_stable(5, 15, 168) ||
	       twscope_compat_is_stable(5, 10, 227);
}

/* Kernels whose version does not tell what is in them. */
static inline bool twscope_compat_is_distributors(void)
{
#if defined(RHEL_RELEASE_CODE) || defined(UTS_UBUNTU_RELEASE_ABI) || \
	defined(CONFIG_SUSE_KERNEL)
	return true;
#else
	return false;
#endif
}

/* Up to here the rules were compared with what connect() does. */
#define TWSCOPE_FIRST_UNKNOWN	KERNEL_VERSION(7, 4, 0)

/* By which rules the kernel reuses: enum twscope_rules. */
static inline u8 twscope_compat_rules(void)
{
	if (twscope_compat_version() >= TWSCOPE_FIRST_UNKNOWN)
		return TWSCOPE_RULES_UNKNOWN;
#if defined(TWSCOPE_HAVE_ENTRY_STAMP) && defined(TWSCOPE_HAVE_REUSE_DELAY)
	return TWSCOPE_RULES_ENTRY_DELAY;
#elif defined(TWSCOPE_HAVE_ENTRY_STAMP) || defined(TWSCOPE_HAVE_REUSE_DELAY)
	/* They came in one commit. */
	return TWSCOPE_RULES_UNKNOWN;
#else
	if (twscope_compat_version() < KERNEL_VERSION(6, 12, 0) &&
	    twscope_compat_is_distributors())
		return TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN;
	if (twscope_compat_has_fin_wait2_rule())
		return TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2;
	return TWSCOPE_RULES_SECONDS;
#endif
}

/* Seconds after which PAWS believes any timestamp. */
static inline u32 twscope_compat_paws_wrap_s(void)
{
#ifdef TCP_PAWS_WRAP
	return TCP_PAWS_WRAP;
#else
	return TCP_PAWS_24DAYS;
#endif
}

/* The L3 master device under which a socket bound to @ifindex binds its port. */
static inline u32 twscope_compat_l3mdev(struct net *net, int ifindex)
{
#ifdef CONFIG_NET_L3_MASTER_DEV
	if (!READ_ONCE(net->ipv4.sysctl_tcp_l3mdev_accept))
		return l3mdev_master_ifindex_by_index(net, ifindex);
#endif
	return 0;
}

/* Buckets alive or about to be, as the limit sees them. */
static inline u32 twscope_compat_tw_count(const struct net *net)
{
#ifdef TWSCOPE_HAVE_TW_REFCOUNT
	return refcount_read(&net->ipv4.tcp_death_row.tw_refcount) - 1;
#else
	return atomic_read(&net->ipv4.tcp_death_row.tw_count);
#endif
}

/* The clock of the stamp of entry, in milliseconds. */
static inline u32 twscope_compat_entry_clock(void)
{
#ifdef TWSCOPE_HAVE_ENTRY_STAMP
	return tcp_clock_ms();
#else
	return 0;
#endif
}

/* False where the kernel keeps no stamp of entry. */
static inline bool
twscope_compat_entry_stamp(const struct inet_timewait_sock *tw, u32 *stamp)
{
#ifdef TWSCOPE_HAVE_ENTRY_STAMP
	*stamp = READ_ONCE(tw->tw_entry_stamp);
	return true;
#else
	return false;
#endif
}

/* False where the kernel has no such sysctl. */
static inline bool twscope_compat_reuse_delay(const struct net *net, u32 *ms)
{
#ifdef TWSCOPE_HAVE_REUSE_DELAY
	*ms = READ_ONCE(net->ipv4.sysctl_tcp_tw_reuse_delay);
	return true;
#else
	*ms = 0;
	return false;
#endif
}

/* False where the kernel has no such sysctl. */
static inline bool twscope_compat_child_ehash(const struct net *net, u32 *n)
{
#ifdef TWSCOPE_HAVE_PERNET_EHASH
	*n = READ_ONCE(net->ipv4.sysctl_tcp_child_ehash_entries);
	return true;
#else
	*n = 0;
	return false;
#endif
}

#endif /* TWSCOPE_COMPAT_TIMEWAIT_H */
