/* SPDX-License-Identifier: GPL-2.0 */
/* Figures against thresholds, for a monitoring system. Figures in, figures out. */
#ifndef TWCTL_CHECK_H
#define TWCTL_CHECK_H

#include "figures.h"
#include "range.h"

/* The exit codes of a plugin. */
enum check_status { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

enum check_figure {
	CHECK_LIMIT, CHECK_PORTS, CHECK_EXHAUSTION, CHECK_BUCKETS,
	CHECK_OVERFLOW, N_CHECK_FIGURES,
};

struct check_kind {
	/* of the option, and of the performance data */
	const char *name;
	const char *unit;
	/* what it is held against where nothing is said */
	const char *thresholds;
	/* digits behind the point */
	int digits;
};

extern const struct check_kind check_kinds[N_CHECK_FIGURES];

struct check_item {
	/* there is something to hold against the thresholds */
	bool told;
	enum check_status status;
	/* percent, seconds, buckets, or closes by the second; may be INFINITY */
	double value;
	/* of the namespace where it is worst; NULL for what is of all of them */
	const struct figures *figures;
	/* the destination or source address that it is of, or NULL */
	const struct pressure_row *row;
	bool bind;
};

/*
 * Each figure but CHECK_OVERFLOW in the namespace of @n where it is worst.
 */
void check_figures(const struct figures *f, unsigned int n,
		   const struct thresholds t[N_CHECK_FIGURES],
		   struct check_item item[N_CHECK_FIGURES]);
void check_overflow(double per_second, const struct thresholds *t,
		    struct check_item *item);

/* The worst of them. */
enum check_status check_status(const struct check_item item[N_CHECK_FIGURES]);

#endif /* TWCTL_CHECK_H */
