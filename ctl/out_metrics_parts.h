/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the writer of metrics share. */
#ifndef TWCTL_OUT_METRICS_PARTS_H
#define TWCTL_OUT_METRICS_PARTS_H

#include "out_metrics.h"

#define METRICS_LABEL_SIZE (CGROUP_NAME + 64)
/* What those together are called that have no row of their own. */
#define METRICS_REST "rest"

enum metric_type { GAUGE, COUNTER };

struct metrics_writer;

enum metric_field { FIELD_NONE, FIELD_NUMBER, FIELD_COUNT, FIELD_REAL };

struct metric {
	/* of a counter with its _total */
	const char *name;
	/* what the name ends with, or NULL; for OpenMetrics */
	const char *unit;
	enum metric_type type;
	const char *help;
	/* the field of struct figures that it is, or who writes its samples */
	enum metric_field field;
	size_t at;
	void (*samples)(struct metrics_writer *w, const struct figures *f);
	/* not of a namespace: called once, with @f NULL */
	bool whole;
};

struct metrics_writer {
	FILE *fp;
	const struct metrics_report *r;
	const struct metric *metric;
	/* of it there is a sample already */
	bool begun;
	/* "" without -A */
	char netns[METRICS_LABEL_SIZE];
};

extern const struct metric metrics[];
extern const size_t n_metrics;

/* @name may be NULL: no label beside that of the namespace. */
void metrics_sample(struct metrics_writer *w, const char *name, const char *of,
		    double v);
/* One that has other labels, of as many pairs of a name and a value. */
void metrics_labelled(struct metrics_writer *w, unsigned int n,
		      const char *const label[][2], double v);

#endif /* TWCTL_OUT_METRICS_PARTS_H */
