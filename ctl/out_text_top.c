// SPDX-License-Identifier: GPL-2.0
/* The live screen: what is above the list, below it, and putting it together. */
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "out_text_top.h"
#include "stats.h"
#include "text.h"

#define SPARK_CELLS 60
/* beside the sparkline: the label, and "10s: 12345" */
#define SPARK_REST 21
#define RATE_SECONDS 10
#define WRAP_ROWS 24
/* where the text of a filter begins, as the line below it expects */
#define PROMPT "filter  "
#define PROMPT_COLS 8

/* Blanks up to the column @to. */
static void pad(FILE *fp, unsigned int from, unsigned int to)
{
	if (from < to)
		fprintf(fp, "%*s", (int)(to - from), "");
}

/* A line over the whole width: what is at its left, cut where it has to, and right. */
static void bar(struct top_page *p, const char *left, const char *right)
{
	unsigned int len = (unsigned int)strlen(right), room = p->st->cols - len;

	fputs(TOP_REVERSE, p->fp);
	pad(p->fp, clip_line(p->fp, left, 0, room - (len ? 2 : 0), true), room);
	fputs(right, p->fp);
	fputs(TOP_OFF "\n", p->fp);
}

/* above the list */

static void namespaces(struct top_page *p, char *buf, size_t size)
{
	const struct pressures *pr = &p->d->p;
	char name[300];

	*buf = '\0';
	if (p->t->o.opt.all_netns && p->d->known)
		snprintf(buf, size, "%u network namespace%s, ", pr->n_summaries,
			 pr->n_summaries == 1 ? "" : "s");
	else if (pr->n_summaries)
		snprintf(buf, size, "netns %u%s, ", pr->summary->netns,
			 netns_suffix(p->t, name, sizeof(name), pr->summary->netns));
}

static void title(struct top_page *p)
{
	char left[700], right[100], netns[400], host[100], clock[32], every[24];
	uint32_t interval_ms = top_interval(p->st, p->d->took_ms);

	namespaces(p, netns, sizeof(netns));
	snprintf(left, sizeof(left), " %s, %s%s",
		 text_harmless(host, sizeof(host), p->scene->host), netns,
		 p->scene->info->kernel);
	snprintf(right, sizeof(right), "%.8s  %s%s ",
		 p->d->known ? text_clock(clock, sizeof(clock), p->d->time_ns) : "",
		 p->st->paused ? "PAUSED" : "every ",
		 p->st->paused ? "" : text_time_words(every, sizeof(every), interval_ms));
	bar(p, left, right);
}

static uint32_t against_limit(const struct tws_summary *s)
{
	return s->total > s->kernel_count ? s->total : s->kernel_count;
}

/* The one that is nearest to its limit. */
static const struct tws_summary *fullest(const struct pressures *p)
{
	const struct tws_summary *s, *most = p->summary;
	unsigned int i;

	for (i = 1; i < p->n_summaries; i++) {
		s = &p->summary[i];
		if ((uint64_t)against_limit(s) * most->limit >
		    (uint64_t)against_limit(most) * s->limit)
			most = s;
	}
	return most;
}

/* Of all namespaces as one; the line of the limit is that of the fullest. */
static void buckets(struct top_page *p)
{
	const struct pressures *pr = &p->d->p;
	const struct tws_summary *most = fullest(pr);
	uint64_t timewait = 0, fin_wait2 = 0;
	char a[32], b[32], name[300];
	unsigned int i;

	if (!p->t->o.opt.all_netns) {
		text_buckets_used(p->t, most);
		return;
	}
	for (i = 0; i < pr->n_summaries; i++) {
		timewait += pr->summary[i].timewait;
		fin_wait2 += pr->summary[i].fin_wait2;
	}
	label(p->t, "in all");
	fprintf(p->fp, "%s time-wait, %s fin-wait2; nearest its limit is netns %u%s:\n",
		text_count(a, sizeof(a), timewait),
		text_count(b, sizeof(b), fin_wait2), most->netns,
		netns_suffix(p->t, name, sizeof(name), most->netns));
	text_buckets_used(p->t, most);
}

static void closes(struct top_page *p)
{
	const struct tws_hist h = {
		.slot = p->d->p.closes, .n = p->d->p.n_closes,
	};
	unsigned int cells = p->st->cols - SPARK_REST;
	char spark[3 * SPARK_CELLS + 1], rate[32];

	if (cells > SPARK_CELLS)
		cells = SPARK_CELLS;
	label(p->t, "closes/s");
	fprintf(p->fp, "%s%s%s %ds: %s\n", p->t->c.soft,
		text_sparkline(spark, sizeof(spark), &h, cells,
			       p->t->o.opt.utf8), p->t->c.off, RATE_SECONDS,
		text_rate(rate, sizeof(rate), hist_before(&h, RATE_SECONDS),
			  RATE_SECONDS * 1000));
}

static void verdict_counts(struct top_page *p)
{
	const struct pressures *pr = &p->d->p;
	uint32_t sum[TWSCOPE_N_VERDICTS] = { 0 };
	char counts[512];
	unsigned int i, v;

	for (i = 0; i < pr->n_summaries; i++)
		for (v = 0; v < TWSCOPE_N_VERDICTS; v++)
			sum[v] += pr->summary[i].verdicts[v];
	label(p->t, "verdicts");
	verdict_counts_text(counts, sizeof(counts), sum);
	/* a second line where there are rows to spare */
	if (p->st->rows >= WRAP_ROWS)
		wrapped(p->t, 10, "%s", *counts ? counts : "no bucket");
	else
		fprintf(p->fp, "%s\n", *counts ? counts : "no bucket");
}

/* @what and how many of it came by the second. */
static void rate(struct top_page *p, const char *what, uint64_t n, const char *color)
{
	char buf[32];

	fprintf(p->fp, "%s%s%s%s", what, n ? color : "",
		text_rate(buf, sizeof(buf), n, p->d->rates.observed_ms),
		n && *color ? p->t->c.off : "");
}

static void rates(struct top_page *p)
{
	const struct tws_stats *s = &p->d->rates;
	struct stats_ends e;

	rate(p, "created ", stats_created(s), "");
	rate(p, "/s, no bucket ", s->overflow + s->out_of_memory, p->t->c.warn);
	rate(p, ", reused ", stats_reused(s), p->t->c.good);
	rate(p, ", refused ", stats_refused(s), p->t->c.warn);
	fputc('\n', p->fp);
	stats_ends(s, &e);
	label(p->t, "ended/s");
	rate(p, "timer ", e.timer, "");
	rate(p, ", reuse ", e.reuse, p->t->c.good);
	rate(p, ", SYN ", e.syn, "");
	rate(p, ", RST ", e.rst, "");
	rate(p, ", other ", e.other, "");
	fputc('\n', p->fp);
}

static void observed(struct top_page *p)
{
	label(p->t, "observed");
	if (!p->d->observing)
		fprintf(p->fp, "%snothing: twctl observe on counts what really happens%s\n",
			p->t->c.soft, p->t->c.off);
	else if (!p->d->has_rates)
		fputs("since just now\n\n", p->fp);
	else
		rates(p);
}

static void above(struct top_page *p)
{
	title(p);
	if (!p->d->known)
		return;
	buckets(p);
	closes(p);
	verdict_counts(p);
	observed(p);
}

/* below it */

static void keys(struct top_page *p)
{
	static const char *const of_view[TOP_N_VIEWS] = {
		[TOP_DESTINATIONS] = " q quit  h help  Enter its buckets  s order  / filter  p pause  + - interval",
		[TOP_BUCKETS] = " q back  h help  Enter explain  s order  / filter  p pause  + - interval",
		[TOP_BUCKET] = " q back  h help  Up Down scroll  p pause  + - interval",
	};

	bar(p, p->st->help ? " q back  Up Down scroll" : of_view[p->st->view], "");
}

/* What is wrong, cut at a blank where it needs a second line. */
static void two_lines(struct top_page *p, const char *text)
{
	size_t room = p->st->cols - 1, cut = strlen(text);

	if (cut > room)
		for (cut = room; cut && text[cut] != ' '; cut--)
			;
	fprintf(p->fp, " %s%.*s%s\n", p->t->c.warn, (int)cut, text, p->t->c.off);
	text += cut;
	fprintf(p->fp, " %s%s%s\n", p->t->c.warn, text + strspn(text, " "), p->t->c.off);
}

/* Four lines: what is typed, what is wrong with it below, and why. */
static void prompt(struct top_page *p, struct top_cursor *cursor)
{
	const struct top_prompt *f = &p->st->prompt;
	unsigned int room = p->st->cols - PROMPT_COLS - 1, skip = 0;

	if (f->at > room)
		skip = (unsigned int)f->at - room;
	cursor->row = (int)p->st->rows - 4;
	cursor->col = PROMPT_COLS + (int)(f->at - skip);
	fprintf(p->fp, "%s" PROMPT "%s", p->t->c.bold, p->t->c.off);
	clip_line(p->fp, f->text, skip, room + 1, true);
	fprintf(p->fp, "\n%*s%s", PROMPT_COLS, "", p->t->c.warn);
	clip_line(p->fp, f->marker, skip, room + 1, true);
	fprintf(p->fp, "%s\n", p->t->c.off);
	if (*f->error)
		two_lines(p, f->error);
	else
		fprintf(p->fp, "%s Enter takes it, Esc leaves it as it was%s\n\n",
			p->t->c.soft, p->t->c.off);
}

static unsigned int lines_below(const struct top_state *st)
{
	return st->prompt.open ? 4 : 2;
}

static void below(struct top_page *p, struct top_cursor *cursor)
{
	char error[700];

	if (p->st->prompt.open) {
		prompt(p, cursor);
		return;
	}
	text_harmless(error, sizeof(error), p->d->error);
	fprintf(p->fp, " %s", p->t->c.warn);
	clip_line(p->fp, error, 0, p->st->cols - 1, true);
	fprintf(p->fp, "%s\n", p->t->c.off);
	keys(p);
}

/* all of it */

/* Lines of @from as far as there is room, cut, and empty ones for the others. */
static void put_lines(struct top_page *p, FILE *to, const char *from,
		      unsigned int room, unsigned int skip)
{
	const char *line = from && *from ? from : NULL;
	unsigned int i;

	for (i = 0; i < room; i++) {
		if (line)
			clip_line(to, line, skip, p->st->cols, false);
		fputc('\n', to);
		line = line ? clip_next(line) : NULL;
	}
}

static void body(struct top_page *p, unsigned int room)
{
	if (p->st->help)
		top_help_body(p, room);
	else if (!p->d->known)
		fputs("\nNo answer yet.\n", p->fp);
	else if (p->st->view == TOP_DESTINATIONS)
		top_destinations_body(p, room);
	else if (p->st->view == TOP_BUCKETS)
		top_buckets_body(p, room);
	else
		top_bucket_body(p, room);
}

char *top_part(struct top_page *p, void (*write)(struct top_page *, unsigned int),
	       unsigned int room)
{
	FILE *fp = p->fp;
	char *text = NULL;
	size_t size;

	p->fp = p->t->o.opt.fp = open_memstream(&text, &size);
	if (p->fp) {
		write(p, room);
		fclose(p->fp);
	}
	p->fp = p->t->o.opt.fp = fp;
	return text;
}

static void head(struct top_page *p, unsigned int room)
{
	(void)room;
	above(p);
}

static void whole(struct top_page *p, struct top_cursor *cursor)
{
	char *text = top_part(p, head, 0);
	unsigned int n = text ? clip_count(text) : 0, rest;

	put_lines(p, p->fp, text, n, 0);
	free(text);
	rest = p->st->rows - n - lines_below(p->st);
	text = top_part(p, body, rest);
	put_lines(p, p->fp, text, rest, p->st->help ? 0 : p->st->skip);
	free(text);
	below(p, cursor);
}

static bool too_small(struct top_page *p)
{
	if (p->st->rows >= TOP_MIN_ROWS && p->st->cols >= TOP_MIN_COLS)
		return false;
	fprintf(p->fp, "%ux%u is too small:\n%dx%d are needed.\nq quits.\n", p->st->cols,
		p->st->rows, TOP_MIN_COLS, TOP_MIN_ROWS);
	return true;
}

char *text_top(const struct out_options *options, struct top_state *st,
	       const struct top_data *d, const struct top_scene *scene,
	       struct top_cursor *cursor)
{
	struct top_page p = { .st = st, .d = d, .scene = scene };
	struct out_options opt = *options;
	struct out *out;
	char *text = NULL;
	size_t size;

	cursor->row = cursor->col = -1;
	/* what is above a list is counted */
	opt.no_header = false;
	opt.fp = p.fp = open_memstream(&text, &size);
	if (!p.fp)
		return NULL;
	out = out_text(&opt, OUT_PRESSURE);
	if (out) {
		p.t = text_of(out);
		if (!too_small(&p))
			whole(&p, cursor);
		out_end(out, true);
	}
	fclose(p.fp);
	return text;
}
