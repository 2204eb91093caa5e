/* SPDX-License-Identifier: GPL-2.0 */
/* The live screen as text: a function of its state and of what is known. */
#ifndef TWCTL_OUT_TEXT_TOP_H
#define TWCTL_OUT_TEXT_TOP_H

#include "out_text.h"
#include "top_ask.h"

/* What is on it beside that. */
struct top_scene {
	const struct tws_info *info;
	const char *host;
};

/* Where one types; row is negative for nowhere. */
struct top_cursor {
	int row;
	int col;
};

/*
 * The lines of the screen, from the first to the last, in memory; none is longer
 * than st->cols. To be freed; NULL where memory is short. Sets how many rows of a
 * list fit, and scrolls to what is selected. @options: as out_text() takes them, but
 * for fp.
 */
char *text_top(const struct out_options *options, struct top_state *st,
	       const struct top_data *d, const struct top_scene *scene,
	       struct top_cursor *cursor);

/* What is below is for out_text_top*.c alone. */

struct top_page {
	struct top_state *st;
	const struct top_data *d;
	const struct top_scene *scene;
	struct text *t;
	/* the writer's own */
	FILE *fp;
};

/*
 * What @write writes, in memory, to be cut and freed; NULL where that is short.
 */
char *top_part(struct top_page *p, void (*write)(struct top_page *, unsigned int),
	       unsigned int room);

#define TOP_REVERSE	"\033[7m"
#define TOP_OFF		"\033[0m"

/* What is between head and keys, @room lines of it. */
void top_destinations_body(struct top_page *p, unsigned int room);
void top_buckets_body(struct top_page *p, unsigned int room);
void top_bucket_body(struct top_page *p, unsigned int room);
void top_help_body(struct top_page *p, unsigned int room);

#endif /* TWCTL_OUT_TEXT_TOP_H */
