/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COUNTERS_H
#define TWSCOPE_COUNTERS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <uapi/linux/twscope.h>

struct net;

/**
 * struct twscope_counts - what was observed in a network namespace
 * @created_time_wait:	buckets made
 * @created_fin_wait2:	buckets made
 * @restarted:		times that TIME_WAIT began anew
 * @segments:		segments that met a bucket
 * @answered:		ACKs to segments out of turn
 * @segment_mismatch:	segments after which the kernel did something else
 * @verdict_mismatch:	verdicts that were wrong
 * @verdict_boundary:	verdicts that changed meanwhile
 * @overflow:		closes without a bucket, while the limit was near
 * @out_of_memory:	closes without a bucket, while it was far
 * @ended:		buckets that ended, by enum twscope_cause
 * @decisions:		by enum twscope_decision
 *
 * Wraps, where a long has 32 bits, as the kernel's own counters do.
 */
struct twscope_counts {
	unsigned long created_time_wait;
	unsigned long created_fin_wait2;
	unsigned long restarted;
	unsigned long segments;
	unsigned long answered;
	unsigned long segment_mismatch;
	unsigned long verdict_mismatch;
	unsigned long verdict_boundary;
	unsigned long overflow;
	unsigned long out_of_memory;
	unsigned long ended[TWSCOPE_N_CAUSES];
	unsigned long decisions[TWSCOPE_N_DECISIONS];
};

/**
 * struct twscope_cpu_counts - the counts of one processor
 * @c:		the counts
 * @failures:	of closes without a bucket, as the kernel counts them, those
 *		that are in @c
 * @asked:	a bucket was asked for here; what failed before is not ours
 * @near:	the limit was near when one was asked for last
 */
struct twscope_cpu_counts {
	struct twscope_counts	c;
	unsigned long		failures;
	bool			asked;
	bool			near;
};

/**
 * struct twscope_stats - counts of a namespace, for those who want to look
 * @netns:	its inode number, 0 for all those that ended
 * @before:	buckets that were there when counting began
 * @settled:	@before is exact
 * @present:	the kernel's own count
 * @c:		the counts
 */
struct twscope_stats {
	u32			netns;
	s64			before;
	bool			settled;
	u32			present;
	struct twscope_counts	c;
};

/* counters.c */
int twscope_counters_start(void);
void twscope_counters_settle(void);
void twscope_counters_stop(void);
struct twscope_cpu_counts __percpu *twscope_counters_of(const struct net *net);
struct twscope_cpu_counts __percpu *twscope_counters_late(void);
void twscope_counters_asked(const struct net *net);
void twscope_counters_read(struct net *net, struct twscope_stats *s);
void twscope_counters_read_ended(struct twscope_stats *s);

#endif /* TWSCOPE_COUNTERS_H */
