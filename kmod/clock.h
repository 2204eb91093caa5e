/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_CLOCK_H
#define TWSCOPE_CLOCK_H

#include <linux/types.h>

/**
 * struct twscope_clock - one reading of the clocks that a bucket is timed by
 * @jiffies:	of the timer, and of answers
 * @entry_ms:	of the stamp of entry, wraps
 * @seconds_ms:	of ts_recent_stamp, whose clock of seconds moves on with this
 */
struct twscope_clock {
	unsigned long	jiffies;
	u32		entry_ms;
	s64		seconds_ms;
};

/* clock.c */
u32 twscope_clock_left_ms(const struct twscope_clock *now,
			  unsigned long expires);
s32 twscope_clock_since_entry_ms(const struct twscope_clock *now, u32 stamp);
s64 twscope_clock_since_second_ms(const struct twscope_clock *now, s64 stamp);
s32 twscope_clock_since_answer_ms(const struct twscope_clock *now, u32 stamp);

#endif /* TWSCOPE_CLOCK_H */
