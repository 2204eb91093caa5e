// SPDX-License-Identifier: GPL-2.0
#include "churn.h"

static uint64_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* The largest of the @n newest slots: buckets per second, seen generously. */
static uint64_t highest(const struct tws_hist *h, unsigned int n)
{
	uint64_t max = 0;
	unsigned int i;

	for (i = 0; i < n && i < h->n; i++)
		if (h->slot[i] > max)
			max = h->slot[i];
	return max;
}

uint64_t churn_allowed(const struct tws_summary *s, unsigned int cpus)
{
	uint64_t per_second, moved;

	/*
	 * Closes that replaced a bucket that ended leave the counter where it
	 * was, so its own movement is not all there is.
	 */
	per_second = highest(&s->closes, 3) + highest(&s->remaining, 2);
	moved = per_second * (s->walk_us / 1000000) +
		(per_second * (s->walk_us % 1000000) + 999999) / 1000000;
	/*
	 * A processor counts a bucket before it puts it into the hash, and
	 * takes it out before it ceases to count it: one of each at a time.
	 */
	return distance(s->kernel_count, s->kernel_count_before) + moved +
	       2 * (uint64_t)cpus;
}

uint64_t churn_difference(const struct tws_summary *s)
{
	return distance(s->total, s->kernel_count);
}
