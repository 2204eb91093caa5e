/* SPDX-License-Identifier: GPL-2.0 */
/* Two snapshots beside each other: what may be compared, and with what. */
#ifndef TWCTL_DIFF_H
#define TWCTL_DIFF_H

#include "snapshot.h"

enum diff_warning {
	DIFF_OTHER_HOST, DIFF_OTHER_BOOT, DIFF_BOOT_UNKNOWN, DIFF_OTHER_NETNS,
	DIFF_BACKWARDS, DIFF_COUNTER_RESET, DIFF_OTHER_SCOPE, N_DIFF_WARNINGS,
};

/* The names are for programs. */
struct diff_words {
	const char *name;
	const char *says;
};

extern const struct diff_words diff_warnings[N_DIFF_WARNINGS];

/* A namespace of both; NULL on the side where it is not. */
struct diff_pair {
	const struct snapshot_netns *before;
	const struct snapshot_netns *after;
};

struct diff {
	const struct snapshot *before;
	const struct snapshot *after;
	/* bits by enum diff_warning */
	unsigned int warnings;
	bool same_boot;
	bool has_interval;
	uint64_t interval_ms;
	/* counters are of the same namespace since the same boot */
	bool counters;
	/* by the number of the namespace, before or else after */
	size_t n;
	struct diff_pair *pair;
};

/* The snapshots stay the caller's. -1 where memory is short. */
int diff_make(const struct snapshot *before, const struct snapshot *after,
	      struct diff *d);
void diff_free(struct diff *d);

/* Whether a counter can be subtracted: it is in both and did not go back. */
bool diff_counter(const struct diff *d, size_t i);

#endif /* TWCTL_DIFF_H */
