// SPDX-License-Identifier: GPL-2.0
// Must not compile.
#include <net/tcp.h>

int nonsense(const struct tcp_timewait_sock *tw);
int nonsense(const struct tcp_timewait_sock *tw)
{
	return tw->no_kernel_ever_had_this_field;
}
