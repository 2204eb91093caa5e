// SPDX-License-Identifier: GPL-2.0
/*
 * From the kernel's stamps to ages. A stamp may be taken by another CPU after
 * the clocks were read: then its age is negative.
 */

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/time64.h>

#include "clock.h"

/**
 * twscope_clock_left_ms() - how much is left of a timer
 * @now: the clocks
 * @expires: when it is due, in jiffies
 *
 * Context: any; takes no lock.
 * Return: milliseconds, 0 when it is due.
 */
u32 twscope_clock_left_ms(const struct twscope_clock *now,
			  unsigned long expires)
{
	long left = expires - now->jiffies;

	return left > 0 ? jiffies_to_msecs(left) : 0;
}

/**
 * twscope_clock_since_entry_ms() - the age of a stamp of entry
 * @now: the clocks
 * @stamp: the stamp, in milliseconds, wraps
 *
 * Context: any; takes no lock.
 * Return: milliseconds, modulo 2^32 as the kernel compares them.
 */
s32 twscope_clock_since_entry_ms(const struct twscope_clock *now, u32 stamp)
{
	return now->entry_ms - stamp;
}

/**
 * twscope_clock_since_second_ms() - how long ago a second began
 * @now: the clocks
 * @stamp: the second, of the kernel's monotonic clock
 *
 * Context: any; takes no lock.
 * Return: milliseconds; from 1000 on the second is over.
 */
s64 twscope_clock_since_second_ms(const struct twscope_clock *now, s64 stamp)
{
	return now->seconds_ms - stamp * MSEC_PER_SEC;
}

/**
 * twscope_clock_since_answer_ms() - the age of a stamp of jiffies
 * @now: the clocks
 * @stamp: the low half of the jiffies of then
 *
 * Context: any; takes no lock.
 * Return: milliseconds, S32_MAX for more than that; -1 where it is negative.
 */
s32 twscope_clock_since_answer_ms(const struct twscope_clock *now, u32 stamp)
{
	s32 elapsed = (u32)now->jiffies - stamp;

	if (elapsed < 0)
		return -1;
	return min_t(u32, jiffies_to_msecs(elapsed), S32_MAX);
}
