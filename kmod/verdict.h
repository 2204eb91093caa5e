/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_VERDICT_H
#define TWSCOPE_VERDICT_H

#include <linux/types.h>
#include <uapi/linux/twscope.h>

struct twscope_bucket;

/**
 * enum twscope_search - what the port search does at a port
 * @TWSCOPE_SEARCH_ASKS:	it asks whether a connection may begin there
 * @TWSCOPE_SEARCH_BLOCKED:	bind() made or joined the bind bucket: passed by
 * @TWSCOPE_SEARCH_NEVER:	reserved, or outside of the range
 */
enum twscope_search {
	TWSCOPE_SEARCH_ASKS,
	TWSCOPE_SEARCH_BLOCKED,
	TWSCOPE_SEARCH_NEVER,
};

/**
 * struct twscope_policy - what decides on a bucket besides the bucket
 * @rules:		enum twscope_rules, by which the kernel reuses
 * @tcp_tw_reuse:	sysctl
 * @tcp_timestamps:	sysctl, on or off
 * @tcp_rfc1337:	sysctl, on or off
 * @tcp_tw_reuse_delay:	sysctl, milliseconds; of the rules ENTRY_DELAY only
 * @tcp_invalid_ratelimit: sysctl, milliseconds
 * @tick_ms:		how late the kernel's clock of seconds may be
 * @paws_wrap_s:	seconds after which PAWS believes any timestamp
 */
struct twscope_policy {
	u8	rules;
	u8	tcp_tw_reuse;
	bool	tcp_timestamps;
	bool	tcp_rfc1337;
	u32	tcp_tw_reuse_delay;
	u32	tcp_invalid_ratelimit;
	u32	tick_ms;
	u32	paws_wrap_s;
};

/**
 * struct twscope_whatif - sysctls to judge by instead of a namespace's own
 * @has_reuse:		@tcp_tw_reuse is given
 * @has_reuse_delay:	@tcp_tw_reuse_delay is given
 * @has_timestamps:	@tcp_timestamps is given
 * @tcp_tw_reuse:	0 to 2
 * @tcp_timestamps:	on or off
 * @tcp_tw_reuse_delay:	milliseconds
 */
struct twscope_whatif {
	bool	has_reuse;
	bool	has_reuse_delay;
	bool	has_timestamps;
	u8	tcp_tw_reuse;
	bool	tcp_timestamps;
	u32	tcp_tw_reuse_delay;
};

/**
 * struct twscope_judgement - whether connect() would reuse a bucket
 * @verdict:	enum twscope_verdict
 * @asked:	enum twscope_condition, those that the rules ask for
 * @held:	those of @asked that hold
 * @wait_ms:	until it is reusable, with TOO_YOUNG only, else 0
 */
struct twscope_judgement {
	u8	verdict;
	u8	asked;
	u8	held;
	u32	wait_ms;
};

/**
 * struct twscope_syn - a SYN of the peer
 * @has_tsval:	it has a timestamp option
 * @seq:	its sequence number
 * @tsval:	its TSval
 */
struct twscope_syn {
	bool	has_tsval;
	u32	seq;
	u32	tsval;
};

/**
 * struct twscope_segment - a segment of the peer
 * @syn:	flag
 * @ack:	flag
 * @rst:	flag
 * @fin:	flag
 * @has_tsval:	it has a timestamp option
 * @seq:	its first sequence number
 * @end_seq:	that of what follows it; SYN and FIN have one each
 * @tsval:	its TSval
 */
struct twscope_segment {
	bool	syn : 1,
		ack : 1,
		rst : 1,
		fin : 1,
		has_tsval : 1;
	u32	seq;
	u32	end_seq;
	u32	tsval;
};

/* verdict.c */
void twscope_policy_override(struct twscope_policy *p,
			     const struct twscope_whatif *w);
void twscope_judge(const struct twscope_bucket *b,
		   const struct twscope_policy *p, u8 search,
		   struct twscope_judgement *j);
u8 twscope_judge_bound(const struct twscope_bucket *b,
		       const struct twscope_policy *p);

/* segment.c */
u8 twscope_judge_segment(const struct twscope_bucket *b,
			 const struct twscope_policy *p,
			 const struct twscope_segment *s);
void twscope_segment_options(struct twscope_segment *s, const u8 *options,
			     unsigned int len);
u8 twscope_judge_syn(const struct twscope_bucket *b,
		     const struct twscope_policy *p,
		     const struct twscope_syn *syn);
bool twscope_syn_seq(const struct twscope_bucket *b, u32 *seq);
bool twscope_syn_tsval(const struct twscope_bucket *b,
		       const struct twscope_policy *p, u32 *tsval);
u32 twscope_answer_in_ms(const struct twscope_bucket *b,
			 const struct twscope_policy *p);

#endif /* TWSCOPE_VERDICT_H */
