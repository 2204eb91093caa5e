/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the spec for what is observed, and what they mean, in words. Each
 * table is indexed by its enum; the functions give NULL for what only a newer
 * module knows.
 */
#ifndef TWCTL_DECISIONS_H
#define TWCTL_DECISIONS_H

#include "types.h"

struct decision {
	const char *name;
	/* what it is an event of: reuse and refused are a connect()'s */
	const char *event;
	const char *why;
};

struct cause {
	const char *name;
	const char *why;
};

#define N_EVENT_TYPES	(TWSCOPE_EVENT_TYPE_ENDED + 1)
#define N_MECHANISMS	(TWSCOPE_MECHANISM_KRETPROBE + 1)

extern const struct decision decisions[TWSCOPE_N_DECISIONS];
extern const struct cause causes[TWSCOPE_N_CAUSES];

const char *event_type_name(uint32_t type);
const char *decision_name(uint32_t decision);
const char *cause_name(uint32_t cause);
const char *mechanism_name(uint32_t mechanism);

/*
 * What a decision is on; on neither where only a newer module knows it. A reused
 * or refused one is on a connect().
 */
bool decision_on_connect(uint32_t decision);
bool decision_on_segment(uint32_t decision);
bool decision_reused(uint32_t decision);
bool decision_refused(uint32_t decision);

#endif /* TWCTL_DECISIONS_H */
