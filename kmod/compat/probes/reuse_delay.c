// SPDX-License-Identifier: GPL-2.0
// 6.14: the sysctl tcp_tw_reuse_delay.
#include <net/net_namespace.h>

unsigned int probe(struct net *net);
unsigned int probe(struct net *net)
{
	return net->ipv4.sysctl_tcp_tw_reuse_delay;
}
