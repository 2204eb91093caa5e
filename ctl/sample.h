/* SPDX-License-Identifier: GPL-2.0 */
/* What is observed at two moments, and so by the second. */
#ifndef TWCTL_SAMPLE_H
#define TWCTL_SAMPLE_H

#include "nl.h"

/* One namespace, or all of them as one. */
struct sample {
	struct tws_stats stats;
	/* it is of a moment between these, of CLOCK_MONOTONIC */
	uint64_t asked_ns;
	uint64_t told_ns;
};

/* Returns as the calls of nl.h do. */
int sample_take(struct twnl *nl, bool all_netns, struct sample *sample);

/*
 * What came between the two, as stats_difference(). False where observing began
 * anew meanwhile.
 */
bool sample_difference(const struct sample *after, const struct sample *before,
		       struct tws_stats *diff);

#endif /* TWCTL_SAMPLE_H */
