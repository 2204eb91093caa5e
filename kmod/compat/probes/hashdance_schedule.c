// SPDX-License-Identifier: GPL-2.0
// 6.12: a bucket is hashed and its timer started in one function.
#include <net/inet_timewait_sock.h>

void *probe(void);
void *probe(void)
{
	return inet_twsk_hashdance_schedule;
}
