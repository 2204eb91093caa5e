/* SPDX-License-Identifier: GPL-2.0 */
/* Everything that monitoring is told, asked in one go. */
#ifndef TWCTL_COLLECT_H
#define TWCTL_COLLECT_H

#include "figures.h"

struct collected {
	struct pressures pressures;
	unsigned int n;
	struct figures *row;
	/* of each namespace, those that ended since excepted; none while off */
	unsigned int n_stats;
	struct tws_stats *stats;
	bool observing;
	bool no_memory;
};

/*
 * About the namespace of @s, or with o->all_netns about each. @argv: @argc words
 * of a filter on destinations, which arguments_filter() has taken once. Fills @c,
 * to be freed with collected_free() in any case. Returns as the calls of nl.h do;
 * c->pressures.refused as pressures_take().
 */
int collect(const struct session *s, const struct options *o, int argc,
	    char **argv, struct collected *c);
void collected_free(struct collected *c);

/*
 * How many closes have left no bucket for want of room or memory: with
 * o->all_netns what was observed in all namespaces, else TCPTimeWaitOverflow of
 * our own. Returns 0, or -1 with the reason in @err.
 */
int collect_overflow(const struct session *s, const struct options *o,
		     uint64_t *count, char *err, size_t size);

#endif /* TWCTL_COLLECT_H */
