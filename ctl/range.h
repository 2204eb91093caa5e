/* SPDX-License-Identifier: GPL-2.0 */
/* Ranges and thresholds in the form that plugins of Nagios and its like have. */
#ifndef TWCTL_RANGE_H
#define TWCTL_RANGE_H

#include <stdbool.h>
#include <stddef.h>

/* An alert is what lies outside of [start, end], or inside where @inside says so. */
struct range {
	double start;
	double end;
	bool inside;
};

struct thresholds {
	bool has_warning;
	bool has_critical;
	struct range warning;
	struct range critical;
};

/*
 * Reads "WARNING,CRITICAL", each of them nothing or a range: 80 (that is 0:80),
 * 10:, ~:5, 10:20, or @10:20. Returns 0, or -1 with the reason in @err.
 */
int thresholds_parse(const char *text, struct thresholds *t, char *err,
		     size_t size);

bool range_alerts(const struct range *r, double v);

/* The shortest form of it. Returns @buf. */
char *range_text(char *buf, size_t size, const struct range *r);

#endif /* TWCTL_RANGE_H */
