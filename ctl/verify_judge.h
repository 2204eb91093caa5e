/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether what the module said and what connect() did agree, and the count of
 * it. All pure, as verify_plan.h.
 */
#ifndef TWCTL_VERIFY_JUDGE_H
#define TWCTL_VERIFY_JUDGE_H

#include "verify_plan.h"

/* What the module said of a bucket, and between which moments. */
struct verify_look {
	bool found;
	uint8_t substate;
	uint32_t verdict;
	uint32_t wait_ms;
	uint32_t remaining_ms;
	int64_t asked_at;
	int64_t answered_at;
};

enum verify_result {
	VERIFY_AGREE,
	VERIFY_BOUNDARY,
	VERIFY_DISAGREE,
	VERIFY_UNKNOWN,
};

/* Milliseconds by which a wait may be told too long. */
uint32_t verify_slack_ms(uint32_t rules, uint32_t hz);

/*
 * @before: what was said before connect(), which ended at @ended and got its
 * port or not; @after: what was said when it had not.
 */
enum verify_result verify_judge(const struct verify_look *before, bool got_port,
				const struct verify_look *after, int64_t ended,
				uint32_t slack_ms);

/*
 * @foretold: what the module said of other sysctls; @said: what it said when
 * they were set.
 */
enum verify_result verify_judge_whatif(const struct verify_look *foretold,
				       const struct verify_look *said,
				       uint32_t slack_ms);

/* What is compared. */
enum verify_check {
	VERIFY_CHECK_CONNECT,
	VERIFY_CHECK_REASON,
	VERIFY_CHECK_WHATIF,
	VERIFY_CHECK_NOT_BEFORE,
	VERIFY_CHECK_IN_TIME,
	VERIFY_N_CHECKS
};

/*
 * A connect() that began at @began and ended at @ended got its port or not:
 * VERIFY_CHECK_NOT_BEFORE the end of the wait that was @said, or
 * VERIFY_CHECK_IN_TIME, after it.
 */
enum verify_result verify_judge_wait(enum verify_check check,
				     const struct verify_look *said,
				     bool got_port, int64_t began,
				     int64_t ended, uint32_t slack_ms);

/*
 * Whether @verdict can be the right reason in @s: connect() tells only yes or
 * no, but what was done to the bucket tells what is asked of it in vain.
 */
bool verify_reason_fits(const struct verify_scenario *s, uint32_t rules,
			uint32_t verdict);

/* Whether these rules leave no verdict unknown that @s may meet. */
bool verify_must_know(const struct verify_scenario *s, uint32_t rules);

/* The report */

/* Why a scenario was no trial. */
enum verify_no_trial {
	VERIFY_NOT_MADE,
	VERIFY_NO_BUCKET,
	VERIFY_OTHER_SUBSTATE,
	VERIFY_BIND_REFUSED,
	VERIFY_OTHER_ERROR,
	VERIFY_N_NO_TRIALS
};

const char *verify_check_name(enum verify_check c);
const char *verify_no_trial_name(enum verify_no_trial why);

struct verify_tally {
	uint32_t trials;
	uint32_t got_port;
	uint32_t boundary;
	uint32_t disagreements;
};

struct verify_failure {
	struct verify_scenario scenario;
	enum verify_check check;
	struct verify_look said;
	/* what-if only: what it was compared with */
	struct verify_look then;
	bool got_port;
	/* from the question to the end of connect() */
	int64_t elapsed;
};

struct verify_report {
	uint64_t seed;
	uint32_t rules;
	int64_t elapsed;
	/* of connect() without and with a port of bind(), by verdict */
	struct verify_tally said[2][TWSCOPE_N_VERDICTS];
	struct verify_tally check[VERIFY_N_CHECKS];
	uint32_t kind[VERIFY_N_KINDS][VERIFY_MAX_CHOICES];
	uint32_t no_trial[VERIFY_N_NO_TRIALS];
	/* the last of VERIFY_OTHER_ERROR and VERIFY_NOT_MADE */
	int last_errno;
	uint32_t unknown;
	/* of them, those that the rules should have known */
	uint32_t unknown_wrong;
	struct verify_failure *failure;
	size_t n_failures;
};

/* A trial that came to its end. */
void verify_count(struct verify_report *r, const struct verify_scenario *s,
		  uint32_t verdict, bool got_port, enum verify_result result);
void verify_count_check(struct verify_report *r, enum verify_check check,
			bool got_port, enum verify_result result);
/* -1 where memory is short */
int verify_add_failure(struct verify_report *r, const struct verify_failure *f);
uint32_t verify_trials(const struct verify_report *r);
/* Scenarios that were no trial. */
uint32_t verify_no_trials(const struct verify_report *r);
/* Comparisons of connect() that agreed. */
uint32_t verify_agreements(const struct verify_report *r);
/* No disagreement, and something that agreed. */
bool verify_good(const struct verify_report *r);
void verify_report_free(struct verify_report *r);

#endif /* TWCTL_VERIFY_JUDGE_H */
