// SPDX-License-Identifier: GPL-2.0
/* Counts by verdict: as they are, and as they would be. */
#include <string.h>

#include "laws.h"
#include "out_text.h"
#include "policy.h"
#include "text.h"
#include "verdicts.h"

#define BAR_CELLS 8
#define BAR_SIZE (3 * BAR_CELLS + 3)

/* Slot 0 of a histogram of waits is 0 ms, slot i from 2^(i-1) to below 2^i. */
static uint32_t slot_start(unsigned int i)
{
	return i ? (uint32_t)(1ULL << (i - 1)) : 0;
}

/* By when all of @h are reusable; its last slot has no upper end. */
static const char *within(char *buf, size_t size, const struct tws_hist *h)
{
	unsigned int i = h->n;
	char when[24];

	while (i && !h->slot[i - 1])
		i--;
	/* no more slots than are known, so the shift above cannot be too far */
	if (!i || h->n > TWSCOPE_WAIT_SLOTS)
		snprintf(buf, size, "for how long is not told");
	else if (i < h->n)
		snprintf(buf, size, "reusable within %s",
			 text_wait_words(when, sizeof(when), slot_start(i)));
	else
		snprintf(buf, size, "some need %s or more",
			 text_wait_words(when, sizeof(when), slot_start(i - 1)));
	return buf;
}

static void verdict_line(struct text *t, const struct tws_summary *s,
			 unsigned int v)
{
	char n[32], pct[16], bar[BAR_SIZE], more[64] = "";
	bool good = v == TWSCOPE_VERDICT_REUSABLE;

	if (v == TWSCOPE_VERDICT_TOO_YOUNG)
		within(more, sizeof(more), &s->wait);
	label(t, "");
	fprintf(t->o.opt.fp, "%9s  %7s  %s%s%s  %s%s%s\n",
		text_count(n, sizeof(n), s->verdicts[v]),
		text_percent(pct, sizeof(pct), s->verdicts[v], s->total),
		good ? t->c.good : t->c.soft,
		text_bar(bar, sizeof(bar), s->verdicts[v], s->total, BAR_CELLS,
			 t->o.opt.utf8),
		t->c.off, verdicts[v].brief, *more ? ": " : "", more);
}

/* From the least to the longest that is there; nothing where one cell says all. */
static void wait_line(struct text *t, const struct tws_hist *h)
{
	uint32_t turned[TWSCOPE_WAIT_SLOTS];
	char spark[3 * TWSCOPE_WAIT_SLOTS + 1], from[24], to[24];
	unsigned int first = 0, last, i;
	struct tws_hist shown = { .slot = turned };
	bool open;

	if (h->n > TWSCOPE_WAIT_SLOTS || !hist_peak(h))
		return;
	while (!h->slot[first])
		first++;
	for (last = h->n - 1; !h->slot[last]; last--)
		;
	if (first == last)
		return;
	/* a sparkline has its first slot at the right */
	for (i = last + 1; i-- > first;)
		turned[shown.n++] = h->slot[i];
	open = last + 1 == h->n;
	label(t, "");
	fprintf(t->o.opt.fp, "waits %s %s %s%s, each cell twice as long\n",
		text_wait_words(from, sizeof(from), slot_start(first)),
		text_sparkline(spark, sizeof(spark), &shown, shown.n,
			       t->o.opt.utf8),
		text_wait_words(to, sizeof(to),
				slot_start(open ? last : last + 1)),
		open ? " and more" : "");
}

const char *verdict_counts_text(char *buf, size_t size,
				const uint32_t v[TWSCOPE_N_VERDICTS])
{
	unsigned int i;
	size_t len = 0;
	char n[32];

	buf[0] = '\0';
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		if (!v[verdict_order[i]])
			continue;
		snprintf(buf + len, size - len, "%s%s %s", len ? ", " : "",
			 text_count(n, sizeof(n), v[verdict_order[i]]),
			 verdicts[verdict_order[i]].name);
		len += strlen(buf + len);
	}
	return buf;
}

static void broken_law(struct text *t, const struct tws_summary *s)
{
	char err[256];

	if (laws_of_verdicts(s, err, sizeof(err)))
		return;
	warning(t);
	wrapped(t, 10, "%s.", err);
}

void text_verdicts(struct text *t, const struct tws_summary *s)
{
	char counts[512];
	unsigned int i;

	if (s->total) {
		fputc('\n', t->o.opt.fp);
		label(t, "verdicts");
		fprintf(t->o.opt.fp, "would connect() to the same destination take the bucket's place?\n");
		for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
			if (s->verdicts[verdict_order[i]])
				verdict_line(t, s, verdict_order[i]);
		wait_line(t, &s->wait);
		label(t, "");
		wrapped(t, 10, "if bind() gives the port: %s",
			verdict_counts_text(counts, sizeof(counts),
					    s->bound_verdicts));
	}
	broken_law(t, s);
}

void verdict_legend(struct text *t, const uint32_t v[TWSCOPE_N_VERDICTS])
{
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		if (!v[verdict_order[i]])
			continue;
		fprintf(t->o.opt.fp, "%-12s  ", verdicts[verdict_order[i]].name);
		wrapped(t, 14, "%s", verdicts[verdict_order[i]].why);
	}
}

/* what-if */

static uint64_t then_count(const struct tws_summary *s, unsigned int v)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		sum += s->changes[i][v];
	return sum;
}

static uint64_t unchanged(const struct tws_summary *s)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		sum += s->changes[i][i];
	return sum;
}

static uint64_t changed(const struct tws_summary *s)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		sum += verdicts_sum(s->changes[i]);
	return sum - unchanged(s);
}

static void whatif_title(struct text *t, const struct tws_summary *s,
			 const struct tws_policy *p)
{
	const struct tws_sysctls *y = &s->sysctls;
	const struct tws_policy now = {
		.has_tcp_tw_reuse = p->has_tcp_tw_reuse,
		.tcp_tw_reuse = y->tcp_tw_reuse,
		.has_tcp_tw_reuse_delay = p->has_tcp_tw_reuse_delay &&
					  y->has_tcp_tw_reuse_delay,
		.tcp_tw_reuse_delay = y->tcp_tw_reuse_delay,
		.has_tcp_timestamps = p->has_tcp_timestamps,
		.tcp_timestamps = y->tcp_timestamps,
	};
	char words[128], name[300];

	if (t->o.opt.no_header)
		return;
	label(t, "what if");
	wrapped(t, 10, "%s, in network namespace %u%s",
		policy_text(words, sizeof(words), p), s->netns,
		netns_suffix(t, name, sizeof(name), s->netns));
	label(t, "it is");
	fprintf(t->o.opt.fp, "%s\n\n", policy_text(words, sizeof(words), &now));
}

static void difference(char *buf, size_t size, uint64_t now, uint64_t then)
{
	char n[32];

	if (now == then)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%c%s", then > now ? '+' : '-',
			 text_count(n, sizeof(n), then > now ? then - now :
							       now - then));
}

static void side_by_side(struct text *t, const struct tws_summary *s)
{
	char a[32], b[32], d[32], bar_a[BAR_SIZE], bar_b[BAR_SIZE];
	/* a bar in brackets takes two more */
	int width = BAR_CELLS + (t->o.opt.utf8 ? 0 : 2);
	bool utf8 = t->o.opt.utf8;
	unsigned int i, v;
	uint64_t then;

	if (!t->o.opt.no_header)
		fprintf(t->o.opt.fp, "%s%-12s  %9s  %*s  %9s  %*s  %9s%s\n",
			t->c.bold, "VERDICT", "NOW", width, "", "THEN", width,
			"", "CHANGE", t->c.off);
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		v = verdict_order[i];
		then = then_count(s, v);
		if (!s->verdicts[v] && !then)
			continue;
		difference(d, sizeof(d), s->verdicts[v], then);
		fprintf(t->o.opt.fp, "%-12s  %9s  %s%s%s  %9s  %s%s%s  %9s\n",
			verdicts[v].name, text_count(a, sizeof(a), s->verdicts[v]),
			t->c.soft, text_bar(bar_a, sizeof(bar_a), s->verdicts[v],
					    s->total, BAR_CELLS, utf8), t->c.off,
			text_count(b, sizeof(b), then), t->c.soft,
			text_bar(bar_b, sizeof(bar_b), then, s->total, BAR_CELLS,
				 utf8), t->c.off, d);
	}
	fputc('\n', t->o.opt.fp);
}

static void change_line(struct text *t, const struct tws_summary *s,
			unsigned int from, unsigned int to)
{
	char n[32], more[64] = "";

	if (from == to || !s->changes[from][to])
		return;
	if (to == TWSCOPE_VERDICT_TOO_YOUNG)
		within(more, sizeof(more), &s->whatif_wait);
	label(t, "");
	fprintf(t->o.opt.fp, "%9s  %s -> %s%s%s\n",
		text_count(n, sizeof(n), s->changes[from][to]),
		verdicts[from].name, verdicts[to].name, *more ? ", " : "", more);
}

static void change_lines(struct text *t, const struct tws_summary *s)
{
	uint64_t n = changed(s);
	char a[32], b[32], pct[16];
	unsigned int i, j;

	label(t, "changes");
	if (!n) {
		fprintf(t->o.opt.fp, "none of %s buckets\n",
			text_count(a, sizeof(a), s->total));
		return;
	}
	fprintf(t->o.opt.fp, "%s of %s buckets (%s)\n",
		text_count(a, sizeof(a), n), text_count(b, sizeof(b), s->total),
		text_percent(pct, sizeof(pct), n, s->total));
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		for (j = 0; j < TWSCOPE_N_VERDICTS; j++)
			change_line(t, s, verdict_order[i], verdict_order[j]);
}

/* The verdict is the same, but the time may not be. */
static const char *waits_differ(char *buf, size_t size,
				const struct tws_summary *s)
{
	char now[64], then[64];

	within(now, sizeof(now), &s->wait);
	within(then, sizeof(then), &s->whatif_wait);
	buf[0] = '\0';
	if (strcmp(now, then))
		snprintf(buf, size, ". Now: %s. Then: %s", now, then);
	return buf;
}

static void unchanged_lines(struct text *t, const struct tws_summary *s)
{
	uint64_t n = unchanged(s);
	char a[32], more[160];
	unsigned int i, v;

	if (!n)
		return;
	label(t, "unchanged");
	fprintf(t->o.opt.fp, "%s\n", text_count(a, sizeof(a), n));
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		v = verdict_order[i];
		if (!s->changes[v][v])
			continue;
		fprintf(t->o.opt.fp, "          %9s  ",
			text_count(a, sizeof(a), s->changes[v][v]));
		wrapped(t, 21, "%s: %s%s", verdicts[v].name, verdicts[v].stays,
			v == TWSCOPE_VERDICT_TOO_YOUNG ?
			waits_differ(more, sizeof(more), s) : "");
	}
}

static void whatif_note(struct text *t, const struct tws_policy *p)
{
	if (!p->has_tcp_timestamps)
		return;
	label(t, "note");
	wrapped(t, 10, "tcp_timestamps changes no bucket that is there: each keeps what its connection saw. %s",
		p->tcp_timestamps ?
		"Connections to come have timestamps where the peer agrees." :
		"Connections to come would have no timestamps, and their buckets are never reusable.");
}

/* Of what is in the table, and was not said of what stays. */
static void whatif_legend(struct text *t, const struct tws_summary *s)
{
	uint32_t v[TWSCOPE_N_VERDICTS];
	unsigned int i;

	if (t->o.opt.no_header)
		return;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		v[i] = !s->changes[i][i] && (s->verdicts[i] || then_count(s, i));
	if (verdicts_sum(v))
		fputc('\n', t->o.opt.fp);
	verdict_legend(t, v);
}

static void one_whatif(struct text *t, const struct tws_summary *s,
		       const struct tws_policy *p)
{
	whatif_title(t, s, p);
	if (!s->total) {
		label(t, "buckets");
		fprintf(t->o.opt.fp, "none, so there is nothing to judge\n");
	} else {
		side_by_side(t, s);
		change_lines(t, s);
		unchanged_lines(t, s);
	}
	whatif_note(t, p);
	broken_law(t, s);
	whatif_legend(t, s);
}

static void whatif_row(struct text *t, uint64_t total, uint64_t now,
		       uint64_t then, uint64_t differ)
{
	char a[32], b[32], c[32], d[32];

	fprintf(t->o.opt.fp, "%11s %11s %11s %11s  ",
		text_count(a, sizeof(a), total), text_count(b, sizeof(b), now),
		text_count(c, sizeof(c), then), text_count(d, sizeof(d), differ));
}

static void whatif_line(struct text *t, const struct tws_summary *s)
{
	uint64_t now = s->verdicts[TWSCOPE_VERDICT_REUSABLE];
	uint64_t then = then_count(s, TWSCOPE_VERDICT_REUSABLE);
	const char *name = netns_name(t->o.opt.netns_names, s->netns);

	if (!t->o.records && !t->o.opt.no_header)
		fprintf(t->o.opt.fp, "%s%11s %11s %11s %11s  %s%s\n", t->c.bold,
			"TOTAL", "REUSABLE", "THEN", "CHANGED", "NETNS",
			t->c.off);
	whatif_row(t, s->total, now, then, changed(s));
	fprintf(t->o.opt.fp, "%u%s%s\n", s->netns, name ? " " : "",
		name ? name : "");
	t->sum.total += s->total;
	t->sum.reusable += now;
	t->sum.then += then;
	t->sum.changed += changed(s);
	broken_law(t, s);
}

void text_whatifs_end(struct text *t)
{
	whatif_row(t, t->sum.total, t->sum.reusable, t->sum.then,
		   t->sum.changed);
	fprintf(t->o.opt.fp, "in %llu namespace%s\n",
		(unsigned long long)t->o.records, t->o.records == 1 ? "" : "s");
}

void text_whatif(struct out *o, const struct tws_summary *s,
		 const struct tws_policy *policy)
{
	if (o->kind == OUT_WHATIFS)
		whatif_line(text_of(o), s);
	else
		one_whatif(text_of(o), s, policy);
}
