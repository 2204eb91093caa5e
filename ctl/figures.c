// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

const unsigned int figures_levels[N_FIGURES_LEVELS] = { 50, 80, 95 };

static uint32_t taken(const struct pressure *p)
{
	return p->ports - p->available;
}

/* A range without any port left in it has nothing to give. */
static double taken_ratio(const struct pressure *p)
{
	return p->ports ? (double)taken(p) / p->ports : 1;
}

static double rate_ratio(const struct pressure *p)
{
	if (p->sustained > 0)
		return p->rate / p->sustained;
	return p->rate > 0 ? INFINITY : 0;
}

static void add_row(struct figures_pool *pool, const struct pressure_row *r)
{
	const struct pressure *p = &r->now;
	unsigned int i;

	pool->n++;
	for (i = 0; i < N_FIGURES_LEVELS; i++)
		pool->at_level[i] +=
			taken(p) * 100ULL >= (uint64_t)p->ports * figures_levels[i];
	if (!pool->fullest || taken_ratio(p) > pool->taken_ratio) {
		pool->taken_ratio = taken_ratio(p);
		pool->fullest = r;
	}
	if (rate_ratio(p) > pool->rate_ratio)
		pool->rate_ratio = rate_ratio(p);
	if (pressure_foretold(p) && p->exhausted_s < pool->exhausted_s) {
		pool->exhausted_s = p->exhausted_s;
		pool->soonest = r;
	}
}

static void of_summary(const struct tws_summary *s, struct figures *f)
{
	uint32_t range = s->sysctls.ip_local_port_range_max -
			 s->sysctls.ip_local_port_range_min + 1u;
	uint32_t without = s->sysctls.ip_local_reserved_ports +
			   s->bind_blocked_ports;
	unsigned int i;

	f->netns = s->netns;
	f->timewait = s->timewait;
	f->fin_wait2 = s->fin_wait2;
	f->kernel_count = s->kernel_count;
	f->limit = s->limit;
	f->limit_ratio = s->limit ? (double)s->kernel_count / s->limit : 1;
	f->bytes = s->bytes;
	f->ports = range > without ? range - without : 0;
	f->ipv4 = s->ipv4;
	f->ipv6 = s->ipv6;
	f->ipv4_mapped = s->ipv4_mapped;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		f->verdicts[i] = s->verdicts[i];
	f->destinations.exhausted_s = f->bind_pools.exhausted_s = INFINITY;
}

struct figures *figures_of(const struct pressures *p)
{
	struct figures *f = calloc(p->n_summaries + 1, sizeof(*f));
	unsigned int i;

	if (!f)
		return NULL;
	for (i = 0; i < p->n_summaries; i++)
		of_summary(&p->summary[i], &f[i]);
	for (i = 0; i < p->n; i++)
		add_row(&f[p->row[i].summary - p->summary].destinations,
			&p->row[i]);
	for (i = 0; i < p->n_sources; i++)
		if (pressure_binds(&p->source[i].now))
			add_row(&f[p->source[i].summary - p->summary].bind_pools,
				&p->source[i]);
	return f;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static void add_pool(struct figures_pool *sum, const struct figures_pool *p)
{
	unsigned int i;

	sum->n += p->n;
	for (i = 0; i < N_FIGURES_LEVELS; i++)
		sum->at_level[i] += p->at_level[i];
	if (p->fullest && (!sum->fullest || p->taken_ratio > sum->taken_ratio)) {
		sum->taken_ratio = p->taken_ratio;
		sum->fullest = p->fullest;
	}
	sum->rate_ratio = larger(sum->rate_ratio, p->rate_ratio);
	if (p->exhausted_s < sum->exhausted_s) {
		sum->exhausted_s = p->exhausted_s;
		sum->soonest = p->soonest;
	}
}

void figures_add(struct figures *sum, const struct figures *f)
{
	unsigned int i;

	sum->timewait += f->timewait;
	sum->fin_wait2 += f->fin_wait2;
	sum->kernel_count += f->kernel_count;
	sum->limit += f->limit;
	sum->limit_ratio = larger(sum->limit_ratio, f->limit_ratio);
	sum->bytes += f->bytes;
	sum->ports += f->ports;
	sum->ipv4 += f->ipv4;
	sum->ipv6 += f->ipv6;
	sum->ipv4_mapped += f->ipv4_mapped;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		sum->verdicts[i] += f->verdicts[i];
	add_pool(&sum->destinations, &f->destinations);
	add_pool(&sum->bind_pools, &f->bind_pools);
}

static int by_buckets(const void *a, const void *b)
{
	const struct figures *x = a, *y = b;

	if (x->kernel_count != y->kernel_count)
		return x->kernel_count < y->kernel_count ? 1 : -1;
	return x->netns < y->netns ? -1 : x->netns > y->netns;
}

/* Counters have no rest: our own must not get there with the overflow that it has. */
static unsigned int keep_own(struct figures *f, unsigned int n, unsigned int max)
{
	struct figures own;
	unsigned int i = 0;

	while (i < n && !f[i].has_overflow)
		i++;
	if (i == n || i < max)
		return max;
	own = f[i];
	f[i] = f[max];
	f[max] = own;
	return max + 1;
}

unsigned int figures_choose(struct figures *f, unsigned int n, unsigned int max,
			    struct figures *rest)
{
	unsigned int i;

	*rest = (struct figures){
		.destinations.exhausted_s = INFINITY,
		.bind_pools.exhausted_s = INFINITY,
	};
	qsort(f, n, sizeof(*f), by_buckets);
	max = keep_own(f, n, max);
	for (i = max; i < n; i++)
		figures_add(rest, &f[i]);
	return n < max ? n : max;
}
