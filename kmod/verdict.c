// SPDX-License-Identifier: GPL-2.0
/*
 * What a connect() would do with a bucket: tcp_twsk_unique() and the port
 * search of __inet_hash_connect() around it. The kernel's comparisons are kept
 * as they are, wrap-around and all; only that ages take the place of stamps, so
 * that a snapshot holds for the moment it was taken.
 */

#include <linux/kernel.h>
#include <linux/time64.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "bucket.h"
#include "verdict.h"

/**
 * twscope_policy_override() - put the caller's sysctls in place of the own
 * @p: the policy
 * @w: what to replace in it
 *
 * Context: any; takes no lock.
 */
void twscope_policy_override(struct twscope_policy *p,
			     const struct twscope_whatif *w)
{
	if (w->has_reuse)
		p->tcp_tw_reuse = w->tcp_tw_reuse;
	if (w->has_reuse_delay)
		p->tcp_tw_reuse_delay = w->tcp_tw_reuse_delay;
	if (w->has_timestamps)
		p->tcp_timestamps = w->tcp_timestamps;
}

/* Either address is enough, and so is a socket that was bound to lo. */
static bool is_loopback(const struct twscope_bucket *b)
{
	return b->ifindex == LOOPBACK_IFINDEX ||
	       ipv6_addr_loopback(&b->local) ||
	       ipv6_addr_loopback(&b->remote) ||
	       ipv6_addr_v4mapped_loopback(&b->local) ||
	       ipv6_addr_v4mapped_loopback(&b->remote);
}

static bool is_fin_wait2(const struct twscope_bucket *b)
{
	return b->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
}

/*
 * Milliseconds until the bucket is old enough, 0 when it is. The clock of
 * seconds moves on with a tick, which may come a tick late.
 */
static u32 too_young_ms(const struct twscope_bucket *b,
			const struct twscope_policy *p)
{
	if (p->rules == TWSCOPE_RULES_ENTRY_DELAY) {
		s32 left = p->tcp_tw_reuse_delay - (u32)b->age_ms;

		return left < 0 ? 0 : left + 1;
	}

	if (b->ts_recent_age_ms >= MSEC_PER_SEC)
		return 0;
	return MSEC_PER_SEC - b->ts_recent_age_ms + p->tick_ms;
}

static u8 conditions_asked(const struct twscope_policy *p)
{
	u8 asked = TWSCOPE_CONDITION_PORT_SEARCH | TWSCOPE_CONDITION_TIMESTAMP |
		   TWSCOPE_CONDITION_ENABLED | TWSCOPE_CONDITION_AGE;

	if (p->rules != TWSCOPE_RULES_SECONDS)
		asked |= TWSCOPE_CONDITION_SUBSTATE;
	if (p->tcp_tw_reuse == 2)
		asked |= TWSCOPE_CONDITION_LOOPBACK;
	return asked;
}

static u8 conditions_held(const struct twscope_bucket *b,
			  const struct twscope_policy *p, u8 search,
			  bool too_young)
{
	u8 held = 0;

	if (search == TWSCOPE_SEARCH_ASKS)
		held |= TWSCOPE_CONDITION_PORT_SEARCH;
	if (b->has_ts)
		held |= TWSCOPE_CONDITION_TIMESTAMP;
	if (!is_fin_wait2(b))
		held |= TWSCOPE_CONDITION_SUBSTATE;
	if (p->tcp_tw_reuse)
		held |= TWSCOPE_CONDITION_ENABLED;
	if (p->tcp_tw_reuse == 2 && is_loopback(b))
		held |= TWSCOPE_CONDITION_LOOPBACK;
	if (!too_young)
		held |= TWSCOPE_CONDITION_AGE;
	return held;
}

/* The condition that is hardest to meet first. */
static u8 verdict_of(u8 refused, u8 rules, u8 search)
{
	bool unsure = false;

	if (search == TWSCOPE_SEARCH_NEVER)
		return TWSCOPE_VERDICT_NOT_SEARCHED;
	if (search == TWSCOPE_SEARCH_BLOCKED)
		return TWSCOPE_VERDICT_BIND_BLOCKED;
	if (refused & TWSCOPE_CONDITION_TIMESTAMP)
		return TWSCOPE_VERDICT_NO_TIMESTAMP;
	if (refused & TWSCOPE_CONDITION_SUBSTATE) {
		unsure = rules == TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN;
		if (!unsure)
			return TWSCOPE_VERDICT_FIN_WAIT2;
	}
	if (refused & TWSCOPE_CONDITION_ENABLED)
		return TWSCOPE_VERDICT_DISABLED;
	if (refused & TWSCOPE_CONDITION_LOOPBACK)
		return TWSCOPE_VERDICT_NOT_LOOPBACK;
	if (unsure)
		return TWSCOPE_VERDICT_UNKNOWN;
	if (refused & TWSCOPE_CONDITION_AGE)
		return TWSCOPE_VERDICT_TOO_YOUNG;
	return TWSCOPE_VERDICT_REUSABLE;
}

/**
 * twscope_judge() - would a connect() that looks for a port take this bucket's
 * @b: the bucket
 * @p: what decides besides it
 * @search: enum twscope_search, what the port search does at its port
 * @j: where to, all of it is written
 *
 * The connect() in question goes to the bucket's destination, from its source
 * and with its device.
 *
 * Context: any; takes no lock.
 */
void twscope_judge(const struct twscope_bucket *b,
		   const struct twscope_policy *p, u8 search,
		   struct twscope_judgement *j)
{
	u32 wait_ms = too_young_ms(b, p);

	*j = (struct twscope_judgement) { .verdict = TWSCOPE_VERDICT_UNKNOWN };
	if (p->rules == TWSCOPE_RULES_UNKNOWN)
		return;

	j->asked = conditions_asked(p);
	j->held = j->asked & conditions_held(b, p, search, wait_ms);
	j->verdict = verdict_of(j->asked & ~j->held, p->rules, search);
	if (j->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		j->wait_ms = wait_ms;
}

/**
 * twscope_judge_bound() - would a connect() from this bucket's port take it
 * @b: the bucket
 * @p: what decides besides it
 *
 * The rule for a port that was bound before connect(): neither the sysctls nor
 * the substate nor the age count.
 *
 * Context: any; takes no lock.
 * Return: enum twscope_verdict: REUSABLE, NO_TIMESTAMP or UNKNOWN.
 */
u8 twscope_judge_bound(const struct twscope_bucket *b,
		       const struct twscope_policy *p)
{
	if (p->rules == TWSCOPE_RULES_UNKNOWN)
		return TWSCOPE_VERDICT_UNKNOWN;
	return b->has_ts ? TWSCOPE_VERDICT_REUSABLE : TWSCOPE_VERDICT_NO_TIMESTAMP;
}
