/* SPDX-License-Identifier: GPL-2.0 */
/* The rows of the live screen: who takes ports, and the buckets of one of them. */
#ifndef TWCTL_TOP_ROWS_H
#define TWCTL_TOP_ROWS_H

#include "pressures.h"
#include "top_state.h"

/* A destination, or a pool of bind(); of pressures, which it leads into. */
struct top_row {
	const struct pressure_row *of;
	bool pool;
};

struct top_rows {
	unsigned int n;
	struct top_row *row;
};

/* Those of @p. False where memory is short. To be freed with free(rows->row). */
bool top_rows_make(struct top_rows *rows, const struct pressures *p);
void top_rows_sort(struct top_rows *rows, enum top_order order);
/* Which is of the same ends as @g; rows->n for none. */
unsigned int top_rows_find(const struct top_rows *rows, const struct tws_group *g,
			   bool pool);

/* Of a million buckets these are kept. */
#define TOP_MAX_BUCKETS 4096

struct top_buckets {
	enum top_bucket_order order;
	/* as many as there were, and those that are kept: the first by the order */
	uint64_t seen;
	unsigned int n;
	struct tws_bucket *row;
};

/* @b is all zero but for the order. False where memory is short. */
bool top_buckets_add(struct top_buckets *b, const struct tws_bucket *bucket);
/* After the last one, or with another order. */
void top_buckets_sort(struct top_buckets *b, enum top_bucket_order order);
/* Which is between the same ends; b->n for none. */
unsigned int top_buckets_find(const struct top_buckets *b,
			      const struct tws_bucket *bucket);
bool top_bucket_same(const struct tws_bucket *a, const struct tws_bucket *b);
void top_buckets_free(struct top_buckets *b);

#endif /* TWCTL_TOP_ROWS_H */
