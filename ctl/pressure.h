/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the local ports last: for connect() to one destination, and for
 * bind() to one source address. Figures in, figures out.
 */
#ifndef TWCTL_PRESSURE_H
#define TWCTL_PRESSURE_H

#include "types.h"

struct pressure {
	/* that may be had at all, and of them those that are not */
	uint32_t ports;
	uint32_t in_use;
	uint32_t waiting;
	/* buckets whose place connect() takes */
	uint32_t reusable;
	uint32_t available;
	/* of a source: ports that bind() holds of those taken, at most */
	uint32_t bound;
	/* which part of the closes was of such a port */
	double share;
	/* ports taken by the second, seen over so many seconds */
	double rate;
	unsigned int rate_s;
	/* how long at most a close keeps its port; what rate that bears */
	double hold_s;
	/* what of that is the timer's being late */
	double late_s;
	double sustained;
	/* seconds until none is available at this rate; negative for never */
	double exhausted_s;
	/* never, as tcp_max_tw_buckets is reached first: no bucket, no port taken */
	bool limited;
};

/*
 * Closes by the second, over the last ten seconds or since they began; @seconds
 * is set to how many.
 */
double pressure_rate(const struct tws_group *g, unsigned int *seconds);

/* By how much later than it is due a bucket may end, and keep its port. */
double pressure_late_seconds(const struct tws_info *info);

/* For how many seconds up to now there was no close, where some would have come. */
unsigned int pressure_quiet(const struct tws_group *g);

/*
 * @g: of one source, destination, port and device. @s: of their namespace.
 * @whatif: under tcp_tw_reuse=1, to which g->whatif belongs.
 */
void pressure_of_destination(const struct tws_group *g,
			     const struct tws_summary *s,
			     const struct tws_info *info, bool whatif,
			     struct pressure *p);

/* What tcp_tw_reuse=2 takes for traffic of the loopback. */
bool pressure_on_loopback(const struct tws_group *g);

/* What is to be a warning: little is available, or none will be within a minute. */
bool pressure_nearly(const struct pressure *p);
bool pressure_soon(const struct pressure *p);
/*
 * None will be left, and that is no guess from a burst of a second: the rate was
 * there for ten, or has half of the ports already.
 */
bool pressure_foretold(const struct pressure *p);

/* @g: of one source address, with its local ports counted. */
void pressure_of_source(const struct tws_group *g, const struct tws_summary *s,
			const struct tws_info *info, struct pressure *p);

/*
 * Of a source: programs bind() there before they connect(), and not once only: a
 * tenth of what it holds. A port or two beside many that connect() got, or a
 * server's own, is in nobody's way.
 */
bool pressure_binds(const struct pressure *p);

#endif /* TWCTL_PRESSURE_H */
