// SPDX-License-Identifier: GPL-2.0

#include <linux/kernel.h>
#include <linux/socket.h>
#include <net/ipv6.h>

#include "bucket.h"
#include "histogram.h"
#include "summary.h"
#include "verdict.h"

static void count_family(struct twscope_summary *sum,
			 const struct twscope_bucket *b)
{
	if (b->family == AF_INET)
		sum->ipv4++;
	else if (ipv6_addr_v4mapped(&b->remote))
		sum->ipv4_mapped++;
	else
		sum->ipv6++;
}

/**
 * twscope_summary_add() - count one bucket
 * @sum: the counts so far
 * @b: the bucket
 * @timewait_len_ms: how long this kernel's TIME_WAIT lasts, in milliseconds
 *
 * Context: any; takes no lock.
 */
void twscope_summary_add(struct twscope_summary *sum,
			 const struct twscope_bucket *b, u32 timewait_len_ms)
{
	sum->total++;
	twscope_hist_add_seconds(sum->remaining, TWSCOPE_HIST_SLOTS,
				 b->remaining_ms);
	count_family(sum, b);

	if (b->substate == TWSCOPE_SUBSTATE_FIN_WAIT2) {
		sum->fin_wait2++;
	} else {
		sum->timewait++;
		twscope_hist_add_close(sum->closes, b->remaining_ms,
				       timewait_len_ms);
	}
}

/**
 * twscope_verdicts_add() - count how one bucket was judged
 * @v: the counts so far
 * @now: the judgement
 * @bound: enum twscope_verdict for a port bound before
 * @whatif: the judgement under another policy, NULL without one
 *
 * Context: any; takes no lock.
 */
void twscope_verdicts_add(struct twscope_verdicts *v,
			  const struct twscope_judgement *now, u8 bound,
			  const struct twscope_judgement *whatif)
{
	v->now[now->verdict]++;
	v->bound[bound]++;
	if (now->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		twscope_hist_add_log2(v->wait, TWSCOPE_WAIT_SLOTS, now->wait_ms);

	if (!whatif)
		return;
	v->changes[now->verdict][whatif->verdict]++;
	if (whatif->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		twscope_hist_add_log2(v->whatif_wait, TWSCOPE_WAIT_SLOTS,
				      whatif->wait_ms);
}
