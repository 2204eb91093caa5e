// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel would do with a bucket.
 *
 * The active side follows tcp_twsk_unique() and the port search of
 * __inet_hash_connect() around it, the passive side what
 * tcp_timewait_state_process() does with a SYN. The kernel's comparisons are
 * kept as they are, wrap-around and all; only that ages take the place of
 * stamps, so that a snapshot holds for the moment it was taken.
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

/*
 * The kernel reads the timestamp of a SYN only where the bucket has one, and
 * only while the sysctl is on.
 */
static bool timestamps_count(const struct twscope_bucket *b,
			     const struct twscope_policy *p)
{
	return b->has_ts && p->tcp_timestamps;
}

static bool paws_rejects(const struct twscope_bucket *b,
			 const struct twscope_policy *p,
			 const struct twscope_syn *syn)
{
	if (!timestamps_count(b, p) || !syn->has_tsval)
		return false;
	/* Not before(): the two differ when half the circle lies between. */
	if (!b->ts_recent || (s32)(b->ts_recent - syn->tsval) <= 0)
		return false;
	return b->ts_recent_age_ms < (s64)p->paws_wrap_s * MSEC_PER_SEC;
}

static bool is_newer(const struct twscope_bucket *b,
		     const struct twscope_policy *p,
		     const struct twscope_syn *syn)
{
	if (after(syn->seq, b->rcv_nxt))
		return true;
	return timestamps_count(b, p) && syn->has_tsval &&
	       after(syn->tsval, b->ts_recent);
}

/* The next number expected is inside a window of none, too. */
static bool in_window(const struct twscope_bucket *b, u32 seq)
{
	if (seq == b->rcv_nxt)
		return true;
	return after(seq + 1, b->rcv_nxt) &&
	       before(seq, b->rcv_nxt + b->rcv_wnd);
}

/**
 * twscope_judge_syn() - what does a SYN of the peer meet
 * @b: the bucket
 * @p: what decides besides it
 * @syn: the SYN, with neither ACK nor RST
 *
 * Context: any; takes no lock.
 * Return: enum twscope_syn_verdict.
 */
u8 twscope_judge_syn(const struct twscope_bucket *b,
		     const struct twscope_policy *p,
		     const struct twscope_syn *syn)
{
	bool rejected = paws_rejects(b, p, syn);

	if (p->rules == TWSCOPE_RULES_UNKNOWN)
		return TWSCOPE_SYN_VERDICT_UNKNOWN;

	if (!rejected) {
		if (!is_fin_wait2(b) && is_newer(b, p, syn))
			return TWSCOPE_SYN_VERDICT_ACCEPT;
		if (is_fin_wait2(b) && in_window(b, syn->seq))
			return TWSCOPE_SYN_VERDICT_RESET;
	}
	if (twscope_answer_in_ms(b, p))
		return TWSCOPE_SYN_VERDICT_DROP;
	return rejected ? TWSCOPE_SYN_VERDICT_PAWS_REJECT :
			  TWSCOPE_SYN_VERDICT_CHALLENGE_ACK;
}

/**
 * twscope_syn_seq() - the lowest sequence number with which a SYN is accepted
 * @b: the bucket
 * @seq: where to
 *
 * Context: any; takes no lock.
 * Return: false where none is: in FIN_WAIT2.
 */
bool twscope_syn_seq(const struct twscope_bucket *b, u32 *seq)
{
	*seq = b->rcv_nxt + 1;
	return !is_fin_wait2(b);
}

/**
 * twscope_syn_tsval() - the lowest TSval that makes a SYN of any sequence
 *	number acceptable
 * @b: the bucket
 * @p: what decides besides it
 * @tsval: where to
 *
 * Context: any; takes no lock.
 * Return: false where none does: in FIN_WAIT2, and where timestamps don't
 * count.
 */
bool twscope_syn_tsval(const struct twscope_bucket *b,
		       const struct twscope_policy *p, u32 *tsval)
{
	*tsval = b->ts_recent + 1;
	return !is_fin_wait2(b) && timestamps_count(b, p);
}

/**
 * twscope_answer_in_ms() - when is a SYN that is not accepted answered again
 * @b: the bucket
 * @p: what decides besides it
 *
 * Context: any; takes no lock.
 * Return: milliseconds, 0 for now.
 */
u32 twscope_answer_in_ms(const struct twscope_bucket *b,
			 const struct twscope_policy *p)
{
	if (!b->has_answered || b->answered_ms < 0)
		return 0;
	if ((u32)b->answered_ms >= p->tcp_invalid_ratelimit)
		return 0;
	return p->tcp_invalid_ratelimit - b->answered_ms;
}
