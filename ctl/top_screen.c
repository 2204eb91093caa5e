// SPDX-License-Identifier: GPL-2.0
#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clip.h"
#include "top_screen.h"
#include "types.h"

/*
 * What follows an Esc within that belongs to it: an arrow key over a slow line
 * comes in pieces.
 */
#define ESCAPE_MS 100
#define CTRL(c) ((c) & 0x1f)

enum pair { PAIR_RED = 1, PAIR_GREEN, PAIR_CYAN };

struct top_screen {
	SCREEN *screen;
	bool color;
	/* as it was before */
	sigset_t mask;
};

static void take_size(struct top_state *st)
{
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	st->rows = rows > 0 ? (unsigned int)rows : 1;
	st->cols = cols > 0 ? (unsigned int)cols : 1;
}

/* A size that comes is seen where we wait for keys: see wait_for_key(). */
static void block_sigwinch(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, before);
}

/* NULL as well where its cursor cannot be moved, which newterm() does not mind. */
static SCREEN *take_terminal(void)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);
	const char *move = screen ? tigetstr("cup") : NULL;

	if (move && move != (const char *)-1)
		return screen;
	if (screen) {
		endwin();
		delscreen(screen);
	}
	return NULL;
}

static void use_colors(struct top_screen *s)
{
	s->color = has_colors() && start_color() == OK;
	if (!s->color)
		return;
	use_default_colors();
	init_pair(PAIR_RED, COLOR_RED, -1);
	init_pair(PAIR_GREEN, COLOR_GREEN, -1);
	init_pair(PAIR_CYAN, COLOR_CYAN, -1);
}

static void set_keyboard(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
}

struct top_screen *top_screen_open(bool color, char *err, size_t size)
{
	const char *term = getenv("TERM");
	struct top_screen *s;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(err, size, "top needs a terminal to show itself on; twctl pressure says the same once");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s)
		s->screen = take_terminal();
	if (!s || !s->screen) {
		snprintf(err, size, "top cannot draw on this terminal: what TERM says, '%.40s', is not known here, or too little",
			 term ? term : "");
		free(s);
		return NULL;
	}
	set_keyboard();
	if (color)
		use_colors(s);
	block_sigwinch(&s->mask);
	return s;
}

void top_screen_close(struct top_screen *s)
{
	endwin();
	delscreen(s->screen);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	free(s);
}

/* keys */

static int translated(int c)
{
	static const struct {
		int curses, ours;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP }, { KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP }, { KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME }, { KEY_END, TOP_KEY_END },
		{ KEY_LEFT, TOP_KEY_LEFT }, { KEY_RIGHT, TOP_KEY_RIGHT },
		{ KEY_ENTER, TOP_KEY_ENTER }, { '\r', TOP_KEY_ENTER },
		{ '\n', TOP_KEY_ENTER }, { KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ 0x7f, TOP_KEY_BACKSPACE }, { '\b', TOP_KEY_BACKSPACE },
		{ KEY_DC, TOP_KEY_DELETE }, { 0x1b, TOP_KEY_ESCAPE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == c)
			return keys[i].ours;
	/* what else curses has beyond the bytes is nothing to us */
	return c > 0xff ? 0 : c;
}

int top_screen_key(struct top_screen *s, struct top_state *st)
{
	int c;

	(void)s;
	c = getch();
	if (c == ERR)
		c = -1;
	else if (c == CTRL('l'))
		clearok(curscr, TRUE);
	else if (c != KEY_RESIZE)
		return translated(c);
	take_size(st);
	return c < 0 ? -1 : 0;
}

/* showing */

/* What a number of an escape sequence of out_text.c means. */
static attr_t added(const struct top_screen *s, attr_t attrs, int n)
{
	switch (n) {
	case 0:
		return A_NORMAL;
	case 1:
		return attrs | A_BOLD;
	case 7:
		return attrs | A_REVERSE;
	case 31:
		return s->color ? attrs | (attr_t)COLOR_PAIR(PAIR_RED) : attrs;
	case 32:
		return s->color ? attrs | (attr_t)COLOR_PAIR(PAIR_GREEN) : attrs;
	case 36:
		return s->color ? attrs | (attr_t)COLOR_PAIR(PAIR_CYAN) : attrs;
	}
	return attrs;
}

static attr_t after_escape(const struct top_screen *s, attr_t attrs, const char *at)
{
	char *end;
	long n;

	for (at += 2;; at = end + 1) {
		n = strtol(at, &end, 10);
		attrs = added(s, attrs, (int)n);
		if (*end != ';')
			return attrs;
	}
}

static void show_line(const struct top_screen *s, const char *at)
{
	attr_t attrs = A_NORMAL;
	size_t n;

	while (*at && *at != '\n') {
		n = clip_escape(at);
		if (n) {
			attrs = after_escape(s, attrs, at);
		} else {
			n = clip_character(at);
			attrset((int)attrs);
			addnstr(at, (int)n);
		}
		at += n;
	}
	attrset(A_NORMAL);
}

void top_screen_show(struct top_screen *s, const char *lines,
		     const struct top_cursor *cursor)
{
	int row, rows = getmaxy(stdscr);

	erase();
	for (row = 0; lines && row < rows; row++) {
		move(row, 0);
		show_line(s, lines);
		lines = clip_next(lines);
	}
	curs_set(cursor->row >= 0);
	if (cursor->row >= 0)
		move(cursor->row, cursor->col);
	refresh();
}
