/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal of the live screen. Only top_screen.c knows of ncurses. */
#ifndef TWCTL_TOP_SCREEN_H
#define TWCTL_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "out_text_top.h"

struct top_screen;

/*
 * Takes the terminal at stdin and stdout, until top_screen_close(). NULL with the
 * reason in @err where it cannot.
 */
struct top_screen *top_screen_open(bool color, char *err, size_t size);
/* Leaves the terminal as it was. */
void top_screen_close(struct top_screen *s);

/*
 * A key as top_key() takes them; -1 where none is there. It does not wait, and sets
 * the size of @st where that changed.
 */
int top_screen_key(struct top_screen *s, struct top_state *st);
/* Shows the lines that text_top() made. */
void top_screen_show(struct top_screen *s, const char *lines,
		     const struct top_cursor *cursor);

#endif /* TWCTL_TOP_SCREEN_H */
