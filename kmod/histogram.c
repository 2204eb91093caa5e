// SPDX-License-Identifier: GPL-2.0

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/time64.h>
#include <uapi/linux/twscope.h>

#include "histogram.h"

/**
 * twscope_hist_add_seconds() - count a time in slots of one second
 * @hist: the slots; the last one is open
 * @slots: how many
 * @ms: the time
 *
 * Context: any; takes no lock.
 */
void twscope_hist_add_seconds(u32 *hist, unsigned int slots, u32 ms)
{
	hist[min_t(u32, ms / MSEC_PER_SEC, slots - 1)]++;
}

/**
 * twscope_hist_add_log2() - count a time in slots that double
 * @hist: the slots: 0 ms, then from 2^(i-1) to below 2^i; the last one is open
 * @slots: how many
 * @ms: the time
 *
 * Context: any; takes no lock.
 */
void twscope_hist_add_log2(u32 *hist, unsigned int slots, u32 ms)
{
	hist[min_t(u32, fls(ms), slots - 1)]++;
}

/**
 * twscope_hist_add_close() - count a bucket by when its TIME_WAIT began
 * @closes: TWSCOPE_CLOSES_SLOTS slots of one second, from now backwards
 * @remaining_ms: what is left of it
 * @timewait_len_ms: how long it is on this kernel
 *
 * 2MSL is the one timer whose length is known, so its start follows from what
 * is left of it. One that is due but not served yet (the timer wheel may be
 * seconds late at this distance) started before the window.
 *
 * Context: any; takes no lock.
 */
void twscope_hist_add_close(u32 *closes, u32 remaining_ms, u32 timewait_len_ms)
{
	u32 slot;

	if (!remaining_ms)
		return;

	slot = (timewait_len_ms - min(remaining_ms, timewait_len_ms)) / MSEC_PER_SEC;
	if (slot < TWSCOPE_CLOSES_SLOTS)
		closes[slot]++;
}
