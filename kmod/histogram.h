/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_HISTOGRAM_H
#define TWSCOPE_HISTOGRAM_H

#include <linux/types.h>

/* histogram.c */
void twscope_hist_add_seconds(u32 *hist, unsigned int slots, u32 ms);
void twscope_hist_add_log2(u32 *hist, unsigned int slots, u32 ms);
void twscope_hist_add_close(u32 *closes, u32 remaining_ms, u32 timewait_len_ms);

#endif /* TWSCOPE_HISTOGRAM_H */
