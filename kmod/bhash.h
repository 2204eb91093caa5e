/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_BHASH_H
#define TWSCOPE_BHASH_H

#include <linux/types.h>

struct net;

/**
 * typedef twscope_bhash_fn - is told of a port that the search passes by
 * @net:	its namespace, to be compared and never to be followed: a socket of
 *		the kernel's own may outlive it
 * @l3mdev:	L3 master device under which it is bound, 0 for none
 * @port:	the port
 * @ctx:	as given
 *
 * Called under the lock of a chain, with BH off.
 */
typedef void twscope_bhash_fn(const struct net *net, u32 l3mdev, u16 port,
			      void *ctx);

/* bhash.c */
int twscope_bhash_each_blocked(const struct net *net, twscope_bhash_fn *fn,
			       void *ctx);
bool twscope_bhash_is_blocked(const struct net *net, u32 l3mdev, u16 port);

#endif /* TWSCOPE_BHASH_H */
