/* SPDX-License-Identifier: GPL-2.0 */
/* Sums and differences of what was observed, and what must add up in it. */
#ifndef TWCTL_STATS_H
#define TWCTL_STATS_H

#include "types.h"

/* 0 for what the module does not have. */
uint64_t counts_get(const struct tws_counts *c, unsigned int i);
uint64_t counts_sum(const struct tws_counts *c);

uint64_t stats_created(const struct tws_stats *s);
uint64_t stats_ended(const struct tws_stats *s);
/* Decisions on a connect(), and those among them that reused or refused. */
uint64_t stats_connects(const struct tws_stats *s);
uint64_t stats_reused(const struct tws_stats *s);
uint64_t stats_refused(const struct tws_stats *s);
/* Ends by cause, those alike together: all that a line has room for. */
struct stats_ends {
	uint64_t timer;
	uint64_t reuse;
	uint64_t syn;
	uint64_t rst;
	uint64_t other;
};

void stats_ends(const struct tws_stats *s, struct stats_ends *e);
/* Decisions on segments. */
uint64_t stats_on_segments(const struct tws_stats *s);

/* before + created - ended - present: 0 at rest */
int64_t stats_balance(const struct tws_stats *s);
/*
 * How many segments have no decision, less than 0 where there are too many; 0 as
 * well where only a newer module knows what is decided.
 */
int64_t stats_undecided(const struct tws_stats *s);
/* Nothing was there, came or went, or was decided. */
bool stats_idle(const struct tws_stats *s);

/* To @sum, which is all zero before the first. */
void stats_add(struct tws_stats *sum, const struct tws_stats *s);
/*
 * What came between @before and @after; observed_ms is the time between them,
 * before and present are those of @after. False where less than @least_ms of
 * observing lie between them: then it began anew.
 */
bool stats_difference(const struct tws_stats *after,
		      const struct tws_stats *before, uint64_t least_ms,
		      struct tws_stats *diff);

#endif /* TWCTL_STATS_H */
