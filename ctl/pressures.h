/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which destinations and bind pools run out of ports: asked of the module, and
 * judged with pressure.h.
 */
#ifndef TWCTL_PRESSURES_H
#define TWCTL_PRESSURES_H

#include "groups.h"
#include "pressure.h"
#include "session.h"

struct pressures {
	/* of each namespace that was asked; without histograms */
	unsigned int n_summaries;
	struct tws_summary *summary;
	/* closes by the second, of all of them together */
	unsigned int n_closes;
	uint32_t closes[TWSCOPE_CLOSES_SLOTS];
	struct groups destinations;
	struct groups sources;
	/* of destinations, the ones that hold most first, and of sources */
	unsigned int n;
	struct pressure_row *row;
	/* destinations beyond these */
	uint32_t others;
	unsigned int n_sources;
	struct pressure_row *source;
	/* the filter and a range of ports are too much together; it has been said */
	bool refused;
};

/*
 * Asks about the namespace of @s, or with o->all_netns about each; of the @top
 * destinations that hold most ports, 0 for all. @argv: @argc words of a filter that
 * arguments_filter() has taken once. Fills @p, to be freed with pressures_free()
 * in any case. Returns as the calls of nl.h do.
 */
int pressures_take(const struct session *s, const struct options *o, int argc,
		   char **argv, uint32_t top, struct pressures *p);
void pressures_free(struct pressures *p);

/* NULL where it was not asked about, or was made meanwhile. */
const struct tws_summary *pressures_summary(const struct pressures *p,
					    uint32_t netns);

/*
 * There are more destinations, or sources, than the module tells apart: what it
 * came to last is in none of them.
 */
bool pressures_cut(const struct pressures *p);

/*
 * The filter of what @p counts: the words', and that the local port is of a range.
 * Returns as arguments_filter(), after a complaint.
 */
int pressures_filter(const struct pressures *p, const struct options *o, int argc,
		     char **argv, struct tws_filter *f);

#endif /* TWCTL_PRESSURES_H */
