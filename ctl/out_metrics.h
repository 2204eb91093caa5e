/* SPDX-License-Identifier: GPL-2.0 */
/* Figures in the text formats of Prometheus. */
#ifndef TWCTL_OUT_METRICS_H
#define TWCTL_OUT_METRICS_H

#include <stdio.h>

#include "figures.h"
#include "netns.h"

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

struct metrics_report {
	enum metrics_format format;
	/* NULL where nothing could be asked: then that alone is told */
	const struct tws_info *info;
	unsigned int n;
	const struct figures *row;
	/* those that have no row of their own, in one; NULL where there are none */
	const struct figures *rest;
	unsigned int n_rest;
	/* each row says whose it is */
	bool all_netns;
	/* or NULL */
	const struct netns_names *names;
	bool observing;
	/* how long the asking took */
	double took_s;
};

/* Errors stay with @fp. */
void out_metrics(FILE *fp, const struct metrics_report *r);

#endif /* TWCTL_OUT_METRICS_H */
