// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "bucket.h"
#include "verdict.h"

#define RCV_NXT		1000
#define WND		500
#define END		(RCV_NXT + WND)
#define TS_RECENT	7000
#define HALF		0x80000000

/* Seconds after which PAWS believes any timestamp: of 6.12, and of 5.10. */
#define WRAP		2147
#define DAYS24		2073600

#define IN_TIME_WAIT	.substate = TWSCOPE_SUBSTATE_TIME_WAIT
#define IN_FIN_WAIT2	.substate = TWSCOPE_SUBSTATE_FIN_WAIT2
#define PEER		.rcv_nxt = RCV_NXT, .rcv_wnd = WND, .ts_recent = TS_RECENT, .has_ts = true
#define AGED(ms)	PEER, .ts_recent_age_ms = (ms)

#define POLICY(r, ...) { .rules = TWSCOPE_RULES_##r, .tcp_timestamps = true, \
			 .paws_wrap_s = WRAP, .tcp_invalid_ratelimit = 500, ##__VA_ARGS__ }
/* The outer brackets keep its commas together inside other macros. */
#define B(...)		(&(const struct twscope_bucket) { __VA_ARGS__ })

#define SYN		.syn = true
#define ACK		.ack = true
#define RST		.rst = true
#define FIN		.fin = true
/* With @n sequence numbers from @s on. */
#define AT(s, n)	.seq = (u32)(s), .end_seq = (u32)(s) + (n)
#define TSVAL(t)	.tsval = (u32)(t), .has_tsval = true
#define OLDER		TSVAL(TS_RECENT - 1)
#define SEG(...)	{ __VA_ARGS__ }

struct segment_case {
	const char		*desc;
	const struct twscope_bucket *bucket;
	struct twscope_segment	segment;
	u8			want;
	struct twscope_policy	policy;
};

#define WANT(d, ...)	TWSCOPE_DECISION_##d, POLICY(SECONDS, ##__VA_ARGS__)
#define WANT_24DAYS(d)	TWSCOPE_DECISION_##d, POLICY(SECONDS, .paws_wrap_s = DAYS24)

static const struct segment_case time_wait_cases[] = {
	{ "a bare ACK in turn", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0)), WANT(ACK) },
	{ "no flag at all", B(IN_TIME_WAIT, PEER), SEG(AT(RCV_NXT, 0)), WANT(ACK) },
	{ "a bare ACK one before", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT - 1, 0)),
	  WANT(OLD_DUPLICATE) },
	{ "a bare ACK one ahead", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT + 1, 0)),
	  WANT(OLD_DUPLICATE) },
	{ "data in turn", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 1)), WANT(OLD_DUPLICATE) },
	{ "the FIN again", B(IN_TIME_WAIT, PEER), SEG(FIN, ACK, AT(RCV_NXT - 1, 1)),
	  WANT(OLD_DUPLICATE) },
	{ "a second FIN", B(IN_TIME_WAIT, PEER), SEG(FIN, ACK, AT(RCV_NXT, 1)),
	  WANT(OLD_DUPLICATE) },

	{ "RST in turn", B(IN_TIME_WAIT, PEER), SEG(RST, AT(RCV_NXT, 0)), WANT(RST) },
	{ "RST and ACK in turn", B(IN_TIME_WAIT, PEER), SEG(RST, ACK, AT(RCV_NXT, 0)), WANT(RST) },
	{ "RST with data in turn", B(IN_TIME_WAIT, PEER), SEG(RST, AT(RCV_NXT, 9)), WANT(RST) },
	{ "RST in turn, tcp_rfc1337", B(IN_TIME_WAIT, PEER), SEG(RST, AT(RCV_NXT, 0)),
	  WANT(RST_IGNORED, .tcp_rfc1337 = true) },
	{ "an ACK in turn, tcp_rfc1337", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0)),
	  WANT(ACK, .tcp_rfc1337 = true) },
	{ "RST one before", B(IN_TIME_WAIT, PEER), SEG(RST, AT(RCV_NXT - 1, 0)),
	  WANT(RST_IGNORED) },
	{ "RST one ahead", B(IN_TIME_WAIT, PEER), SEG(RST, AT(RCV_NXT + 1, 0)),
	  WANT(RST_IGNORED) },
	{ "SYN and RST with a new number", B(IN_TIME_WAIT, PEER), SEG(SYN, RST, AT(RCV_NXT + 1, 1)),
	  WANT(RST_IGNORED) },
	{ "SYN and RST in turn", B(IN_TIME_WAIT, PEER), SEG(SYN, RST, AT(RCV_NXT, 1)), WANT(RST) },

	{ "SYN with a new number", B(IN_TIME_WAIT, PEER), SEG(SYN, AT(RCV_NXT + 1, 1)),
	  WANT(SYN_SEQUENCE) },
	{ "SYN with the next number", B(IN_TIME_WAIT, PEER), SEG(SYN, AT(RCV_NXT, 1)),
	  WANT(CHALLENGE_ACK) },
	{ "SYN with an old number", B(IN_TIME_WAIT, PEER), SEG(SYN, AT(RCV_NXT - 1, 1)),
	  WANT(CHALLENGE_ACK) },
	{ "SYN with data", B(IN_TIME_WAIT, PEER), SEG(SYN, AT(RCV_NXT + 1, 9)),
	  WANT(SYN_SEQUENCE) },
	{ "SYN and FIN", B(IN_TIME_WAIT, PEER), SEG(SYN, FIN, AT(RCV_NXT + 1, 2)),
	  WANT(SYN_SEQUENCE) },
	{ "SYN and ACK with a new number", B(IN_TIME_WAIT, PEER), SEG(SYN, ACK, AT(RCV_NXT + 1, 1)),
	  WANT(OLD_DUPLICATE) },
	{ "SYN and ACK with a newer TSval", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, ACK, AT(RCV_NXT, 1), TSVAL(TS_RECENT + 1)), WANT(OLD_DUPLICATE) },
	{ "SYN half the circle away, which the kernel takes for ahead", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, AT(RCV_NXT + HALF, 1)), WANT(SYN_SEQUENCE) },
	{ "SYN a little farther", B(IN_TIME_WAIT, PEER), SEG(SYN, AT(RCV_NXT + HALF + 1, 1)),
	  WANT(CHALLENGE_ACK) },
	{ "SYN across the wrap", B(IN_TIME_WAIT, .rcv_nxt = U32_MAX), SEG(SYN, AT(0, 1)),
	  WANT(SYN_SEQUENCE) },
	{ "SYN with an old number and a newer TSval", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, AT(RCV_NXT - 9, 1), TSVAL(TS_RECENT + 1)), WANT(SYN_TIMESTAMP) },
	{ "SYN with the next number and a newer TSval", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, AT(RCV_NXT, 1), TSVAL(TS_RECENT + 1)), WANT(SYN_TIMESTAMP) },
	{ "SYN with both, and the number counts", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, AT(RCV_NXT + 1, 1), TSVAL(TS_RECENT + 1)), WANT(SYN_SEQUENCE) },
	{ "SYN with the same TSval", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, AT(RCV_NXT, 1), TSVAL(TS_RECENT)), WANT(CHALLENGE_ACK) },
	{ "SYN with a newer TSval, tcp_timestamps 0", B(IN_TIME_WAIT, PEER),
	  SEG(SYN, AT(RCV_NXT, 1), TSVAL(TS_RECENT + 1)),
	  WANT(CHALLENGE_ACK, .tcp_timestamps = false) },

	{ "PAWS: a bare ACK", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0), OLDER),
	  WANT(PAWS_REJECT) },
	{ "PAWS: data", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 9), OLDER), WANT(PAWS_REJECT) },
	{ "PAWS: SYN", B(IN_TIME_WAIT, PEER), SEG(SYN, AT(RCV_NXT + 1, 1), OLDER),
	  WANT(PAWS_REJECT) },
	{ "PAWS: RST, which nobody answers", B(IN_TIME_WAIT, PEER), SEG(RST, AT(RCV_NXT, 0), OLDER),
	  WANT(RST_IGNORED) },
	{ "PAWS: RST within a minute", B(IN_TIME_WAIT, AGED(59999)),
	  SEG(RST, AT(RCV_NXT, 0), OLDER), WANT(RST_IGNORED) },
	{ "PAWS: RST after a minute", B(IN_TIME_WAIT, AGED(60000)),
	  SEG(RST, AT(RCV_NXT, 0), OLDER), WANT(RST) },
	{ "PAWS: RST after a minute, tcp_rfc1337", B(IN_TIME_WAIT, AGED(60000)),
	  SEG(RST, AT(RCV_NXT, 0), OLDER), WANT(RST_IGNORED, .tcp_rfc1337 = true) },
	{ "PAWS: the minute is for RST alone", B(IN_TIME_WAIT, AGED(60000)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT(PAWS_REJECT) },
	{ "PAWS: its last millisecond", B(IN_TIME_WAIT, AGED(2146999)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT(PAWS_REJECT) },
	{ "PAWS: over", B(IN_TIME_WAIT, AGED(2147000)), SEG(ACK, AT(RCV_NXT, 0), OLDER),
	  WANT(ACK) },
	{ "PAWS of 24 days: its last millisecond", B(IN_TIME_WAIT, AGED(2073599999)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT_24DAYS(PAWS_REJECT) },
	{ "PAWS of 24 days: over", B(IN_TIME_WAIT, AGED(2073600000)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT_24DAYS(ACK) },
	{ "PAWS: more milliseconds than 32 bit hold", B(IN_TIME_WAIT, AGED(0x100000000LL)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT(ACK) },
	{ "PAWS: still on with as many", B(IN_TIME_WAIT, AGED(4999999999LL)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT(PAWS_REJECT, .paws_wrap_s = 5000000) },
	{ "PAWS: the timestamp came after the clock was read", B(IN_TIME_WAIT, AGED(-1)),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT(PAWS_REJECT) },
	{ "PAWS: the same TSval", B(IN_TIME_WAIT, PEER),
	  SEG(ACK, AT(RCV_NXT, 0), TSVAL(TS_RECENT)), WANT(ACK) },
	{ "PAWS: half the circle away is not older", B(IN_TIME_WAIT, PEER),
	  SEG(ACK, AT(RCV_NXT, 0), TSVAL(TS_RECENT + HALF)), WANT(ACK) },
	{ "PAWS: a little farther is", B(IN_TIME_WAIT, PEER),
	  SEG(ACK, AT(RCV_NXT, 0), TSVAL(TS_RECENT + HALF + 1)), WANT(PAWS_REJECT) },
	{ "PAWS: older across the wrap",
	  B(IN_TIME_WAIT, .rcv_nxt = RCV_NXT, .ts_recent = 1, .has_ts = true),
	  SEG(ACK, AT(RCV_NXT, 0), TSVAL(U32_MAX)), WANT(PAWS_REJECT) },
	{ "PAWS: nothing is older than a ts-recent of 0",
	  B(IN_TIME_WAIT, .rcv_nxt = RCV_NXT, .has_ts = true),
	  SEG(ACK, AT(RCV_NXT, 0), TSVAL(U32_MAX)), WANT(ACK) },
	{ "PAWS: a segment without", B(IN_TIME_WAIT, PEER),
	  SEG(ACK, AT(RCV_NXT, 0), .tsval = TS_RECENT - 1), WANT(ACK) },
	{ "PAWS: a bucket without",
	  B(IN_TIME_WAIT, .rcv_nxt = RCV_NXT, .ts_recent = TS_RECENT),
	  SEG(ACK, AT(RCV_NXT, 0), OLDER), WANT(ACK) },
	{ "PAWS: tcp_timestamps 0", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0), OLDER),
	  WANT(ACK, .tcp_timestamps = false) },

	{ "unknown rules, an ACK", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0)),
	  TWSCOPE_DECISION_UNKNOWN, POLICY(UNKNOWN) },
	{ "unknown rules, PAWS", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0), OLDER),
	  TWSCOPE_DECISION_UNKNOWN, POLICY(UNKNOWN) },
	{ "FIN_WAIT2 known or not", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0)),
	  TWSCOPE_DECISION_ACK, POLICY(SECONDS_FIN_WAIT2_UNKNOWN) },
	{ "the rules of entry", B(IN_TIME_WAIT, PEER), SEG(ACK, AT(RCV_NXT, 0)),
	  TWSCOPE_DECISION_ACK, POLICY(ENTRY_DELAY) },
};

static const struct segment_case fin_wait2_cases[] = {
	{ "FIN", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT, 1)), WANT(FIN) },
	{ "FIN without ACK", B(IN_FIN_WAIT2, PEER), SEG(FIN, AT(RCV_NXT, 1)), WANT(IGNORED) },
	{ "FIN with new data", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT, 2)), WANT(RESET) },
	{ "FIN with old data", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT - 9, 10)),
	  WANT(FIN) },
	{ "FIN out of turn", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT + 1, 1)),
	  WANT(RESET) },
	{ "FIN of the past", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT - 1, 1)),
	  WANT(OLD_DUPLICATE) },
	{ "FIN at a window of none", B(IN_FIN_WAIT2, .rcv_nxt = RCV_NXT),
	  SEG(FIN, ACK, AT(RCV_NXT, 1)), WANT(FIN) },
	{ "FIN at the wrap", B(IN_FIN_WAIT2, .rcv_nxt = U32_MAX), SEG(FIN, ACK, AT(U32_MAX, 1)),
	  WANT(FIN) },

	{ "data in turn", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(RCV_NXT, 1)), WANT(RESET) },
	{ "data without ACK", B(IN_FIN_WAIT2, PEER), SEG(AT(RCV_NXT, 1)), WANT(IGNORED) },
	{ "data at the window's last", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(END - 1, 9)),
	  WANT(RESET) },
	{ "data at the window's end", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(END, 9)),
	  WANT(OLD_DUPLICATE) },
	{ "data of which one byte is new", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(RCV_NXT - 9, 10)),
	  WANT(RESET) },
	{ "data of which none is", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(RCV_NXT - 9, 9)),
	  WANT(OLD_DUPLICATE) },
	{ "data at a window of none", B(IN_FIN_WAIT2, .rcv_nxt = RCV_NXT), SEG(ACK, AT(RCV_NXT, 9)),
	  WANT(RESET) },
	{ "data across the wrap", B(IN_FIN_WAIT2, .rcv_nxt = U32_MAX - 1, .rcv_wnd = 4),
	  SEG(ACK, AT(1, 9)), WANT(RESET) },
	{ "data at the end of a window across the wrap",
	  B(IN_FIN_WAIT2, .rcv_nxt = U32_MAX - 1, .rcv_wnd = 4), SEG(ACK, AT(2, 9)),
	  WANT(OLD_DUPLICATE) },

	{ "a bare ACK in turn", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(RCV_NXT, 0)), WANT(IGNORED) },
	{ "a bare ACK inside", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(RCV_NXT + 9, 0)), WANT(IGNORED) },
	{ "a bare ACK at the end", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(END, 0)), WANT(IGNORED) },
	{ "a bare ACK beyond", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(END + 1, 0)),
	  WANT(OLD_DUPLICATE) },
	{ "a bare ACK one before", B(IN_FIN_WAIT2, PEER), SEG(ACK, AT(RCV_NXT - 1, 0)),
	  WANT(OLD_DUPLICATE) },

	{ "RST in turn", B(IN_FIN_WAIT2, PEER), SEG(RST, AT(RCV_NXT, 0)), WANT(RST) },
	{ "RST inside", B(IN_FIN_WAIT2, PEER), SEG(RST, AT(RCV_NXT + 9, 0)), WANT(RST) },
	{ "RST at the end", B(IN_FIN_WAIT2, PEER), SEG(RST, AT(END, 0)), WANT(RST) },
	{ "RST beyond, which is answered", B(IN_FIN_WAIT2, PEER), SEG(RST, AT(END + 1, 0)),
	  WANT(OLD_DUPLICATE) },
	{ "RST one before", B(IN_FIN_WAIT2, PEER), SEG(RST, AT(RCV_NXT - 1, 0)),
	  WANT(OLD_DUPLICATE) },
	{ "RST in turn, tcp_rfc1337", B(IN_FIN_WAIT2, PEER), SEG(RST, AT(RCV_NXT, 0)),
	  WANT(RST, .tcp_rfc1337 = true) },
	{ "RST and SYN", B(IN_FIN_WAIT2, PEER), SEG(RST, SYN, AT(RCV_NXT, 1)), WANT(RST) },

	{ "SYN in turn", B(IN_FIN_WAIT2, PEER), SEG(SYN, AT(RCV_NXT, 1)), WANT(RESET) },
	{ "SYN and ACK in turn", B(IN_FIN_WAIT2, PEER), SEG(SYN, ACK, AT(RCV_NXT, 1)),
	  WANT(RESET) },
	{ "SYN beyond", B(IN_FIN_WAIT2, PEER), SEG(SYN, AT(END, 1)), WANT(CHALLENGE_ACK) },
	{ "SYN and ACK beyond", B(IN_FIN_WAIT2, PEER), SEG(SYN, ACK, AT(END, 1)),
	  WANT(OLD_DUPLICATE) },
	{ "SYN of the past with new data", B(IN_FIN_WAIT2, PEER), SEG(SYN, AT(RCV_NXT - 1, 3)),
	  WANT(IGNORED) },
	{ "SYN and ACK of the past with new data", B(IN_FIN_WAIT2, PEER),
	  SEG(SYN, ACK, AT(RCV_NXT - 1, 3)), WANT(RESET) },
	{ "SYN, ACK and FIN, of which the FIN is new", B(IN_FIN_WAIT2, PEER),
	  SEG(SYN, ACK, FIN, AT(RCV_NXT - 1, 2)), WANT(FIN) },

	{ "PAWS: FIN", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT, 1), OLDER),
	  WANT(PAWS_REJECT) },
	{ "PAWS: over", B(IN_FIN_WAIT2, AGED(2147000)), SEG(FIN, ACK, AT(RCV_NXT, 1), OLDER),
	  WANT(FIN) },
	{ "PAWS: RST, which is answered", B(IN_FIN_WAIT2, AGED(59999)),
	  SEG(RST, AT(RCV_NXT, 0), OLDER), WANT(PAWS_REJECT) },
	{ "PAWS: RST after a minute", B(IN_FIN_WAIT2, AGED(60000)),
	  SEG(RST, AT(RCV_NXT, 0), OLDER), WANT(RST) },
	{ "PAWS: SYN beyond", B(IN_FIN_WAIT2, PEER), SEG(SYN, AT(END, 1), OLDER),
	  WANT(PAWS_REJECT) },
	{ "PAWS: tcp_timestamps 0", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT, 1), OLDER),
	  WANT(FIN, .tcp_timestamps = false) },

	{ "unknown rules", B(IN_FIN_WAIT2, PEER), SEG(FIN, ACK, AT(RCV_NXT, 1)),
	  TWSCOPE_DECISION_UNKNOWN, POLICY(UNKNOWN) },
};

KUNIT_ARRAY_PARAM_DESC(time_wait, time_wait_cases, desc);
KUNIT_ARRAY_PARAM_DESC(fin_wait2, fin_wait2_cases, desc);

static void segment_of_the_peer(struct kunit *test)
{
	const struct segment_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, twscope_judge_segment(c->bucket, &c->policy, &c->segment), c->want);
}

/*
 * The same a second time: the kernel's text as a list of rules, of which the first
 * that applies decides, with numbers as distances on the circle, and with clocks in
 * whole seconds as the kernel reads them.
 */
enum fact {
	FIN_WAIT2	= BIT(0),
	HAS_SYN		= BIT(1),
	HAS_ACK		= BIT(2),
	HAS_RST		= BIT(3),
	HAS_FIN		= BIT(4),
	REJECTED	= BIT(5),	/* paws_reject */
	NEWER		= BIT(6),	/* ts_recent is before rcv_tsval */
	IN_TURN		= BIT(7),	/* seq is rcv_nxt */
	BEHIND		= BIT(8),	/* seq is before rcv_nxt */
	AHEAD		= BIT(9),	/* seq is after rcv_nxt */
	INSIDE		= BIT(10),	/* tcp_in_window() */
	EMPTY		= BIT(11),	/* end_seq is seq */
	NEW		= BIT(12),	/* end_seq is after rcv_nxt */
	ONE		= BIT(13),	/* end_seq is rcv_nxt + 1 */
	RFC1337		= BIT(14),
};

struct rule {
	u16	hold;
	u16	fail;
	u8	decision;
};

#define RULE(h, f, d)	{ .hold = (h), .fail = (f), .decision = TWSCOPE_DECISION_##d }

static const struct rule rules[] = {
	/* out of window, send ACK */
	RULE(FIN_WAIT2 | REJECTED, 0, PAWS_REJECT),
	RULE(FIN_WAIT2 | HAS_SYN, INSIDE | HAS_ACK, CHALLENGE_ACK),
	RULE(FIN_WAIT2, INSIDE, OLD_DUPLICATE),
	RULE(FIN_WAIT2 | HAS_RST, 0, RST),
	RULE(FIN_WAIT2 | HAS_SYN, BEHIND, RESET),
	/* dup ACK? */
	RULE(FIN_WAIT2, HAS_ACK, IGNORED),
	RULE(FIN_WAIT2, NEW, IGNORED),
	RULE(FIN_WAIT2 | EMPTY, 0, IGNORED),
	/* new data or FIN */
	RULE(FIN_WAIT2 | HAS_FIN | ONE, 0, FIN),
	RULE(FIN_WAIT2, 0, RESET),

	/* now real TIME-WAIT: it may be only reset or bare ACK */
	RULE(IN_TURN | HAS_RST | RFC1337, REJECTED, RST_IGNORED),
	RULE(IN_TURN | HAS_RST, REJECTED, RST),
	RULE(IN_TURN | EMPTY, REJECTED | HAS_RST, ACK),
	/* the only exception is new SYN */
	RULE(HAS_SYN | AHEAD, HAS_RST | HAS_ACK | REJECTED, SYN_SEQUENCE),
	RULE(HAS_SYN | NEWER, HAS_RST | HAS_ACK | REJECTED, SYN_TIMESTAMP),
	RULE(HAS_RST, 0, RST_IGNORED),
	RULE(REJECTED, 0, PAWS_REJECT),
	RULE(HAS_SYN, HAS_ACK, CHALLENGE_ACK),
	RULE(0, 0, OLD_DUPLICATE),
};

/* The second in which ts_recent was taken, and the clock then. */
#define STAMP		5000

struct scene {
	struct twscope_bucket	bucket;
	struct twscope_policy	policy;
	struct twscope_segment	segment;
};

static u64 distance(u32 from, u32 to)
{
	return (to + BIT_ULL(32) - from) % BIT_ULL(32);
}

static bool is_before(u32 a, u32 b)
{
	return distance(b, a) >= HALF;
}

static bool saw_tstamp(const struct scene *x)
{
	return x->bucket.has_ts && x->policy.tcp_timestamps && x->segment.has_tsval;
}

static bool paws_reject(const struct scene *x)
{
	u32 now = div_u64(STAMP * MSEC_PER_SEC + x->bucket.ts_recent_age_ms, MSEC_PER_SEC);
	u64 behind = distance(x->segment.tsval, x->bucket.ts_recent);

	if (!saw_tstamp(x) || !behind || behind >= HALF)
		return false;
	if (!is_before(now, STAMP + x->policy.paws_wrap_s) || !x->bucket.ts_recent)
		return false;
	return !x->segment.rst || is_before(now, STAMP + 60);
}

static u16 facts(const struct scene *x)
{
	const struct twscope_segment *s = &x->segment;
	u64 seq = distance(x->bucket.rcv_nxt, s->seq);
	u64 end = distance(x->bucket.rcv_nxt, s->end_seq);
	bool new = end && end <= HALF;
	u16 set = 0;

	set |= x->bucket.substate == TWSCOPE_SUBSTATE_FIN_WAIT2 ? FIN_WAIT2 : 0;
	set |= s->syn ? HAS_SYN : 0;
	set |= s->ack ? HAS_ACK : 0;
	set |= s->rst ? HAS_RST : 0;
	set |= s->fin ? HAS_FIN : 0;
	set |= paws_reject(x) ? REJECTED : 0;
	set |= saw_tstamp(x) && is_before(x->bucket.ts_recent, s->tsval) ? NEWER : 0;
	set |= seq == 0 ? IN_TURN : 0;
	set |= seq >= HALF ? BEHIND : 0;
	set |= seq && seq <= HALF ? AHEAD : 0;
	set |= !seq || (new && is_before(seq, x->bucket.rcv_wnd)) ||
	       (seq == end && seq == x->bucket.rcv_wnd) ? INSIDE : 0;
	set |= seq == end ? EMPTY : 0;
	set |= new ? NEW : 0;
	set |= end == 1 ? ONE : 0;
	set |= x->policy.tcp_rfc1337 ? RFC1337 : 0;
	return set;
}

static unsigned int rule_of(const struct scene *x)
{
	u16 set = facts(x);
	unsigned int i;

	/* The last one asks for nothing. */
	for (i = 0; i < ARRAY_SIZE(rules) - 1; i++)
		if ((set & rules[i].hold) == rules[i].hold && !(set & rules[i].fail))
			break;
	return i;
}

static void expect_by_rule(struct kunit *test, const struct scene *x)
{
	const struct twscope_bucket *b = &x->bucket;
	const struct twscope_segment *s = &x->segment;

	KUNIT_ASSERT_EQ_MSG(test, twscope_judge_segment(b, &x->policy, s),
			    rules[rule_of(x)].decision,
			    "rule %u: facts %#x, rcv_nxt %u + %u, seq %u to %u, tsval %u for %u",
			    rule_of(x), facts(x), b->rcv_nxt, b->rcv_wnd, s->seq, s->end_seq,
			    s->tsval, b->ts_recent);
}

/* A digit of @n, the rest of which stays; what is left at the end says it was all. */
static unsigned int digit(unsigned int *n, unsigned int base)
{
	unsigned int i = *n % base;

	*n /= base;
	return i;
}

#define PICK(n, pool)	((pool)[digit(n, ARRAY_SIZE(pool))])

static const u32 starts[] = { 0, HALF - 1, U32_MAX };
static const u32 windows[] = { 0, 1, WND, HALF };
static const u32 offsets[] = {
	0, 1, 2, -1, -2, WND - 1, WND, WND + 1, HALF - 1, HALF, HALF + 1,
};

static void each_number_by_rule(struct kunit *test)
{
	static const u32 lengths[] = { 0, 1, 2, WND, HALF, HALF + 1 };
	static const u32 tsvals[] = { TS_RECENT, TS_RECENT + 1, TS_RECENT - 1 };
	struct scene x = {
		.bucket = { .ts_recent = TS_RECENT, .has_ts = true },
		.policy = POLICY(SECONDS),
		.segment = { .has_tsval = true },
	};
	u32 decided[ARRAY_SIZE(rules)] = {};
	unsigned int n, rest = 0;

	for (n = 0; !rest; n++) {
		rest = n;
		x.bucket.substate = digit(&rest, 2) ? TWSCOPE_SUBSTATE_FIN_WAIT2 :
						      TWSCOPE_SUBSTATE_TIME_WAIT;
		x.policy.tcp_rfc1337 = digit(&rest, 2);
		x.segment.syn = digit(&rest, 2);
		x.segment.ack = digit(&rest, 2);
		x.segment.rst = digit(&rest, 2);
		x.segment.fin = digit(&rest, 2);
		x.segment.tsval = PICK(&rest, tsvals);
		x.bucket.rcv_nxt = PICK(&rest, starts);
		x.bucket.rcv_wnd = PICK(&rest, windows);
		x.segment.seq = x.bucket.rcv_nxt + PICK(&rest, offsets);
		x.segment.end_seq = x.segment.seq + PICK(&rest, lengths);

		expect_by_rule(test, &x);
		decided[rule_of(&x)]++;
	}
	for (n = 0; n < ARRAY_SIZE(rules); n++)
		KUNIT_EXPECT_GT_MSG(test, decided[n], 0, "rule %u never decides", n);
}

static void each_timestamp_by_rule(struct kunit *test)
{
	static const u32 recent[] = { 0, 1, TS_RECENT, U32_MAX };
	static const u32 tsvals[] = { 0, 1, -1, HALF - 1, HALF, HALF + 1 };
	static const s64 ages[] = {
		-1001, -1, 0, 999, 59999, 60000, 60999,
		WRAP * 1000LL - 1, WRAP * 1000LL, DAYS24 * 1000LL - 1, DAYS24 * 1000LL,
		/* as long as the kernel's own clock of 32 bit can tell */
		S32_MAX * 1000LL,
	};
	static const u32 wraps[] = { WRAP, DAYS24 };
	static const u32 lengths[] = { 0, 1 };
	struct scene x = {
		.bucket = { .rcv_nxt = RCV_NXT, .rcv_wnd = WND },
		.policy = POLICY(SECONDS),
	};
	unsigned int n, rest = 0, seen = 0;

	for (n = 0; !rest; n++) {
		rest = n;
		x.bucket.substate = digit(&rest, 2) ? TWSCOPE_SUBSTATE_FIN_WAIT2 :
						      TWSCOPE_SUBSTATE_TIME_WAIT;
		x.bucket.has_ts = digit(&rest, 2);
		x.policy.tcp_timestamps = digit(&rest, 2);
		x.segment.has_tsval = digit(&rest, 2);
		x.segment.syn = digit(&rest, 2);
		x.segment.ack = digit(&rest, 2);
		x.segment.rst = digit(&rest, 2);
		x.segment.seq = RCV_NXT;
		x.segment.end_seq = RCV_NXT + PICK(&rest, lengths);
		x.policy.paws_wrap_s = PICK(&rest, wraps);
		x.bucket.ts_recent_age_ms = PICK(&rest, ages);
		x.bucket.ts_recent = PICK(&rest, recent);
		x.segment.tsval = x.bucket.ts_recent + PICK(&rest, tsvals);

		expect_by_rule(test, &x);
		seen += paws_reject(&x);
	}
	KUNIT_EXPECT_GT(test, seen, 0);
}

#define NOP		1
#define EOL		0
#define BYTES(...)	.len = sizeof((u8[]){ __VA_ARGS__ }), .bytes = { __VA_ARGS__ }
#define NONE		.has = false
#define FOUND(t)	.has = true, .tsval = (t)
#define TS_A		8, 10, 0x81, 0x23, 0x45, 0x67, 0xf1, 0xf2, 0xf3, 0xf4
#define TS_B		8, 10, 0x09, 0xab, 0xcd, 0xef, 0, 0, 0, 0
#define A		0x81234567
#define BB		0x09abcdef
#define MSS		2, 4, 5, 0xb4
#define SACK_PERM	4, 2
#define WSCALE		3, 3, 7
#define SACK_ONE	5, 10, 1, 2, 3, 4, 5, 6, 7, 8
/* What the longest header has room for. */
#define ROOM		40

struct option_case {
	const char	*desc;
	bool		has;
	u32		tsval;
	unsigned int	len;
	u8		bytes[ROOM];
};

static const struct option_case option_cases[] = {
	{ "nothing", NONE, .len = 0 },
	{ "of a segment, as Linux sends it", FOUND(A), BYTES(NOP, NOP, TS_A) },
	{ "of a SYN, as Linux sends it", FOUND(A), BYTES(MSS, SACK_PERM, TS_A, NOP, WSCALE) },
	{ "nothing else", FOUND(A), BYTES(TS_A) },
	{ "none among others", NONE, BYTES(MSS, SACK_PERM, NOP, WSCALE) },
	{ "nothing but NOPs", NONE, BYTES(NOP, NOP, NOP, NOP) },
	{ "after SACK of the same size", FOUND(A), BYTES(NOP, NOP, SACK_ONE, TS_A) },
	{ "SACK of the same size alone", NONE, BYTES(SACK_ONE) },
	{ "at the very end of the longest header", FOUND(A),
	  BYTES(SACK_ONE, SACK_ONE, SACK_ONE, TS_A) },
	{ "of an option nobody knows", FOUND(A), BYTES(253, 5, 8, 10, 1, TS_A) },
	{ "inside another option", NONE, BYTES(253, 12, TS_A) },

	/* twice: the later one counts, whatever is between and behind */
	{ "twice", FOUND(BB), BYTES(TS_A, TS_B) },
	{ "twice, the other way round", FOUND(A), BYTES(TS_B, NOP, TS_A, EOL) },
	{ "the second one cut off", FOUND(A), BYTES(TS_A, 8, 10, 0x09, 0xab) },
	{ "the second one of a wrong size", FOUND(A), BYTES(TS_A, 8, 6, 0x09, 0xab, 0xcd, 0xef) },

	/* the end */
	{ "before the end", FOUND(A), BYTES(TS_A, EOL, TS_B) },
	{ "behind the end", NONE, BYTES(EOL, TS_A) },
	{ "behind NOP and the end", NONE, BYTES(NOP, EOL, NOP, TS_A) },

	/* of a wrong size: passed by, when it is one */
	{ "a byte too short", FOUND(BB), BYTES(8, 9, 1, 2, 3, 4, 5, 6, 7, TS_B) },
	{ "a byte too long", FOUND(BB), BYTES(8, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, TS_B) },
	{ "a byte too short, alone", NONE, BYTES(8, 9, 1, 2, 3, 4, 5, 6, 7) },
	{ "a byte too long, alone", NONE, BYTES(8, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9) },
	{ "of size 2", FOUND(BB), BYTES(8, 2, TS_B) },

	/* silly: the end, but what was found is kept */
	{ "of size 0", NONE, BYTES(8, 0, TS_A) },
	{ "of size 1", NONE, BYTES(8, 1, TS_A) },
	{ "behind one of size 0", NONE, BYTES(253, 0, TS_A) },
	{ "behind one of size 1", NONE, BYTES(253, 1, TS_A) },
	{ "before one of size 0", FOUND(A), BYTES(TS_A, 253, 0) },
	{ "behind one that is longer than all", NONE, BYTES(253, 255, TS_A) },
	{ "behind one that is a byte longer than all", NONE, BYTES(253, 13, TS_A) },
	{ "before one that is longer than all", FOUND(A), BYTES(TS_A, 253, 3) },
	{ "before a kind without a size", FOUND(A), BYTES(TS_A, 8) },
	{ "a kind without a size", NONE, BYTES(8) },
	{ "the last byte is missing", NONE,
	  BYTES(NOP, 8, 10, 0x81, 0x23, 0x45, 0x67, 0xf1, 0xf2, 0xf3) },
};

KUNIT_ARRAY_PARAM_DESC(option, option_cases, desc);

/*
 * @len bytes that end where the memory ends: KASAN sees what is read behind them.
 * Whether there was one before does not matter, and nothing else is written.
 */
static void expect_tsval(struct kunit *test, u8 *room, const u8 *bytes, unsigned int len,
			 bool has, u32 tsval)
{
	static const struct twscope_segment before = {
		SYN, ACK, RST, FIN, .has_tsval = true, AT(5, 1), .tsval = 0xdeadbeef,
	};
	struct twscope_segment s = before, empty = {};
	u8 *at = room + ROOM - len;

	memcpy(at, bytes, len);
	twscope_segment_options(&s, at, len);
	twscope_segment_options(&empty, at, len);

	KUNIT_ASSERT_EQ_MSG(test, !!s.has_tsval, has, "%*ph", len, bytes);
	KUNIT_ASSERT_EQ_MSG(test, !!empty.has_tsval, has, "%*ph", len, bytes);
	if (has) {
		KUNIT_ASSERT_EQ_MSG(test, s.tsval, tsval, "%*ph", len, bytes);
		KUNIT_ASSERT_EQ_MSG(test, empty.tsval, tsval, "%*ph", len, bytes);
	}
	KUNIT_ASSERT_TRUE(test, s.syn && s.ack && s.rst && s.fin);
	KUNIT_ASSERT_FALSE(test, empty.syn || empty.ack || empty.rst || empty.fin);
	KUNIT_ASSERT_EQ(test, s.seq, before.seq);
	KUNIT_ASSERT_EQ(test, s.end_seq, before.end_seq);
	KUNIT_ASSERT_EQ(test, empty.seq | empty.end_seq, 0);
}

static void options(struct kunit *test)
{
	const struct option_case *c = test->param_value;
	u8 *room = kunit_kmalloc(test, ROOM, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, room);
	expect_tsval(test, room, c->bytes, c->len, c->has, c->tsval);
}

/* An option, and what it does to those that follow. */
struct option {
	unsigned int	len;
	u8		bytes[12];
	bool		ends;
	bool		found;
	u32		tsval;
};

static const struct option single[] = {
	{ BYTES(NOP) },
	{ BYTES(EOL), .ends = true },
	{ BYTES(MSS) },
	{ BYTES(SACK_PERM) },
	{ BYTES(TS_A), .found = true, .tsval = A },
	{ BYTES(TS_B), .found = true, .tsval = BB },
	{ BYTES(SACK_ONE) },
	{ BYTES(8, 2) },
	{ BYTES(8, 9, 1, 1, 1, 1, 1, 1, 1) },
	{ BYTES(8, 11, 8, 8, 8, 8, 8, 8, 8, 8, 8) },
	{ BYTES(8, 0), .ends = true },
	{ BYTES(8, 1), .ends = true },
	{ BYTES(8, 255), .ends = true },
	{ BYTES(255, 3, 0) },
	{ BYTES(255, 41), .ends = true },
};

/*
 * Any three in a row, cut off anywhere. What must come out is known from what was
 * put in, and takes no parser.
 */
static void options_in_a_row(struct kunit *test)
{
	u8 *room = kunit_kmalloc(test, ROOM, GFP_KERNEL);
	unsigned int n, rest = 0;

	KUNIT_ASSERT_NOT_NULL(test, room);
	for (n = 0; !rest; n++) {
		const struct option *o[3];
		unsigned int i, len, total = 0;
		u8 bytes[ROOM];

		rest = n;
		for (i = 0; i < ARRAY_SIZE(o); i++) {
			o[i] = &PICK(&rest, single);
			memcpy(bytes + total, o[i]->bytes, o[i]->len);
			total += o[i]->len;
		}
		for (len = 0; len <= total; len++) {
			unsigned int begin = 0;
			bool has = false;
			u32 tsval = 0;

			for (i = 0; i < ARRAY_SIZE(o); i++) {
				begin += o[i]->len;
				if (o[i]->ends || begin > len)
					break;
				has |= o[i]->found;
				tsval = o[i]->found ? o[i]->tsval : tsval;
			}
			expect_tsval(test, room, bytes, len, has, tsval);
		}
	}
}

#define SEQ(s)		{ .seq = (s) }
#define SEQ_TS(s, t)	{ .seq = (s), .tsval = (t), .has_tsval = true }

struct syn_case {
	const char		*desc;
	const struct twscope_bucket *bucket;
	struct twscope_syn	syn;
	u8			want;
	struct twscope_policy	policy;
};

#define MEETS(v)	TWSCOPE_SYN_VERDICT_##v, POLICY(SECONDS)
#define MEETS_P(v, ...)	TWSCOPE_SYN_VERDICT_##v, POLICY(__VA_ARGS__)

static const struct syn_case syn_cases[] = {
	/* TIME_WAIT, by sequence number */
	{ "the next number is not new", B(IN_TIME_WAIT, PEER), SEQ(RCV_NXT), MEETS(CHALLENGE_ACK) },
	{ "one more is", B(IN_TIME_WAIT, PEER), SEQ(RCV_NXT + 1), MEETS(ACCEPT) },
	{ "one less is not", B(IN_TIME_WAIT, PEER), SEQ(RCV_NXT - 1), MEETS(CHALLENGE_ACK) },
	{ "nearly half the circle ahead", B(IN_TIME_WAIT, PEER), SEQ(RCV_NXT + HALF - 1),
	  MEETS(ACCEPT) },
	{ "half the circle away, which the kernel takes for ahead", B(IN_TIME_WAIT, PEER),
	  SEQ(RCV_NXT + HALF), MEETS(ACCEPT) },
	{ "a little more", B(IN_TIME_WAIT, PEER), SEQ(RCV_NXT + HALF + 1), MEETS(CHALLENGE_ACK) },
	{ "across the wrap", B(IN_TIME_WAIT, .rcv_nxt = U32_MAX), SEQ(0), MEETS(ACCEPT) },

	/* by timestamp */
	{ "an old number with a newer TSval", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT + 1),
	  MEETS(ACCEPT) },
	{ "an old number with the same TSval", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT),
	  MEETS(CHALLENGE_ACK) },
	{ "a new number with the same TSval", B(IN_TIME_WAIT, PEER), SEQ_TS(RCV_NXT + 9, TS_RECENT),
	  MEETS(ACCEPT) },
	{ "a new number with an older TSval", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT + 9, TS_RECENT - 1),
	  MEETS(PAWS_REJECT) },
	{ "a TSval half the circle away, neither older nor refused", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT + HALF), MEETS(ACCEPT) },
	{ "a little more is older", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT + HALF + 1),
	  MEETS(PAWS_REJECT) },
	{ "TSval across the wrap", B(IN_TIME_WAIT, .has_ts = true, .ts_recent = U32_MAX),
	  SEQ_TS(0, 0), MEETS(ACCEPT) },
	{ "PAWS holds nothing against a ts-recent of 0",
	  B(IN_TIME_WAIT, .has_ts = true, .rcv_nxt = RCV_NXT), SEQ_TS(RCV_NXT + 1, HALF + 1),
	  MEETS(ACCEPT) },
	{ "nor does it make the SYN newer", B(IN_TIME_WAIT, .has_ts = true, .rcv_nxt = RCV_NXT),
	  SEQ_TS(RCV_NXT, HALF + 1), MEETS(CHALLENGE_ACK) },
	{ "PAWS just before its end", B(IN_TIME_WAIT, PEER, .ts_recent_age_ms = 2146999),
	  SEQ_TS(RCV_NXT + 9, TS_RECENT - 1), MEETS(PAWS_REJECT) },
	{ "PAWS at its end", B(IN_TIME_WAIT, PEER, .ts_recent_age_ms = 2147000),
	  SEQ_TS(RCV_NXT + 9, TS_RECENT - 1), MEETS(ACCEPT) },
	{ "PAWS at its end, an old number", B(IN_TIME_WAIT, PEER, .ts_recent_age_ms = 2147000),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT - 1), MEETS(CHALLENGE_ACK) },

	/* where timestamps don't count */
	{ "tcp_timestamps 0: an older TSval is not looked at", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT + 9, TS_RECENT - 1), MEETS_P(ACCEPT, SECONDS, .tcp_timestamps = false) },
	{ "tcp_timestamps 0: nor a newer one", B(IN_TIME_WAIT, PEER),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT + 9),
	  MEETS_P(CHALLENGE_ACK, SECONDS, .tcp_timestamps = false) },
	{ "a bucket without: an older TSval is not looked at",
	  B(IN_TIME_WAIT, .rcv_nxt = RCV_NXT, .ts_recent = TS_RECENT),
	  SEQ_TS(RCV_NXT + 9, TS_RECENT - 1), MEETS(ACCEPT) },
	{ "a bucket without: nor a newer one", B(IN_TIME_WAIT, .rcv_nxt = RCV_NXT),
	  SEQ_TS(RCV_NXT - 9, 1), MEETS(CHALLENGE_ACK) },

	/* FIN_WAIT2 */
	{ "FIN_WAIT2: the next number", B(IN_FIN_WAIT2, PEER), SEQ(RCV_NXT), MEETS(RESET) },
	{ "FIN_WAIT2: the window's last", B(IN_FIN_WAIT2, PEER), SEQ(RCV_NXT + WND - 1),
	  MEETS(RESET) },
	{ "FIN_WAIT2: beyond the window", B(IN_FIN_WAIT2, PEER), SEQ(RCV_NXT + WND),
	  MEETS(CHALLENGE_ACK) },
	{ "FIN_WAIT2: before the window", B(IN_FIN_WAIT2, PEER), SEQ(RCV_NXT - 1),
	  MEETS(CHALLENGE_ACK) },
	{ "FIN_WAIT2: a window of none has the next number", B(IN_FIN_WAIT2, .rcv_nxt = RCV_NXT),
	  SEQ(RCV_NXT), MEETS(RESET) },
	{ "FIN_WAIT2: and no other", B(IN_FIN_WAIT2, .rcv_nxt = RCV_NXT), SEQ(RCV_NXT + 1),
	  MEETS(CHALLENGE_ACK) },
	{ "FIN_WAIT2: a window across the wrap",
	  B(IN_FIN_WAIT2, .rcv_nxt = U32_MAX - 1, .rcv_wnd = 4),
	  SEQ(1), MEETS(RESET) },
	{ "FIN_WAIT2: an older TSval inside the window", B(IN_FIN_WAIT2, PEER),
	  SEQ_TS(RCV_NXT, TS_RECENT - 1), MEETS(PAWS_REJECT) },
	{ "FIN_WAIT2: a newer TSval is of no help", B(IN_FIN_WAIT2, PEER),
	  SEQ_TS(RCV_NXT - 9, TS_RECENT + 9), MEETS(CHALLENGE_ACK) },

	/* answers are limited in rate, what is accepted is not */
	{ "limited: silence for an old number", B(IN_TIME_WAIT, PEER, .has_answered = true),
	  SEQ(RCV_NXT),
	  MEETS(DROP) },
	{ "limited: silence for PAWS", B(IN_TIME_WAIT, PEER, .has_answered = true),
	  SEQ_TS(RCV_NXT + 9, TS_RECENT - 1), MEETS(DROP) },
	{ "limited: silence in FIN_WAIT2", B(IN_FIN_WAIT2, PEER, .has_answered = true),
	  SEQ(RCV_NXT - 1),
	  MEETS(DROP) },
	{ "limited: accepted all the same", B(IN_TIME_WAIT, PEER, .has_answered = true),
	  SEQ(RCV_NXT + 1),
	  MEETS(ACCEPT) },
	{ "limited: reset all the same", B(IN_FIN_WAIT2, PEER, .has_answered = true), SEQ(RCV_NXT),
	  MEETS(RESET) },
	{ "limited for the last millisecond",
	  B(IN_TIME_WAIT, PEER, .has_answered = true, .answered_ms = 499), SEQ(RCV_NXT),
	  MEETS(DROP) },
	{ "limited no more", B(IN_TIME_WAIT, PEER, .has_answered = true, .answered_ms = 500),
	  SEQ(RCV_NXT), MEETS(CHALLENGE_ACK) },
	{ "unknown rules", B(IN_TIME_WAIT, PEER), SEQ(RCV_NXT + 1), MEETS_P(UNKNOWN, UNKNOWN) },
};

KUNIT_ARRAY_PARAM_DESC(syn, syn_cases, desc);

static void syn_of_the_peer(struct kunit *test)
{
	const struct syn_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, twscope_judge_syn(c->bucket, &c->policy, &c->syn), c->want);
}

/* tcp_oow_rate_limited() has the last word on an answer. */
static u8 syn_by_rule(const struct scene *x)
{
	s32 elapsed = x->bucket.answered_ms;
	bool limited = x->bucket.has_answered && 0 <= elapsed &&
		       elapsed < (s32)x->policy.tcp_invalid_ratelimit;

	switch (rules[rule_of(x)].decision) {
	case TWSCOPE_DECISION_SYN_SEQUENCE:
	case TWSCOPE_DECISION_SYN_TIMESTAMP:
		return TWSCOPE_SYN_VERDICT_ACCEPT;
	case TWSCOPE_DECISION_RESET:
		return TWSCOPE_SYN_VERDICT_RESET;
	case TWSCOPE_DECISION_PAWS_REJECT:
		return limited ? TWSCOPE_SYN_VERDICT_DROP : TWSCOPE_SYN_VERDICT_PAWS_REJECT;
	case TWSCOPE_DECISION_CHALLENGE_ACK:
		return limited ? TWSCOPE_SYN_VERDICT_DROP : TWSCOPE_SYN_VERDICT_CHALLENGE_ACK;
	}
	/* A bare SYN leads to nothing else. */
	return U8_MAX;
}

static void each_syn_by_rule(struct kunit *test)
{
	static const u32 tsvals[] = { 0, 1, -1, HALF, HALF + 1 };
	static const s32 answered[] = { -1, 0, 499, 500 };
	struct scene x = {
		.bucket = { .ts_recent = TS_RECENT },
		.policy = POLICY(SECONDS),
		.segment = { SYN },
	};
	unsigned int n, rest = 0;

	for (n = 0; !rest; n++) {
		struct twscope_syn syn;

		rest = n;
		x.bucket.substate = digit(&rest, 2) ? TWSCOPE_SUBSTATE_FIN_WAIT2 :
						      TWSCOPE_SUBSTATE_TIME_WAIT;
		x.bucket.has_ts = digit(&rest, 2);
		x.bucket.has_answered = digit(&rest, 2);
		x.bucket.answered_ms = PICK(&rest, answered);
		x.bucket.rcv_nxt = PICK(&rest, starts);
		x.bucket.rcv_wnd = PICK(&rest, windows);
		syn.seq = x.bucket.rcv_nxt + PICK(&rest, offsets);
		syn.has_tsval = digit(&rest, 2);
		syn.tsval = TS_RECENT + PICK(&rest, tsvals);

		x.segment.seq = syn.seq;
		x.segment.end_seq = syn.seq + 1;
		x.segment.has_tsval = syn.has_tsval;
		x.segment.tsval = syn.tsval;
		KUNIT_ASSERT_EQ_MSG(test, twscope_judge_syn(&x.bucket, &x.policy, &syn),
				    syn_by_rule(&x), "facts %#x, seq %u at %u + %u, answered %d %d",
				    facts(&x), syn.seq, x.bucket.rcv_nxt, x.bucket.rcv_wnd,
				    x.bucket.has_answered, x.bucket.answered_ms);
	}
}

/* The lowest number is accepted without a timestamp, and one less is not. */
static void syn_needs_a_number(struct kunit *test)
{
	struct twscope_policy p = POLICY(SECONDS);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		struct twscope_bucket b = { IN_TIME_WAIT, PEER };
		struct twscope_syn s = {};

		b.rcv_nxt = starts[i];
		KUNIT_EXPECT_TRUE(test, twscope_syn_seq(&b, &s.seq));
		KUNIT_EXPECT_EQ(test, s.seq, (u32)(starts[i] + 1));
		KUNIT_EXPECT_EQ(test, twscope_judge_syn(&b, &p, &s), TWSCOPE_SYN_VERDICT_ACCEPT);
		s.seq--;
		KUNIT_EXPECT_EQ(test, twscope_judge_syn(&b, &p, &s),
				TWSCOPE_SYN_VERDICT_CHALLENGE_ACK);

		b.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
		KUNIT_EXPECT_FALSE(test, twscope_syn_seq(&b, &s.seq));
	}
}

/* With the lowest TSval each number is, and with one less not. */
static void syn_needs_a_tsval(struct kunit *test)
{
	static const u32 recent[] = { 0, TS_RECENT, HALF - 1, HALF, U32_MAX };
	unsigned int n, rest = 0;

	for (n = 0; !rest; n++) {
		struct twscope_bucket b = { IN_TIME_WAIT, PEER };
		struct twscope_policy p = POLICY(SECONDS);
		struct twscope_syn s = { .has_tsval = true };
		bool is_new;

		rest = n;
		b.ts_recent = PICK(&rest, recent);
		s.seq = RCV_NXT + PICK(&rest, offsets);
		is_new = distance(RCV_NXT, s.seq) - 1 < HALF;

		KUNIT_EXPECT_TRUE(test, twscope_syn_tsval(&b, &p, &s.tsval));
		KUNIT_EXPECT_EQ(test, s.tsval, (u32)(b.ts_recent + 1));
		KUNIT_EXPECT_EQ(test, twscope_judge_syn(&b, &p, &s), TWSCOPE_SYN_VERDICT_ACCEPT);
		s.tsval--;
		KUNIT_EXPECT_EQ(test, twscope_judge_syn(&b, &p, &s) == TWSCOPE_SYN_VERDICT_ACCEPT,
				is_new);

		p.tcp_timestamps = false;
		KUNIT_EXPECT_FALSE(test, twscope_syn_tsval(&b, &p, &s.tsval));
		p.tcp_timestamps = true;
		b.has_ts = false;
		KUNIT_EXPECT_FALSE(test, twscope_syn_tsval(&b, &p, &s.tsval));
		b.has_ts = true;
		b.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
		KUNIT_EXPECT_FALSE(test, twscope_syn_tsval(&b, &p, &s.tsval));
	}
}

struct answer_case {
	const char	*desc;
	bool		has_answered;
	s32		answered_ms;
	u32		limit;
	u32		want;
};

static const struct answer_case answer_cases[] = {
	{ "it never did", false, 0, 500, 0 },
	{ "just now", true, 0, 500, 500 },
	{ "a while ago", true, 499, 500, 1 },
	{ "long enough ago", true, 500, 500, 0 },
	{ "after the clock was read", true, -1, 500, 0 },
	{ "after it, where the limit has no end", true, -2, U32_MAX, 0 },
	{ "no limit", true, 0, 0, 0 },
	{ "longer ago than can be told", true, S32_MAX, U32_MAX, (u32)S32_MAX + 1 },
};

KUNIT_ARRAY_PARAM_DESC(answer, answer_cases, desc);

static void answered_again(struct kunit *test)
{
	const struct answer_case *c = test->param_value;
	struct twscope_bucket b = {
		.has_answered = c->has_answered, .answered_ms = c->answered_ms,
	};
	struct twscope_policy p = { .tcp_invalid_ratelimit = c->limit };

	KUNIT_EXPECT_EQ(test, twscope_answer_in_ms(&b, &p), c->want);
}

static struct kunit_case segment_cases[] = {
	KUNIT_CASE_PARAM(segment_of_the_peer, time_wait_gen_params),
	KUNIT_CASE_PARAM(segment_of_the_peer, fin_wait2_gen_params),
	KUNIT_CASE(each_number_by_rule),
	KUNIT_CASE(each_timestamp_by_rule),
	KUNIT_CASE_PARAM(options, option_gen_params),
	KUNIT_CASE(options_in_a_row),
	KUNIT_CASE_PARAM(syn_of_the_peer, syn_gen_params),
	KUNIT_CASE(each_syn_by_rule),
	KUNIT_CASE(syn_needs_a_number),
	KUNIT_CASE(syn_needs_a_tsval),
	KUNIT_CASE_PARAM(answered_again, answer_gen_params),
	{}
};

static struct kunit_suite segment_suite = {
	.name		= "twscope_segment",
	.test_cases	= segment_cases,
};

kunit_test_suite(segment_suite);
