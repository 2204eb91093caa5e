// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "sample.h"
#include "session.h"
#include "stats.h"

/* the kernel's milliseconds are cut off */
#define CUT_NS 2000000

static int add(const struct tws_stats *s, void *ctx)
{
	stats_add(ctx, s);
	return 0;
}

int sample_take(struct twnl *nl, bool all_netns, struct sample *sample)
{
	int ret;

	memset(sample, 0, sizeof(*sample));
	sample->asked_ns = now_ns(CLOCK_MONOTONIC);
	ret = all_netns ? twnl_stats_dump(nl, add, &sample->stats) :
			  twnl_stats_get(nl, add, &sample->stats);
	sample->told_ns = now_ns(CLOCK_MONOTONIC);
	return ret;
}

bool sample_difference(const struct sample *after, const struct sample *before,
		       struct tws_stats *diff)
{
	uint64_t between = after->asked_ns - before->told_ns;
	uint64_t least_ms = between > CUT_NS ? (between - CUT_NS) / 1000000 : 0;

	return stats_difference(&after->stats, &before->stats, least_ms, diff);
}
