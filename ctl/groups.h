/* SPDX-License-Identifier: GPL-2.0 */
/* Buckets by what they have in common: how it is asked, and the whole answer. */
#ifndef TWCTL_GROUPS_H
#define TWCTL_GROUPS_H

#include "nl.h"

#define N_GROUP_KEYS	10

struct group_key {
	uint32_t bit;
	/* as in the spec, but for dev */
	const char *name;
	/* as ss has it; NULL for none */
	const char *alias;
	/* of a column */
	const char *title;
};

extern const struct group_key group_keys[N_GROUP_KEYS];
/* by enum twscope_group_sort */
extern const char *const group_orders[TWSCOPE_GROUP_SORT_HELD + 1];

/*
 * Reads "remote/24,remote-port". Returns 0, or -1 with the reason in @err.
 */
int group_by_parse(const char *text, struct tws_group_by *by, char *err,
		   size_t size);

/* Everything that one question brought. */
struct groups {
	struct tws_group totals;
	bool has_rest, has_other;
	struct tws_group rest, other;
	unsigned int n;
	struct tws_group *row;
};

/*
 * Asks, and fills @g, to be freed with groups_free() in any case. Returns as the
 * calls of nl.h do.
 */
int groups_take(struct twnl *nl, const struct tws_group_query *q,
		struct groups *g);
/* Adds a row to @g. Returns -1 without memory. */
int groups_add(struct groups *g, const struct tws_group *row);
void groups_free(struct groups *g);

#endif /* TWCTL_GROUPS_H */
