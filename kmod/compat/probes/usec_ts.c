// SPDX-License-Identifier: GPL-2.0
// 6.7: a bucket may use microsecond timestamps.
#include <net/inet_timewait_sock.h>

int probe(const struct inet_timewait_sock *tw);
int probe(const struct inet_timewait_sock *tw)
{
	return tw->tw_usec_ts;
}
