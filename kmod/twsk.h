/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_TWSK_H
#define TWSCOPE_TWSK_H

#include <linux/types.h>

struct inet_timewait_sock;
struct net;
struct twscope_bucket;

/**
 * struct twscope_clock - one reading of the clocks that a bucket is timed by
 * @jiffies:	of the timer
 * @entry_ms:	of the stamp of entry, wraps
 * @seconds:	of ts_recent_stamp
 */
struct twscope_clock {
	unsigned long	jiffies;
	u32		entry_ms;
	time64_t	seconds;
};

/* twsk.c */
void twscope_clock_read(struct twscope_clock *now);
void twscope_twsk_snapshot(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now,
			   struct twscope_bucket *b);
u32 twscope_twsk_bytes(void);
u32 twscope_twsk_timewait_len_ms(void);

#endif /* TWSCOPE_TWSK_H */
