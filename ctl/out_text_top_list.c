// SPDX-License-Identifier: GPL-2.0
/* The live screen: its lists and pages. */
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "out_text_top.h"
#include "text.h"

#define BAR_CELLS 8
/* Where there is room for the bar and what can go on for good, too. */
#define WIDE_COLS 80
/* Rows of a list that shall be seen below what else is there. */
#define MIN_LIST 3

static void print_filter(struct top_page *p)
{
	if (*p->st->filter)
		fprintf(p->fp, "; filter: %s", p->st->filter);
}

/* @rows: a line each, of which number @selected is to stand out. */
static void put_rows(struct top_page *p, const char *rows, unsigned int selected)
{
	unsigned int i, n, width = p->st->cols + p->st->skip;
	const char *line = rows && *rows ? rows : NULL;

	for (i = 0; line; i++, line = clip_next(line)) {
		if (i != selected) {
			fprintf(p->fp, " %.*s\n", (int)strcspn(line, "\n"), line);
			continue;
		}
		/* also for a terminal that has nothing to make it stand out by */
		fputs(TOP_REVERSE ">", p->fp);
		n = 1 + clip_line(p->fp, line, 0, width - 1, true);
		fprintf(p->fp, "%*s" TOP_OFF "\n", (int)(width - n), "");
	}
}

/* destinations */

static char *outlook(char *buf, size_t size, const struct pressure *p)
{
	char span[24];

	if (!p->available)
		snprintf(buf, size, "exhausted");
	else if (p->limited)
		snprintf(buf, size, "limit first");
	else if (p->exhausted_s < 0)
		snprintf(buf, size, "lasts");
	else
		snprintf(buf, size, "in %s",
			 text_span(span, sizeof(span),
				   (uint64_t)(p->exhausted_s * 1000)));
	return buf;
}

static const char *outlook_color(const struct top_page *p, const struct pressure *of)
{
	if (!of->available || pressure_soon(of))
		return p->t->c.warn;
	return of->exhausted_s < 0 && !of->limited ? p->t->c.good : "";
}

static void print_ends(struct top_page *p, const struct top_row *row)
{
	const struct tws_group *g = row->of->group;
	char from[INET6_ADDRSTRLEN], to[ENDPOINT_SIZE], name[300];

	inet_ntop(g->local_family, g->local, from, sizeof(from));
	endpoint_text(to, sizeof(to), g->remote_family, g->remote, g->remote_port,
		      services_name(p->t->o.opt.services, g->remote_port));
	if (row->pool)
		fprintf(p->fp, "bind() to %s", from);
	else
		fprintf(p->fp, "%s from %s", to, from);
	print_device(p->t, g->ifindex);
	if (p->t->o.opt.all_netns)
		fprintf(p->fp, " netns %u%s", g->netns,
			netns_suffix(p->t, name, sizeof(name), g->netns));
}

static void destination(struct top_page *p, const struct top_row *row)
{
	const struct pressure *of = &row->of->now;
	uint32_t taken = of->ports - of->available;
	bool wide = p->st->cols >= WIDE_COLS, utf8 = p->t->o.opt.utf8;
	const char *color = pressure_nearly(of) ? p->t->c.warn : p->t->c.good;
	char shape[3 * BAR_CELLS + 3], pct[16], n[32], rate[32], last[32], when[32];

	if (wide)
		fprintf(p->fp, "%s%s%s", color,
			text_bar(shape, sizeof(shape), taken, of->ports,
				 utf8 ? BAR_CELLS : BAR_CELLS - 2, utf8), p->t->c.off);
	fprintf(p->fp, "%s%7s%s %7s %7s", color,
		text_percent(pct, sizeof(pct), taken, of->ports), p->t->c.off,
		text_count(n, sizeof(n), of->available),
		text_port_rate(rate, sizeof(rate), of->rate));
	if (wide)
		fprintf(p->fp, " %7s", text_port_rate(last, sizeof(last), of->sustained));
	color = outlook_color(p, of);
	fprintf(p->fp, "  %s%-12s%s  ", color, outlook(when, sizeof(when), of),
		*color ? p->t->c.off : "");
	print_ends(p, row);
	fputc('\n', p->fp);
}

static void destinations(struct top_page *p, unsigned int room)
{
	const struct top_list *l = &p->st->list[TOP_DESTINATIONS];
	unsigned int i;

	for (i = l->first; i < l->n && i < l->first + room; i++)
		destination(p, &p->d->rows.row[i]);
}

static void destinations_title(struct top_page *p)
{
	uint32_t others = p->d->p.others;
	char a[32], b[32];

	fprintf(p->fp, "\n%s%s destination%s", p->t->c.bold,
		text_count(a, sizeof(a), p->d->rows.n), p->d->rows.n == 1 ? "" : "s");
	if (others)
		fprintf(p->fp, " that hold most ports, of %s",
			text_count(b, sizeof(b), (uint64_t)p->d->rows.n + others));
	fprintf(p->fp, ", by %s", top_order_name(p->st));
	print_filter(p);
	fprintf(p->fp, "\n %s%7s %7s %7s", p->st->cols >= WIDE_COLS ? "        " : "",
		"TAKEN", "AVAIL", "RATE/S");
	if (p->st->cols >= WIDE_COLS)
		fprintf(p->fp, " %7s", "SUSTAIN");
	fprintf(p->fp, "  %-12s  %s%s\n", "OUTLOOK", "DESTINATION", p->t->c.off);
}

void top_destinations_body(struct top_page *p, unsigned int room)
{
	struct top_list *l = &p->st->list[TOP_DESTINATIONS];
	char *rows;

	if (!p->d->rows.n) {
		fputs("\nno local port of the range is taken by a connection", p->fp);
		print_filter(p);
		fputc('\n', p->fp);
		return;
	}
	destinations_title(p);
	top_list_fit(l, room - 3);
	rows = top_part(p, destinations, room - 3);
	put_rows(p, rows, l->at - l->first);
	free(rows);
}

/* the buckets of one */

/* As pressure has it, but for the empty line that it begins with. */
static void picked(struct top_page *p, unsigned int room)
{
	unsigned int i = top_rows_find(&p->d->rows, &p->d->picked, p->d->picked_pool);
	struct pressure_report r = { 0 };

	(void)room;
	if (i == p->d->rows.n) {
		fputs("\nIt takes no port any more.\n", p->fp);
		return;
	}
	if (p->d->picked_pool) {
		r.n_sources = 1;
		r.source = p->d->rows.row[i].of;
	} else {
		r.n = 1;
		r.row = p->d->rows.row[i].of;
	}
	text_pressure(&p->t->o, &r);
}

/* With a heading, as list has it. */
static void bucket_rows(struct top_page *p, unsigned int room)
{
	const struct top_list *l = &p->st->list[TOP_BUCKETS];
	struct out *out = out_text(&p->t->o.opt, OUT_BUCKETS);
	unsigned int i;

	if (!out)
		return;
	for (i = l->first; i < l->n && i < l->first + room; i++)
		out_bucket(out, &p->d->buckets.row[i]);
	out_end(out, false);
}

static void buckets_title(struct top_page *p)
{
	const struct top_buckets *b = &p->d->buckets;
	char a[32], n[32];

	fprintf(p->fp, "\n%s%s bucket%s by %s", p->t->c.bold,
		text_count(a, sizeof(a), b->seen), b->seen == 1 ? "" : "s",
		top_order_name(p->st));
	if (b->n < b->seen)
		fprintf(p->fp, ", the first %s of them", text_count(n, sizeof(n), b->n));
	print_filter(p);
	fprintf(p->fp, "%s\n", p->t->c.off);
}

void top_buckets_body(struct top_page *p, unsigned int room)
{
	struct top_list *l = &p->st->list[TOP_BUCKETS];
	/* the title with its empty line, and the heading */
	unsigned int list_room = room - 3;
	unsigned int most = list_room > MIN_LIST ? list_room - MIN_LIST : 0;
	char *text = top_part(p, picked, 0);
	const char *line = text ? clip_next(text) : NULL;

	for (; line && most; line = clip_next(line), most--, list_room--)
		fprintf(p->fp, "%.*s\n", (int)strcspn(line, "\n"), line);
	free(text);
	buckets_title(p);
	top_list_fit(l, list_room);
	text = top_part(p, bucket_rows, list_room);
	/* the heading is a line of them that is never selected */
	put_rows(p, text, l->n ? 1 + l->at - l->first : UINT32_MAX);
	free(text);
}

/* pages */

static void put_page(struct top_page *p, struct top_list *l, const char *text,
		     unsigned int room)
{
	unsigned int i;

	top_page_fit(l, text ? clip_count(text) : 0, room);
	for (i = 0; text && i < l->first; i++)
		text = clip_next(text);
	for (i = 0; text && *text && i < room; i++, text = clip_next(text))
		fprintf(p->fp, "%.*s\n", (int)strcspn(text, "\n"), text);
}

void top_bucket_body(struct top_page *p, unsigned int room)
{
	fputc('\n', p->fp);
	if (p->d->ended)
		fprintf(p->fp, "%sIt is there no more.%s%s\n", p->t->c.warn, p->t->c.off,
			p->d->page ? " What was seen last:" : "");
	put_page(p, &p->st->list[TOP_BUCKET], p->d->page,
		 room - (p->d->ended ? 2 : 1));
}

void top_help_body(struct top_page *p, unsigned int room)
{
	fputc('\n', p->fp);
	put_page(p, &p->st->help_list, TOP_KEYS_HELP, room - 1);
}
