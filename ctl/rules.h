/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the doctor looks for. A rule is pure: what is known of the machine in,
 * findings out. docs/doctor.md has a section for each, of its id.
 */
#ifndef TWCTL_RULES_H
#define TWCTL_RULES_H

#include "findings.h"
#include "machine.h"

struct rule {
	/* stable: programs go by it */
	const char *id;
	enum severity severity;
	/* for a list of rules: what is wrong where it finds something */
	const char *brief;
	void (*look)(const struct machine *m, struct findings *f);
};

#define N_DOCTOR_RULES 25

extern const struct rule doctor_rules[N_DOCTOR_RULES];

/*
 * What all rules find, the worst first, else in the table's order. Where memory
 * was short @f->no_memory is set. findings_free() it in any case.
 */
void rules_look(const struct machine *m, struct findings *f);

#endif /* TWCTL_RULES_H */
