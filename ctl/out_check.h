/* SPDX-License-Identifier: GPL-2.0 */
/* What a monitoring system reads of a check: a line, its numbers, more lines. */
#ifndef TWCTL_OUT_CHECK_H
#define TWCTL_OUT_CHECK_H

#include <stdio.h>

#include "check.h"
#include "netns.h"

struct check_report {
	const struct check_item *item;
	const struct thresholds *thresholds;
	bool all_netns;
	/* or NULL */
	const struct netns_names *names;
};

/* Errors stay with @fp. */
void out_check(FILE *fp, const struct check_report *r);
/* Where nothing can be told: why, in words that may come from anywhere. */
void out_check_unknown(FILE *fp, const char *why);

#endif /* TWCTL_OUT_CHECK_H */
