/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the live screen, and what keys do to it. All pure: it knows of no
 * terminal, and asks nobody.
 */
#ifndef TWCTL_TOP_STATE_H
#define TWCTL_TOP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below that it says so, and shows nothing else. */
#define TOP_MIN_ROWS 15
#define TOP_MIN_COLS 60
/* what a filter may be long */
#define TOP_FILTER_SIZE 1024

/* From one to the next with Enter. */
enum top_view { TOP_DESTINATIONS, TOP_BUCKETS, TOP_BUCKET, TOP_N_VIEWS };

enum top_order {
	TOP_BY_HELD, TOP_BY_RATE, TOP_BY_OUTLOOK, TOP_BY_ADDRESS, TOP_N_ORDERS,
};

enum top_bucket_order {
	TOP_BY_END, TOP_BY_BEGIN, TOP_BY_VERDICT, TOP_BY_PORT,
	TOP_N_BUCKET_ORDERS,
};

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x100, TOP_KEY_DOWN, TOP_KEY_PAGE_UP, TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME, TOP_KEY_END, TOP_KEY_LEFT, TOP_KEY_RIGHT, TOP_KEY_ENTER,
	TOP_KEY_BACKSPACE, TOP_KEY_DELETE, TOP_KEY_ESCAPE,
};

/* What a key wants done beside showing the state anew. */
enum top_act {
	TOP_NOTHING,
	/* ask now */
	TOP_ASK,
	/* note what is selected in the view before, and ask */
	TOP_ENTER,
	/* what is there in its new order */
	TOP_SORT,
	/* see whether prompt.text is a filter: top_filter_taken() or _wrong() */
	TOP_FILTER,
	TOP_QUIT,
};

/* Rows of which some are seen; a page has none selected, at is first then. */
struct top_list {
	unsigned int n;
	unsigned int at;
	unsigned int first;
	/* that fit, as it was drawn last */
	unsigned int room;
};

struct top_prompt {
	bool open;
	/* of characters of ASCII that are to be seen */
	char text[TOP_FILTER_SIZE];
	size_t at;
	/* what is wrong with it, and a line that underlines it; or "" */
	char error[300];
	char marker[TOP_FILTER_SIZE + 8];
};

struct top_state {
	enum top_view view;
	/* over the view */
	bool help;
	bool paused;
	unsigned int rows;
	unsigned int cols;
	/* columns beyond the left edge */
	unsigned int skip;
	uint32_t interval_ms;
	enum top_order order;
	enum top_bucket_order bucket_order;
	struct top_list list[TOP_N_VIEWS];
	struct top_list help_list;
	/* the one in force; "" for none */
	char filter[TOP_FILTER_SIZE];
	struct top_prompt prompt;
};

/* @filter: one that is right, and fits; "" for none. */
void top_init(struct top_state *st, uint32_t interval_ms, const char *filter);

/* @key: a character, or an enum top_key. */
enum top_act top_key(struct top_state *st, int key);

/* What was typed is in force from now on. */
void top_filter_taken(struct top_state *st);
/* The prompt stays, with the words of arguments_filter()'s complaint. */
void top_filter_wrong(struct top_state *st, const char *complaint);

/* There are @n rows now, and what was selected is row @at; @n where it is gone. */
void top_list_set(struct top_list *l, unsigned int n, unsigned int at);
/* There is room for so many of them. */
void top_list_fit(struct top_list *l, unsigned int room);
/* The same of a page of @n lines, which has nothing selected. */
void top_page_fit(struct top_list *l, unsigned int n, unsigned int room);

/*
 * Milliseconds between two questions, when the last one took @took_ms: so many
 * times as long, so that the machine, and who types, are not held up.
 */
uint32_t top_interval(const struct top_state *st, uint64_t took_ms);

/* "held": of the view that it is in */
const char *top_order_name(const struct top_state *st);

#define TOP_KEYS_HELP \
"  Up Down j k         select, or scroll; PgUp, PgDn, Home, End go further\n" \
"  Enter               into the selected one: its buckets, then what the kernel\n" \
"                      asks of one of them\n" \
"  Esc  q              back; q in the first view quits\n" \
"  Left Right          what is beyond the edges\n" \
"  s                   another order. Destinations: held (ports), rate, outlook,\n" \
"                      address. Buckets: end, begin, verdict, port\n" \
"  /                   a filter: twctl help filter. Enter takes it, Esc leaves\n" \
"                      the old one, Ctrl-U clears it. The list is of what passes;\n" \
"                      buckets, closes/s and verdicts above it are of all\n" \
"  Space  p            pause: nothing is asked until it goes on\n" \
"  r                   ask now\n" \
"  +  -                a longer, a shorter interval\n" \
"  h  ?                this\n"

#endif /* TWCTL_TOP_STATE_H */
