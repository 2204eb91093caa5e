// SPDX-License-Identifier: GPL-2.0
// 6.1: a network namespace may have an established hash of its own.
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>

unsigned int probe(struct net *net);
unsigned int probe(struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo->pernet +
	       net->ipv4.sysctl_tcp_child_ehash_entries;
}
