/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_NETNS_H
#define TWSCOPE_NETNS_H

#include <linux/types.h>

struct inet_hashinfo;
struct net;

/*
 * What governs TIME_WAIT and ports in a namespace: sysctls, each under its own
 * name and in the unit in which /proc/sys shows it. Two of them not every
 * kernel has, which the flags tell. ip_local_reserved_ports is how many ports
 * inside the local port range are reserved.
 */
struct twscope_sysctls {
	u32	tcp_tw_reuse;
	u32	tcp_tw_reuse_delay;
	u32	tcp_timestamps;
	u32	tcp_max_tw_buckets;
	u32	tcp_fin_timeout;
	u32	tcp_rfc1337;
	u32	tcp_invalid_ratelimit;
	u32	tcp_child_ehash_entries;
	u32	ip_local_reserved_ports;
	u32	ip_autobind_reuse;
	u16	ip_local_port_range_min;
	u16	ip_local_port_range_max;
	bool	has_reuse_delay;
	bool	has_child_ehash;
};

/* netns.c */
int twscope_netns_init(void);
void twscope_netns_exit(void);
u64 twscope_netns_id(const struct net *net);
struct inet_hashinfo *twscope_netns_shared_ehash(void);
struct inet_hashinfo *twscope_netns_ehash(const struct net *net);
bool twscope_netns_owns_ehash(const struct net *net);
u64 twscope_netns_next_ehash(u64 after);
u64 twscope_netns_next(u64 after);
const struct net *twscope_netns_after(u64 after);
const struct net *twscope_netns_of(u64 id);
bool twscope_netns_is_listed(const struct net *net);
u32 twscope_netns_tw_count(const struct net *net);
bool twscope_netns_is_near_limit(const struct net *net);
const unsigned long *twscope_netns_reserved_ports(const struct net *net);
void twscope_netns_sysctls(struct net *net, struct twscope_sysctls *s);

#endif /* TWSCOPE_NETNS_H */
