/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What monitoring asks of a network namespace: numbers of which there are as many
 * however many buckets, destinations and addresses there are.
 */
#ifndef TWCTL_FIGURES_H
#define TWCTL_FIGURES_H

#include "pressures.h"

#define N_FIGURES_LEVELS 3

/* Shares of its ports taken, in percent, from which on a destination is counted. */
extern const unsigned int figures_levels[N_FIGURES_LEVELS];

/* The destinations, or the source addresses that something bind()s to. */
struct figures_pool {
	/* that hold a port, and of them those at a level or above */
	unsigned int n;
	unsigned int at_level[N_FIGURES_LEVELS];
	/* of the fullest: ports taken by ports there are; 0 where there is none */
	double taken_ratio;
	/* the highest rate by the one that can go on for good; may be INFINITY */
	double rate_ratio;
	/* until none is left at this rate; INFINITY where they last */
	double exhausted_s;
	/* whose these are; NULL where there is none, and where all last */
	const struct pressure_row *fullest;
	const struct pressure_row *soonest;
};

struct figures {
	uint32_t netns;
	uint64_t timewait;
	uint64_t fin_wait2;
	uint64_t kernel_count;
	uint64_t limit;
	/* of tcp_max_tw_buckets; 1 where that is 0 */
	double limit_ratio;
	uint64_t bytes;
	/* that connect() may get at all */
	uint64_t ports;
	uint64_t ipv4;
	uint64_t ipv6;
	uint64_t ipv4_mapped;
	uint64_t verdicts[TWSCOPE_N_VERDICTS];
	struct figures_pool destinations;
	struct figures_pool bind_pools;
	/* what was observed; NULL where nothing is */
	const struct tws_stats *stats;
	/* TCPTimeWaitOverflow, since the namespace began; of our own alone */
	bool has_overflow;
	uint64_t overflow;
};

/*
 * For each summary of @p, in its order; they lead into @p. NULL where memory is
 * short; to be freed with free().
 */
struct figures *figures_of(const struct pressures *p);

/*
 * What two namespaces are together: sums, and of ratios and times the worse one.
 * Counters are left out, as whoever comes or goes would look like a new count.
 */
void figures_add(struct figures *sum, const struct figures *f);

/*
 * Those with most buckets first; where there are more than @max, all behind them
 * are added up in @rest, but for our own. Returns how many stay.
 */
unsigned int figures_choose(struct figures *f, unsigned int n, unsigned int max,
			    struct figures *rest);

#endif /* TWCTL_FIGURES_H */
