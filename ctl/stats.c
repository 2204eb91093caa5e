// SPDX-License-Identifier: GPL-2.0
#include "decisions.h"
#include "stats.h"

/* The numbers that only grow, but those in arrays. */
static const size_t growing[] = {
	offsetof(struct tws_stats, created_time_wait),
	offsetof(struct tws_stats, created_fin_wait2),
	offsetof(struct tws_stats, overflow),
	offsetof(struct tws_stats, out_of_memory),
	offsetof(struct tws_stats, restarted),
	offsetof(struct tws_stats, segments),
	offsetof(struct tws_stats, answered),
	offsetof(struct tws_stats, segment_mismatch),
	offsetof(struct tws_stats, verdict_mismatch),
	offsetof(struct tws_stats, verdict_boundary),
};

static uint64_t *field(struct tws_stats *s, size_t i)
{
	return (uint64_t *)((char *)s + growing[i]);
}

static uint64_t value(const struct tws_stats *s, size_t i)
{
	return *(const uint64_t *)((const char *)s + growing[i]);
}

uint64_t counts_get(const struct tws_counts *c, unsigned int i)
{
	return i < c->n ? c->v[i] : 0;
}

static bool any(uint32_t i)
{
	(void)i;
	return true;
}

static uint64_t sum_of(const struct tws_counts *c, bool (*is)(uint32_t))
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < c->n; i++)
		if (is(i))
			sum += c->v[i];
	return sum;
}

uint64_t counts_sum(const struct tws_counts *c)
{
	return sum_of(c, any);
}

uint64_t stats_created(const struct tws_stats *s)
{
	return s->created_time_wait + s->created_fin_wait2;
}

uint64_t stats_ended(const struct tws_stats *s)
{
	return counts_sum(&s->ended);
}

uint64_t stats_connects(const struct tws_stats *s)
{
	return sum_of(&s->decisions, decision_on_connect);
}

uint64_t stats_reused(const struct tws_stats *s)
{
	return sum_of(&s->decisions, decision_reused);
}

uint64_t stats_refused(const struct tws_stats *s)
{
	return sum_of(&s->decisions, decision_refused);
}

void stats_ends(const struct tws_stats *s, struct stats_ends *e)
{
	const struct tws_counts *c = &s->ended;

	e->timer = counts_get(c, TWSCOPE_CAUSE_TIMER);
	e->reuse = counts_get(c, TWSCOPE_CAUSE_ACTIVE_REUSE) +
		   counts_get(c, TWSCOPE_CAUSE_BOUND_REUSE);
	e->syn = counts_get(c, TWSCOPE_CAUSE_PASSIVE_SYN);
	e->rst = counts_get(c, TWSCOPE_CAUSE_RST) +
		 counts_get(c, TWSCOPE_CAUSE_FIN_WAIT2_DATA);
	e->other = counts_sum(c) - e->timer - e->reuse - e->syn - e->rst;
}

uint64_t stats_on_segments(const struct tws_stats *s)
{
	return sum_of(&s->decisions, decision_on_segment);
}

int64_t stats_balance(const struct tws_stats *s)
{
	return (int64_t)(s->before + stats_created(s) - stats_ended(s) - s->present);
}

int64_t stats_undecided(const struct tws_stats *s)
{
	unsigned int i;

	if (!s->has_segments)
		return 0;
	for (i = TWSCOPE_N_DECISIONS; i < s->decisions.n; i++)
		if (s->decisions.v[i])
			return 0;
	return (int64_t)(s->segments - stats_on_segments(s));
}

bool stats_idle(const struct tws_stats *s)
{
	uint64_t all = s->before | s->present | stats_ended(s) |
		       counts_sum(&s->decisions);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(growing); i++)
		all |= value(s, i);
	return !all;
}

static void add_counts(struct tws_counts *sum, const struct tws_counts *c)
{
	unsigned int i;

	if (c->n > sum->n)
		sum->n = c->n;
	for (i = 0; i < c->n; i++)
		sum->v[i] += c->v[i];
}

void stats_add(struct tws_stats *sum, const struct tws_stats *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(growing); i++)
		*field(sum, i) += value(s, i);
	add_counts(&sum->ended, &s->ended);
	add_counts(&sum->decisions, &s->decisions);
	sum->before += s->before;
	sum->present += s->present;
	sum->before_unsettled |= s->before_unsettled;
	sum->has_segments |= s->has_segments;
	/* these are of all namespaces in each */
	if (s->missed > sum->missed)
		sum->missed = s->missed;
	if (s->observed_ms > sum->observed_ms)
		sum->observed_ms = s->observed_ms;
}

/*
 * A namespace that ends while all are read may be counted once too often or once
 * too little: then a sum seems to go back.
 */
static uint64_t growth(uint64_t after, uint64_t before)
{
	return after > before ? after - before : 0;
}

static void subtract_counts(struct tws_counts *from, const struct tws_counts *c)
{
	unsigned int i;

	for (i = 0; i < from->n; i++)
		from->v[i] = growth(from->v[i], counts_get(c, i));
}

bool stats_difference(const struct tws_stats *after,
		      const struct tws_stats *before, uint64_t least_ms,
		      struct tws_stats *diff)
{
	size_t i;

	*diff = *after;
	if (after->observed_ms < before->observed_ms ||
	    after->observed_ms - before->observed_ms < least_ms)
		return false;
	diff->observed_ms -= before->observed_ms;
	diff->missed = growth(after->missed, before->missed);
	for (i = 0; i < ARRAY_SIZE(growing); i++)
		*field(diff, i) = growth(value(after, i), value(before, i));
	subtract_counts(&diff->ended, &before->ended);
	subtract_counts(&diff->decisions, &before->decisions);
	return true;
}
