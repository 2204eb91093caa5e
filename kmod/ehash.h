/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_EHASH_H
#define TWSCOPE_EHASH_H

#include <linux/types.h>

struct net;
struct twscope_bucket;
struct twscope_route;

/* A power of two. */
#define TWSCOPE_WALK_AHEAD	32

/**
 * struct twscope_walk - a walk over the buckets, where it is and what it found
 * @net:	only buckets of this namespace; NULL for all of them
 * @netns_id:	our number of @net, 0 without
 * @route:	of @net only what a connect() on this route would meet, full
 *		sockets included; NULL for buckets of all routes
 * @full:	without a route, full sockets as well
 * @owner:	number of the namespace whose own ehash is walked, 0 for @net's
 *		or, without @net, the shared one
 * @chain:	the next chain of that ehash to be looked at
 * @ahead:	chains that had something in them when they were looked at, and are
 *		not copied yet: a ring
 * @first:	the first of them
 * @n_ahead:	how many there are
 * @done:	nothing is left to walk
 * @next:	the next bucket of @batch
 * @n:		buckets in @batch
 * @size:	room in @batch
 * @batch:	buckets found and not yet asked for
 *
 * The walk owns no reference and holds no lock between two calls. The caller
 * keeps @net from being freed, and @route.
 */
struct twscope_walk {
	struct net		*net;
	u64			netns_id;
	const struct twscope_route *route;
	bool			full;
	u64			owner;
	unsigned int		chain;
	unsigned int		ahead[TWSCOPE_WALK_AHEAD];
	unsigned int		first;
	unsigned int		n_ahead;
	bool			done;
	unsigned int		next;
	unsigned int		n;
	unsigned int		size;
	struct twscope_bucket	*batch;
};

/* ehash.c */
int twscope_walk_init(struct twscope_walk *walk, struct net *net);
void twscope_walk_free(struct twscope_walk *walk);
const struct twscope_bucket *twscope_walk_peek(struct twscope_walk *walk);
void twscope_walk_advance(struct twscope_walk *walk);

#endif /* TWSCOPE_EHASH_H */
