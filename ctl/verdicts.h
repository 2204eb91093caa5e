/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the spec and what they mean, in words. Each table is indexed by
 * its enum; the functions give NULL for what only a newer module knows.
 */
#ifndef TWCTL_VERDICTS_H
#define TWCTL_VERDICTS_H

#include "types.h"

struct verdict {
	const char *name;
	/* completes "N buckets: ..." */
	const char *brief;
	/* why connect() does or does not take the bucket's place */
	const char *why;
	/* why a what-if leaves it as it is */
	const char *stays;
};

struct syn_verdict {
	const char *name;
	const char *why;
	const char *source;
};

struct rules {
	const char *name;
	const char *says;
};

struct condition {
	uint32_t bit;
	const char *name;
};

struct port_state {
	const char *name;
	/* a word or two for a label */
	const char *brief;
	const char *says;
};

#define N_SYN_VERDICTS	(TWSCOPE_SYN_VERDICT_DROP + 1)
#define N_RULES		(TWSCOPE_RULES_ENTRY_DELAY + 1)
#define N_CONDITIONS	6

extern const struct verdict verdicts[TWSCOPE_N_VERDICTS];
extern const struct syn_verdict syn_verdicts[N_SYN_VERDICTS];
extern const struct rules rules_table[N_RULES];
extern const struct condition conditions[N_CONDITIONS];
extern const struct port_state port_states[TWSCOPE_N_PORT_STATES];

const char *verdict_name(uint32_t verdict);
const char *syn_verdict_name(uint32_t verdict);
const char *rules_name(uint32_t rules);

/* Those who lead a list of verdicts first: what one looks for, then the rest. */
extern const uint8_t verdict_order[TWSCOPE_N_VERDICTS];

#endif /* TWCTL_VERDICTS_H */
