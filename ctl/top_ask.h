/* SPDX-License-Identifier: GPL-2.0 */
/* What the live screen shows, and asking for it. */
#ifndef TWCTL_TOP_ASK_H
#define TWCTL_TOP_ASK_H

#include "sample.h"
#include "top_rows.h"

struct top_data {
	/* the last answer, as long as no other one came; none before the first */
	bool known;
	struct pressures p;
	struct top_rows rows;
	/* nanoseconds since 1970, and milliseconds that asking took */
	uint64_t time_ns;
	uint64_t took_ms;
	/* of the destination that was entered, or pool */
	struct tws_group picked;
	bool picked_pool;
	struct top_buckets buckets;
	/* the bucket that was entered, and what was written of it; NULL for nothing */
	struct tws_bucket bucket;
	char *page;
	bool ended;
	/* what is observed: nothing, totals, and rates from the second time on */
	bool observing;
	bool has_rates;
	struct sample sample;
	struct tws_stats rates;
	/* why the last question failed; "" where it did not */
	char error[600];
};

/*
 * Asks for what @st shows, once. An error is left in d->error, and the last answer
 * stays; the next call begins with a new connection then. @o: without a namespace to
 * enter. Returns 1 where an interrupt came, else 0.
 */
int top_ask(struct top_data *d, struct session *s, const struct options *o,
	    struct top_state *st);
/* Notes what is selected in the view before that of @st, which was entered. */
void top_pick(struct top_data *d, const struct top_state *st);
/* Brings what is there into the order of @st. */
void top_sort(struct top_data *d, struct top_state *st);
void top_data_free(struct top_data *d);

#endif /* TWCTL_TOP_ASK_H */
