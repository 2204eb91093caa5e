/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_HISTOGRAM_H
#define TWSCOPE_HISTOGRAM_H

#include <linux/types.h>

/* histogram.c */
void twscope_hist_add_seconds(u32 *hist, unsigned int slots, u32 ms);
void twscope_hist_add_log2(u32 *hist, unsigned int slots, u32 ms);

#endif /* TWSCOPE_HISTOGRAM_H */
