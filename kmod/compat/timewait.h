/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COMPAT_TIMEWAIT_H
#define TWSCOPE_COMPAT_TIMEWAIT_H

#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <uapi/linux/twscope.h>

#include "compat/features.h"

/* They came in one commit: one without the other is a probe gone wrong. */
#if defined(TWSCOPE_HAVE_ENTRY_STAMP) != defined(TWSCOPE_HAVE_REUSE_DELAY)
#error "one of tw_entry_stamp and tcp_tw_reuse_delay without the other: unknown kernel"
#endif

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

/* Buckets alive or about to be, as the limit sees them. */
static inline u32 twscope_compat_tw_count(struct net *net)
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
twscope_compat_entry_age(const struct inet_timewait_sock *tw, u32 now,
			 u32 *age_ms)
{
#ifdef TWSCOPE_HAVE_ENTRY_STAMP
	s32 age = now - READ_ONCE(tw->tw_entry_stamp);

	*age_ms = age > 0 ? age : 0;
	return true;
#else
	*age_ms = 0;
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
