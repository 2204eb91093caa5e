/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line in the making. printf() takes nine tenths of the time that a list of a
 * million rows takes; this is for rows, and for nothing else. What finds no
 * room any more is cut off.
 */
#ifndef TWCTL_LINE_H
#define TWCTL_LINE_H

#include <stdio.h>
#include <string.h>

#include "types.h"

/* A row, with the longest names there may be in it. */
#define LINE_SIZE 2048
/* Blanks are written so many at a time, whatever of them is wanted. */
#define LINE_BLANKS 32

struct line {
	size_t n;
	char buf[LINE_SIZE + LINE_BLANKS];
};

#define LINE_INLINE static inline __attribute__((always_inline))

LINE_INLINE void line_mem(struct line *l, const char *s, size_t n)
{
	if (n > LINE_SIZE - l->n)
		n = LINE_SIZE - l->n;
	memcpy(l->buf + l->n, s, n);
	l->n += n;
}

static inline void line_str(struct line *l, const char *s)
{
	line_mem(l, s, strlen(s));
}

/* The same of a literal, whose length need not be found. */
#define LINE_LIT(l, s) line_mem(l, s, sizeof(s) - 1)

LINE_INLINE void line_char(struct line *l, char c)
{
	if (l->n < LINE_SIZE)
		l->buf[l->n++] = c;
}

#define LINE_DIGITS (sizeof("4294967295") - 1)

static inline void line_number(struct line *l, uint32_t v)
{
	/* from its end, and room for a copy that begins anywhere in it */
	char digits[2 * LINE_DIGITS];
	char *at = digits + LINE_DIGITS;

	do {
		*--at = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	if (LINE_SIZE - l->n < LINE_DIGITS)
		return;
	/* of a known length, thus no call */
	memcpy(l->buf + l->n, at, LINE_DIGITS);
	l->n += (size_t)(digits + LINE_DIGITS - at);
}

static inline void line_blanks(struct line *l, size_t n)
{
	for (; n > LINE_BLANKS; n -= LINE_BLANKS)
		line_mem(l, "                                ", LINE_BLANKS);
	if (n > LINE_SIZE - l->n)
		n = LINE_SIZE - l->n;
	memset(l->buf + l->n, ' ', LINE_BLANKS);
	l->n += n;
}

/* What was written since the line had @from bytes, in a column of @width. */
static inline void line_left(struct line *l, size_t from, size_t width)
{
	if (l->n - from < width)
		line_blanks(l, width - (l->n - from));
}

static inline void line_right(struct line *l, size_t from, size_t width)
{
	size_t len = l->n - from, i;

	if (len >= width || from + width > LINE_SIZE)
		return;
	for (i = 0; i < len; i++)
		l->buf[from + width - 1 - i] = l->buf[l->n - 1 - i];
	for (i = from; i < from + width - len; i++)
		l->buf[i] = ' ';
	l->n = from + width;
}

/* An address of AF_INET or AF_INET6. */
void line_address(struct line *l, uint16_t family, const uint8_t *addr);
/* ADDR:PORT or [ADDR]:PORT; @service instead of the port where it is not NULL. */
void line_endpoint(struct line *l, uint16_t family, const uint8_t *addr,
		   uint16_t port, const char *service);
/* 41.2s, as text_seconds() */
void line_seconds(struct line *l, uint32_t ms);
/* 412ms or 3.1s, as text_wait() */
void line_wait(struct line *l, uint32_t ms);

static inline void line_write(const struct line *l, FILE *fp)
{
	fwrite(l->buf, 1, l->n, fp);
}

#endif /* TWCTL_LINE_H */
