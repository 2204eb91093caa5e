/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of the text writers, cut to what a screen has room for. */
#ifndef TWCTL_CLIP_H
#define TWCTL_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes the columns [@skip, @skip + @cols) of the line at @s, which ends at a
 * newline or the end, and returns how many there were. A character of UTF-8 is a
 * column, an escape sequence for colours none: it is kept, also from what is cut
 * off, or with @plain left out.
 */
unsigned int clip_line(FILE *fp, const char *s, unsigned int skip,
		       unsigned int cols, bool plain);

/* An escape sequence for colours at @s: its bytes, or 0. */
size_t clip_escape(const char *s);
/* The character at @s, which is not the end: its bytes. */
size_t clip_character(const char *s);

/* The beginning of the line after the one at @s; NULL where that is the last. */
const char *clip_next(const char *s);
/* A newline ends a line; what is after the last one is one, too. */
unsigned int clip_count(const char *s);

#endif /* TWCTL_CLIP_H */
