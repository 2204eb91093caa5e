/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_EHASH_H
#define TWSCOPE_EHASH_H

#include <linux/types.h>

#include "bucket.h"

struct net;
struct twscope_route;

/* A power of two. */
#define TWSCOPE_WALK_AHEAD	16

/**
 * struct twscope_walk - a walk over the buckets, where it is and what it found
 * @net:	only buckets of this namespace; NULL for all of them
 * @netns_id:	our number of @net, 0 without
 * @route:	of @net only what a connect() on this route would meet, full
 *		sockets included; NULL for buckets of all routes
 * @full:	without a route, full sockets as well
 * @brief:	of buckets only what is counted: nothing of segments
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
	bool			brief;
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
const struct twscope_bucket *twscope_walk_refill(struct twscope_walk *walk);

/**
 * twscope_walk_peek() - look at the next bucket, without passing it
 * @walk: the walk
 *
 * Gives way to others between chains.
 *
 * Context: process, may sleep. Takes the lock of one chain at a time, with BH
 * off, and holds none on return.
 * Return: the bucket, valid until the walk is advanced; NULL when the walk is
 * over; ERR_PTR() of -ENOMEM when room was needed for a long chain and not
 * there, of -EINTR when the caller is being killed.
 */
static inline const struct twscope_bucket *
twscope_walk_peek(struct twscope_walk *walk)
{
	if (walk->next < walk->n)
		return &walk->batch[walk->next];
	return twscope_walk_refill(walk);
}

/**
 * twscope_walk_advance() - pass the bucket that twscope_walk_peek() showed
 * @walk: the walk
 *
 * Context: any.
 */
static inline void twscope_walk_advance(struct twscope_walk *walk)
{
	walk->next++;
}

#endif /* TWSCOPE_EHASH_H */
