/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_SUMMARY_H
#define TWSCOPE_SUMMARY_H

#include <linux/types.h>
#include <uapi/linux/twscope.h>

struct twscope_bucket;
struct twscope_judgement;

/**
 * struct twscope_summary - counts over some buckets
 * @total:	all of them; @timewait + @fin_wait2, and the sum by family
 * @timewait:	in true TIME_WAIT
 * @fin_wait2:	FIN_WAIT2 minisockets
 * @ipv4:	AF_INET
 * @ipv6:	AF_INET6 with other than IPv4-mapped addresses
 * @ipv4_mapped: AF_INET6 with IPv4-mapped addresses
 * @remaining:	by whole seconds left, the last slot is open; adds up to @total
 * @closes:	@timewait by whole seconds since 2MSL began; what is overdue
 *		began before the window and is left out
 */
struct twscope_summary {
	u32 total;
	u32 timewait;
	u32 fin_wait2;
	u32 ipv4;
	u32 ipv6;
	u32 ipv4_mapped;
	u32 remaining[TWSCOPE_HIST_SLOTS];
	u32 closes[TWSCOPE_CLOSES_SLOTS];
};

/**
 * struct twscope_verdicts - how some buckets were judged
 * @now:	by enum twscope_verdict
 * @bound:	the same for a port bound before
 * @wait:	the TOO_YOUNG ones by the time they wait, in slots that double
 * @changes:	by verdict and by verdict under another policy
 * @whatif_wait: @wait under that policy
 */
struct twscope_verdicts {
	u32 now[TWSCOPE_N_VERDICTS];
	u32 bound[TWSCOPE_N_VERDICTS];
	u32 wait[TWSCOPE_WAIT_SLOTS];
	u32 changes[TWSCOPE_N_VERDICTS][TWSCOPE_N_VERDICTS];
	u32 whatif_wait[TWSCOPE_WAIT_SLOTS];
};

/* summary.c */
void twscope_summary_add(struct twscope_summary *sum,
			 const struct twscope_bucket *b, u32 timewait_len_ms);
void twscope_verdicts_add(struct twscope_verdicts *v,
			  const struct twscope_judgement *now, u8 bound,
			  const struct twscope_judgement *whatif);

#endif /* TWSCOPE_SUMMARY_H */
