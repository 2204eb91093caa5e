// SPDX-License-Identifier: GPL-2.0

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/time64.h>

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
