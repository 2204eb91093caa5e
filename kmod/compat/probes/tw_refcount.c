// SPDX-License-Identifier: GPL-2.0
// 6.1: the death row counts with a refcount_t that starts at 1.
#include <net/net_namespace.h>

unsigned int probe(struct net *net);
unsigned int probe(struct net *net)
{
	return refcount_read(&net->ipv4.tcp_death_row.tw_refcount);
}
