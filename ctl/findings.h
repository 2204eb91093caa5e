/* SPDX-License-Identifier: GPL-2.0 */
/* What the doctor found: made by rules, printed by the writers. */
#ifndef TWCTL_FINDINGS_H
#define TWCTL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule;

/* The worst first. */
enum severity { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_NOTE };

#define N_SEVERITIES (SEVERITY_NOTE + 1)

struct advice {
	/* NULL where it is none that a shell takes */
	char *command;
	char *text;
};

struct finding {
	const struct rule *rule;
	/* 0 for what is of the whole machine */
	uint32_t netns;
	char *title;
	unsigned int n_evidence;
	char **evidence;
	unsigned int n_do;
	struct advice *to_do;
	unsigned int n_dont;
	char **dont;
};

struct findings {
	unsigned int n;
	struct finding *row;
	/* whose turn it is */
	const struct rule *rule;
	/* something is missing */
	bool no_memory;
};

/*
 * Begins a finding of the rule whose turn it is; what follows is added to that.
 * The words are those that @fmt makes.
 */
void finding_begin(struct findings *f, uint32_t netns, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* How we know. */
void finding_evidence(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What to do, in words. */
void finding_do(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same with a @command, which is copied, and what that does. */
void finding_command(struct findings *f, const char *command, const char *fmt,
		     ...) __attribute__((format(printf, 3, 4)));
/* What not to do, and why. */
void finding_dont(struct findings *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void findings_free(struct findings *f);

const char *severity_name(enum severity severity);

#endif /* TWCTL_FINDINGS_H */
