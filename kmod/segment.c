// SPDX-License-Identifier: GPL-2.0
/*
 * What a segment of the peer meets at a bucket: tcp_timewait_state_process(),
 * branch by branch, its comparisons as they are, wrap-around and all.
 */

#include <linux/kernel.h>
#include <linux/time64.h>
#include <net/tcp.h>

#include "bucket.h"
#include "verdict.h"

/* A RST is believed in spite of PAWS when the last timestamp is older. */
#define PAWS_RST_MS	(60 * MSEC_PER_SEC)

static bool is_fin_wait2(const struct twscope_bucket *b)
{
	return b->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
}

/*
 * The kernel reads the timestamp of a segment only where the bucket has one,
 * and only while the sysctl is on.
 */
static bool timestamps_count(const struct twscope_bucket *b,
			     const struct twscope_policy *p)
{
	return b->has_ts && p->tcp_timestamps;
}

static bool paws_rejects(const struct twscope_bucket *b,
			 const struct twscope_policy *p,
			 const struct twscope_segment *s)
{
	if (!timestamps_count(b, p) || !s->has_tsval)
		return false;
	/* Not before(): the two differ when half the circle lies between. */
	if (!b->ts_recent || (s32)(b->ts_recent - s->tsval) <= 0)
		return false;
	if (s->rst && b->ts_recent_age_ms >= PAWS_RST_MS)
		return false;
	return b->ts_recent_age_ms < (s64)p->paws_wrap_s * MSEC_PER_SEC;
}

static bool is_newer_by_timestamp(const struct twscope_bucket *b,
				  const struct twscope_policy *p,
				  const struct twscope_segment *s)
{
	return timestamps_count(b, p) && s->has_tsval &&
	       after(s->tsval, b->ts_recent);
}

static bool in_window(const struct twscope_bucket *b,
		      const struct twscope_segment *s)
{
	u32 end = b->rcv_nxt + b->rcv_wnd;

	if (s->seq == b->rcv_nxt)
		return true;
	if (after(s->end_seq, b->rcv_nxt) && before(s->seq, end))
		return true;
	return s->seq == end && s->seq == s->end_seq;
}

/* What is answered by an ACK, if any is sent. */
static u8 out_of_turn(const struct twscope_segment *s, bool rejected)
{
	if (rejected)
		return TWSCOPE_DECISION_PAWS_REJECT;
	return s->syn && !s->ack ? TWSCOPE_DECISION_CHALLENGE_ACK :
				   TWSCOPE_DECISION_OLD_DUPLICATE;
}

static u8 judge_in_fin_wait2(const struct twscope_bucket *b,
			     const struct twscope_segment *s, bool rejected)
{
	if (rejected || !in_window(b, s))
		return out_of_turn(s, rejected);
	if (s->rst)
		return TWSCOPE_DECISION_RST;
	if (s->syn && !before(s->seq, b->rcv_nxt))
		return TWSCOPE_DECISION_RESET;
	if (!s->ack || !after(s->end_seq, b->rcv_nxt) || s->end_seq == s->seq)
		return TWSCOPE_DECISION_IGNORED;
	if (!s->fin || s->end_seq != b->rcv_nxt + 1)
		return TWSCOPE_DECISION_RESET;
	return TWSCOPE_DECISION_FIN;
}

static u8 judge_in_time_wait(const struct twscope_bucket *b,
			     const struct twscope_policy *p,
			     const struct twscope_segment *s, bool rejected)
{
	if (!rejected && s->seq == b->rcv_nxt &&
	    (s->seq == s->end_seq || s->rst)) {
		if (!s->rst)
			return TWSCOPE_DECISION_ACK;
		return p->tcp_rfc1337 ? TWSCOPE_DECISION_RST_IGNORED :
					TWSCOPE_DECISION_RST;
	}
	if (s->rst)
		return TWSCOPE_DECISION_RST_IGNORED;
	if (s->syn && !s->ack && !rejected) {
		if (after(s->seq, b->rcv_nxt))
			return TWSCOPE_DECISION_SYN_SEQUENCE;
		if (is_newer_by_timestamp(b, p, s))
			return TWSCOPE_DECISION_SYN_TIMESTAMP;
	}
	return out_of_turn(s, rejected);
}

/**
 * twscope_judge_segment() - what does a segment of the peer meet
 * @b: the bucket
 * @p: what decides besides it
 * @s: the segment
 *
 * Whether an ACK out of turn is really sent is not decided here: see
 * twscope_answer_in_ms().
 *
 * Context: any; takes no lock.
 * Return: enum twscope_decision, one of those on segments; UNKNOWN where the
 * kernel's rules are.
 */
u8 twscope_judge_segment(const struct twscope_bucket *b,
			 const struct twscope_policy *p,
			 const struct twscope_segment *s)
{
	bool rejected = paws_rejects(b, p, s);

	if (p->rules == TWSCOPE_RULES_UNKNOWN)
		return TWSCOPE_DECISION_UNKNOWN;
	if (is_fin_wait2(b))
		return judge_in_fin_wait2(b, s, rejected);
	return judge_in_time_wait(b, p, s, rejected);
}

static u32 big_endian(const u8 *from)
{
	return (u32)from[0] << 24 | from[1] << 16 | from[2] << 8 | from[3];
}

/**
 * twscope_segment_options() - look for a timestamp, as the kernel does
 * @s: the segment, of which has_tsval and tsval are written
 * @options: the options
 * @len: bytes
 *
 * Context: any; takes no lock.
 */
void twscope_segment_options(struct twscope_segment *s, const u8 *options,
			     unsigned int len)
{
	s->has_tsval = false;
	while (len) {
		unsigned int size;

		if (options[0] == TCPOPT_EOL)
			return;
		if (options[0] == TCPOPT_NOP) {
			options++;
			len--;
			continue;
		}
		if (len < 2)
			return;
		size = options[1];
		if (size < 2 || size > len)
			return;
		if (options[0] == TCPOPT_TIMESTAMP && size == TCPOLEN_TIMESTAMP) {
			s->has_tsval = true;
			s->tsval = big_endian(options + 2);
		}
		options += size;
		len -= size;
	}
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
	const struct twscope_segment s = {
		.syn = true,
		.seq = syn->seq,
		.end_seq = syn->seq + 1,
		.has_tsval = syn->has_tsval,
		.tsval = syn->tsval,
	};
	u8 decision = twscope_judge_segment(b, p, &s);

	switch (decision) {
	case TWSCOPE_DECISION_UNKNOWN:
		return TWSCOPE_SYN_VERDICT_UNKNOWN;
	case TWSCOPE_DECISION_SYN_SEQUENCE:
	case TWSCOPE_DECISION_SYN_TIMESTAMP:
		return TWSCOPE_SYN_VERDICT_ACCEPT;
	case TWSCOPE_DECISION_RESET:
		return TWSCOPE_SYN_VERDICT_RESET;
	}
	if (twscope_answer_in_ms(b, p))
		return TWSCOPE_SYN_VERDICT_DROP;
	return decision == TWSCOPE_DECISION_PAWS_REJECT ?
	       TWSCOPE_SYN_VERDICT_PAWS_REJECT :
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
