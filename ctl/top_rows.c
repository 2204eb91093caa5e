// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "top_rows.h"
#include "verdicts.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* destinations and pools */

bool top_rows_make(struct top_rows *rows, const struct pressures *p)
{
	unsigned int i;

	rows->n = 0;
	rows->row = calloc(p->n + p->n_sources + 1, sizeof(*rows->row));
	if (!rows->row)
		return false;
	for (i = 0; i < p->n; i++)
		rows->row[rows->n++].of = &p->row[i];
	for (i = 0; i < p->n_sources; i++) {
		rows->row[rows->n].pool = true;
		rows->row[rows->n++].of = &p->source[i];
	}
	return true;
}

/* By what tells two of them apart; of a pool that is source and device. */
static int by_ends(const struct tws_group *a, const struct tws_group *b, bool pool)
{
	int c = pool ? 0 : COMPARE(a->remote_family, b->remote_family);

	if (!c && !pool)
		c = memcmp(a->remote, b->remote, sizeof(a->remote));
	if (!c && !pool)
		c = COMPARE(a->remote_port, b->remote_port);
	if (!c)
		c = COMPARE(a->local_family, b->local_family);
	if (!c)
		c = memcmp(a->local, b->local, sizeof(a->local));
	if (!c)
		c = COMPARE(a->ifindex, b->ifindex);
	return c ? c : COMPARE(a->netns, b->netns);
}

/* What takes most of its ports first, however it is with the rest. */
static int by_share(const struct pressure *a, const struct pressure *b)
{
	uint64_t x = (uint64_t)(a->ports - a->available) * b->ports;
	uint64_t y = (uint64_t)(b->ports - b->available) * a->ports;

	return COMPARE(y, x);
}

static int by_outlook(const struct pressure *a, const struct pressure *b)
{
	/* never comes last, and is negative */
	if ((a->exhausted_s < 0) != (b->exhausted_s < 0))
		return a->exhausted_s < 0 ? 1 : -1;
	if (a->exhausted_s < 0)
		return 0;
	return COMPARE(a->exhausted_s, b->exhausted_s);
}

static int compare(const struct top_row *a, const struct top_row *b,
		   enum top_order order)
{
	const struct pressure *x = &a->of->now, *y = &b->of->now;
	int c = 0;

	if (order == TOP_BY_RATE)
		c = COMPARE(y->rate, x->rate);
	if (order == TOP_BY_OUTLOOK)
		c = by_outlook(x, y);
	if (order == TOP_BY_HELD)
		c = COMPARE(y->in_use + y->waiting, x->in_use + x->waiting);
	if (!c && order != TOP_BY_ADDRESS)
		c = by_share(x, y);
	if (!c)
		c = COMPARE(a->pool, b->pool);
	return c ? c : by_ends(a->of->group, b->of->group, a->pool);
}

#define ORDERED(name, order) \
static int name(const void *a, const void *b) { return compare(a, b, order); }

ORDERED(compare_held, TOP_BY_HELD)
ORDERED(compare_rate, TOP_BY_RATE)
ORDERED(compare_outlook, TOP_BY_OUTLOOK)
ORDERED(compare_address, TOP_BY_ADDRESS)

void top_rows_sort(struct top_rows *rows, enum top_order order)
{
	static int (*const by[TOP_N_ORDERS])(const void *, const void *) = {
		[TOP_BY_HELD] = compare_held, [TOP_BY_RATE] = compare_rate,
		[TOP_BY_OUTLOOK] = compare_outlook,
		[TOP_BY_ADDRESS] = compare_address,
	};

	qsort(rows->row, rows->n, sizeof(*rows->row), by[order]);
}

unsigned int top_rows_find(const struct top_rows *rows, const struct tws_group *g,
			   bool pool)
{
	unsigned int i;

	for (i = 0; i < rows->n; i++)
		if (rows->row[i].pool == pool &&
		    !by_ends(rows->row[i].of->group, g, pool))
			break;
	return i;
}

/* buckets */

static int by_tuple(const struct tws_bucket *a, const struct tws_bucket *b)
{
	int c = COMPARE(a->local_port, b->local_port);

	if (!c)
		c = COMPARE(a->remote_port, b->remote_port);
	if (!c)
		c = COMPARE(a->family, b->family);
	if (!c)
		c = memcmp(a->local, b->local, sizeof(a->local));
	if (!c)
		c = memcmp(a->remote, b->remote, sizeof(a->remote));
	if (!c)
		c = COMPARE(a->ifindex, b->ifindex);
	return c ? c : COMPARE(a->netns, b->netns);
}

/* Its place in verdict_order[]; what only a newer module knows comes last. */
static unsigned int rank(uint32_t verdict)
{
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		if (verdict_order[i] == verdict)
			break;
	return i;
}

static int compare_end(const void *x, const void *y)
{
	const struct tws_bucket *a = x, *b = y;
	int c = COMPARE(a->remaining_ms, b->remaining_ms);

	return c ? c : by_tuple(a, b);
}

static int compare_begin(const void *x, const void *y)
{
	return compare_end(y, x);
}

static int compare_verdict(const void *x, const void *y)
{
	const struct tws_bucket *a = x, *b = y;
	int c = COMPARE(rank(a->verdict), rank(b->verdict));

	if (!c)
		c = COMPARE(a->wait_ms, b->wait_ms);
	return c ? c : compare_end(a, b);
}

static int compare_port(const void *x, const void *y)
{
	return by_tuple(x, y);
}

static void keep_first(struct top_buckets *b)
{
	static int (*const by[TOP_N_BUCKET_ORDERS])(const void *, const void *) = {
		[TOP_BY_END] = compare_end, [TOP_BY_BEGIN] = compare_begin,
		[TOP_BY_VERDICT] = compare_verdict, [TOP_BY_PORT] = compare_port,
	};

	if (!b->n)
		return;
	qsort(b->row, b->n, sizeof(*b->row), by[b->order]);
	if (b->n > TOP_MAX_BUCKETS)
		b->n = TOP_MAX_BUCKETS;
}

bool top_buckets_add(struct top_buckets *b, const struct tws_bucket *bucket)
{
	if (!b->row)
		b->row = malloc(2 * TOP_MAX_BUCKETS * sizeof(*b->row));
	if (!b->row)
		return false;
	b->row[b->n++] = *bucket;
	b->seen++;
	/* sorted once for as many as are kept: little for each */
	if (b->n == 2 * TOP_MAX_BUCKETS)
		keep_first(b);
	return true;
}

void top_buckets_sort(struct top_buckets *b, enum top_bucket_order order)
{
	b->order = order;
	keep_first(b);
}

bool top_bucket_same(const struct tws_bucket *a, const struct tws_bucket *b)
{
	return !by_tuple(a, b);
}

unsigned int top_buckets_find(const struct top_buckets *b,
			      const struct tws_bucket *bucket)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		if (top_bucket_same(&b->row[i], bucket))
			break;
	return i;
}

void top_buckets_free(struct top_buckets *b)
{
	free(b->row);
	memset(b, 0, sizeof(*b));
}
