/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers and shapes as text. Those that write return the buffer they were given. */
#ifndef TWCTL_TEXT_H
#define TWCTL_TEXT_H

#include "types.h"

/* 12,345 */
char *text_count(char *buf, size_t size, uint64_t v);
/* 3.1 MiB */
char *text_bytes(char *buf, size_t size, uint64_t bytes);
/* 41.2s */
char *text_seconds(char *buf, size_t size, uint32_t ms);
/* 412ms or 3.1s; rounded up, so that it is over by then */
char *text_wait(char *buf, size_t size, uint32_t ms);
/* 412 ms or 3.1 s, for sentences; rounded as above */
char *text_wait_words(char *buf, size_t size, uint32_t ms);
/* the same for what has passed or is left; cut off, as text_seconds() does */
char *text_time_words(char *buf, size_t size, uint32_t ms);
/* 4.7 %; "-" of nothing. Never rounds up to 100, nor down to 0. */
char *text_percent(char *buf, size_t size, uint64_t part, uint64_t whole);
/* 1.2 ms */
char *text_duration_us(char *buf, size_t size, uint32_t us);
/* 12.3 s, 3 min 20 s, 2 h 5 min, or 3 d 4 h; cut off */
char *text_span(char *buf, size_t size, uint64_t ms);
/* @n in @ms milliseconds, by the second: 0, <0.1, 4.7, or 12345 */
char *text_rate(char *buf, size_t size, uint64_t n, uint64_t ms);
/* ports a second: 4.7, or 12,345 from 100 on */
char *text_port_rate(char *buf, size_t size, double rate);
/* 2026-11-21 11:47:26, local time */
char *text_date(char *buf, size_t size, uint64_t ns);
/* 11:47:26.123, local time */
char *text_clock(char *buf, size_t size, uint64_t ns);

/*
 * The other way: milliseconds of 60, 60s, 0.5, 500ms, 2m (or 2min) or 1h, with up
 * to three digits behind the point. False where it is none.
 */
bool text_to_ms(const char *text, uint32_t *ms);

/*
 * What others chose, such as the name of a process: no byte of it that is not
 * to be seen shall reach the terminal.
 */
char *text_harmless(char *buf, size_t size, const char *s);

/*
 * The @cells newest slots of @h, the newest at the right. A cell is at the
 * ground only where its slot is 0. A cell takes up to 3 bytes.
 */
char *text_sparkline(char *buf, size_t size, const struct tws_hist *h,
		     unsigned int cells, bool utf8);
/*
 * @part of @whole as a bar of @cells cells, the last of them in eighths; in ASCII
 * it is "-" where it is a part. 3 bytes a cell and two more.
 */
char *text_bar(char *buf, size_t size, uint64_t part, uint64_t whole,
	       unsigned int cells, bool utf8);

uint32_t hist_peak(const struct tws_hist *h);
uint64_t hist_sum(const struct tws_hist *h);
/* The sum of the slots [0, n); never of the last one, which has no upper end. */
uint64_t hist_before(const struct tws_hist *h, unsigned int n);

#endif /* TWCTL_TEXT_H */
