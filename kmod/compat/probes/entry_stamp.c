// SPDX-License-Identifier: GPL-2.0
// 6.14: a bucket carries its time of entry.
#include <net/tcp.h>

u32 probe(const struct inet_timewait_sock *tw);
u32 probe(const struct inet_timewait_sock *tw)
{
	return (u32)tcp_clock_ms() - tw->tw_entry_stamp;
}
