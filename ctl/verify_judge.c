// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "verify_judge.h"

uint32_t verify_slack_ms(uint32_t rules, uint32_t hz)
{
	/* rounding, and again when two of them are compared */
	uint32_t slack = 2;

	/* the clock of seconds is read as of the last tick, and moves with one */
	if (rules != TWSCOPE_RULES_ENTRY_DELAY && hz)
		slack += 2 * ((1000 + hz - 1) / hz);
	return slack;
}

/* The wait that @l told may be over so early: it is never told too short. */
static int64_t over_at_earliest(const struct verify_look *l, uint32_t slack_ms)
{
	return l->asked_at + ((int64_t)l->wait_ms - slack_ms) * VERIFY_NS_PER_MS;
}

static int64_t over_at_latest(const struct verify_look *l)
{
	return l->answered_at + l->wait_ms * VERIFY_NS_PER_MS;
}

static bool is_reusable(const struct verify_look *l)
{
	return l->verdict == TWSCOPE_VERDICT_REUSABLE;
}

static bool is_too_young(const struct verify_look *l)
{
	return l->verdict == TWSCOPE_VERDICT_TOO_YOUNG;
}

enum verify_result verify_judge(const struct verify_look *before, bool got_port,
				const struct verify_look *after, int64_t ended,
				uint32_t slack_ms)
{
	if (before->verdict == TWSCOPE_VERDICT_UNKNOWN)
		return VERIFY_UNKNOWN;
	if (is_reusable(before))
		return got_port ? VERIFY_AGREE : VERIFY_DISAGREE;
	if (!got_port) {
		if (!after->found || !is_reusable(after))
			return VERIFY_AGREE;
		/* time makes no other refusal go away */
		return is_too_young(before) ? VERIFY_BOUNDARY : VERIFY_DISAGREE;
	}
	if (is_too_young(before) && ended >= over_at_earliest(before, slack_ms))
		return VERIFY_BOUNDARY;
	return VERIFY_DISAGREE;
}

enum verify_result verify_judge_whatif(const struct verify_look *foretold,
				       const struct verify_look *said,
				       uint32_t slack_ms)
{
	if (foretold->verdict != said->verdict) {
		if (is_too_young(foretold) && is_reusable(said) &&
		    said->answered_at >= over_at_earliest(foretold, slack_ms))
			return VERIFY_BOUNDARY;
		return VERIFY_DISAGREE;
	}
	/* both have to tell the same moment */
	if (is_too_young(said) &&
	    (over_at_earliest(said, slack_ms) > over_at_latest(foretold) ||
	     over_at_earliest(foretold, slack_ms) > over_at_latest(said)))
		return VERIFY_DISAGREE;
	return VERIFY_AGREE;
}

enum verify_result verify_judge_wait(enum verify_check check,
				     const struct verify_look *said,
				     bool got_port, int64_t began,
				     int64_t ended, uint32_t slack_ms)
{
	if (got_port && ended < over_at_earliest(said, slack_ms))
		return VERIFY_DISAGREE;
	if (!got_port && began >= over_at_latest(said))
		return VERIFY_DISAGREE;
	/* what came late proves nothing */
	if (got_port != (check == VERIFY_CHECK_IN_TIME))
		return VERIFY_BOUNDARY;
	return VERIFY_AGREE;
}

bool verify_must_know(const struct verify_scenario *s, uint32_t rules)
{
	switch (rules) {
	case TWSCOPE_RULES_SECONDS:
	case TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2:
	case TWSCOPE_RULES_ENTRY_DELAY:
		return true;
	case TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN:
		return s->choice[VERIFY_CLOSE] != CLOSE_NEVER;
	default:
		return false;
	}
}

static bool was_made_by_bind(const struct verify_scenario *s)
{
	return s->choice[VERIFY_MADE] == MADE_BIND ||
	       s->choice[VERIFY_MADE] == MADE_BIND_ZERO ||
	       s->choice[VERIFY_JOINED] == JOINED_BOUND;
}

static bool is_loopback_traffic(const struct verify_scenario *s)
{
	if (s->choice[VERIFY_PATH] == PATH_VETH)
		return false;
	/* bound to lo */
	return s->choice[VERIFY_PATH] != PATH_OWN ||
	       s->choice[VERIFY_DEVICE] == DEVICE_BUCKET;
}

/* For a port search that does not skip the port. */
static bool reason_fits_asked(const struct verify_scenario *s, uint32_t rules,
			      uint32_t verdict)
{
	if (!verify_timestamps_first(s))
		return verdict == TWSCOPE_VERDICT_NO_TIMESTAMP;
	if (s->choice[VERIFY_CLOSE] == CLOSE_NEVER) {
		if (rules == TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN)
			return true;
		if (rules != TWSCOPE_RULES_SECONDS)
			return verdict == TWSCOPE_VERDICT_FIN_WAIT2;
	}
	if (s->choice[VERIFY_REUSE] == REUSE_OFF)
		return verdict == TWSCOPE_VERDICT_DISABLED;
	if (s->choice[VERIFY_REUSE] == REUSE_LOOPBACK && !is_loopback_traffic(s))
		return verdict == TWSCOPE_VERDICT_NOT_LOOPBACK;
	return verdict == TWSCOPE_VERDICT_REUSABLE ||
	       verdict == TWSCOPE_VERDICT_TOO_YOUNG;
}

bool verify_reason_fits(const struct verify_scenario *s, uint32_t rules,
			uint32_t verdict)
{
	if (!verify_must_know(s, rules) && verdict == TWSCOPE_VERDICT_UNKNOWN)
		return true;
	if (verify_is_bound(s))
		return verdict == (verify_timestamps_first(s) ?
				   TWSCOPE_VERDICT_REUSABLE :
				   TWSCOPE_VERDICT_NO_TIMESTAMP);
	if (was_made_by_bind(s))
		return verdict == TWSCOPE_VERDICT_BIND_BLOCKED;
	/* some kernels forget it when the bound socket has gone, some do not */
	if (s->choice[VERIFY_JOINED] == JOINED_WAS_BOUND &&
	    verdict == TWSCOPE_VERDICT_BIND_BLOCKED)
		return true;
	return reason_fits_asked(s, rules, verdict);
}

const char *verify_check_name(enum verify_check c)
{
	static const char *const names[] = {
		[VERIFY_CHECK_CONNECT] = "connect",
		[VERIFY_CHECK_REASON] = "reason",
		[VERIFY_CHECK_WHATIF] = "what-if",
		[VERIFY_CHECK_NOT_BEFORE] = "not-before",
		[VERIFY_CHECK_IN_TIME] = "in-time",
	};

	return names[c];
}

const char *verify_no_trial_name(enum verify_no_trial why)
{
	static const char *const names[] = {
		[VERIFY_NOT_MADE] = "not-made",
		[VERIFY_NO_BUCKET] = "no-bucket",
		[VERIFY_OTHER_SUBSTATE] = "other-substate",
		[VERIFY_BIND_REFUSED] = "bind-refused",
		[VERIFY_OTHER_ERROR] = "other-error",
	};

	return names[why];
}

static void tally(struct verify_tally *t, bool got_port,
		  enum verify_result result)
{
	t->trials++;
	t->got_port += got_port;
	t->boundary += result == VERIFY_BOUNDARY;
	t->disagreements += result == VERIFY_DISAGREE;
}

void verify_count(struct verify_report *r, const struct verify_scenario *s,
		  uint32_t verdict, bool got_port, enum verify_result result)
{
	unsigned int i;

	/* what a newer module may say beyond this */
	if (verdict >= TWSCOPE_N_VERDICTS)
		verdict = TWSCOPE_VERDICT_UNKNOWN;
	tally(&r->said[verify_is_bound(s)][verdict], got_port, result);
	tally(&r->check[VERIFY_CHECK_CONNECT], got_port, result);
	for (i = 0; i < VERIFY_N_KINDS; i++)
		r->kind[i][s->choice[i]]++;
	if (result == VERIFY_UNKNOWN) {
		r->unknown++;
		r->unknown_wrong += verify_must_know(s, r->rules);
	}
}

void verify_count_check(struct verify_report *r, enum verify_check check,
			bool got_port, enum verify_result result)
{
	tally(&r->check[check], got_port, result);
}

int verify_add_failure(struct verify_report *r, const struct verify_failure *f)
{
	size_t n = r->n_failures;
	struct verify_failure *more;

	/* room for 1, 2, 4, 8, ... */
	if (!(n & (n - 1)) || !n) {
		more = realloc(r->failure, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return -1;
		r->failure = more;
	}
	r->failure[r->n_failures++] = *f;
	return 0;
}

uint32_t verify_trials(const struct verify_report *r)
{
	return r->check[VERIFY_CHECK_CONNECT].trials;
}

uint32_t verify_no_trials(const struct verify_report *r)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < VERIFY_N_NO_TRIALS; i++)
		sum += r->no_trial[i];
	return sum;
}

uint32_t verify_agreements(const struct verify_report *r)
{
	const struct verify_tally *t = &r->check[VERIFY_CHECK_CONNECT];

	return t->trials - t->boundary - t->disagreements - r->unknown;
}

bool verify_good(const struct verify_report *r)
{
	return !r->n_failures && !r->unknown_wrong && verify_agreements(r);
}

void verify_report_free(struct verify_report *r)
{
	free(r->failure);
	r->failure = NULL;
	r->n_failures = 0;
}
