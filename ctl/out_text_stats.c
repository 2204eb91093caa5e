// SPDX-License-Identifier: GPL-2.0
/* What was observed in a network namespace. */
#include <string.h>

#include "decisions.h"
#include "out_text.h"
#include "stats.h"
#include "text.h"

static void title(struct text *t, const struct tws_stats *s)
{
	char name[300], span[32];
	FILE *fp = t->o.opt.fp;

	if (t->o.opt.no_header)
		return;
	fprintf(fp, "%sObserved for %s in ", t->c.bold,
		text_span(span, sizeof(span), s->observed_ms));
	if (s->ended_netns)
		fprintf(fp, "network namespaces that ended since");
	else
		fprintf(fp, "network namespace %u%s", s->netns,
			netns_suffix(t, name, sizeof(name), s->netns));
	fprintf(fp, "%s\n\n", t->c.off);
}

/* @n of @whole, and what it is; nothing where it is 0. */
static void part(struct text *t, uint64_t n, uint64_t whole, const char *what,
		 const char *color)
{
	char count[32], pct[16];

	if (!n)
		return;
	label(t, "");
	fprintf(t->o.opt.fp, "%10s  %7s  %s%s%s\n",
		text_count(count, sizeof(count), n),
		text_percent(pct, sizeof(pct), n, whole), color, what,
		*color ? t->c.off : "");
}

static void line(struct text *t, const char *name, uint64_t n, const char *what)
{
	char count[32];

	label(t, name);
	fprintf(t->o.opt.fp, "%s %s\n", text_count(count, sizeof(count), n),
		what);
}

static void ended(struct text *t, const struct tws_stats *s)
{
	uint64_t all = stats_ended(s);
	char name[32], what[64];
	unsigned int i;

	line(t, "ended", all, all == 1 ? "bucket, by" : all ? "buckets, by" :
	     "buckets");
	for (i = 0; i < s->ended.n; i++) {
		if (i < TWSCOPE_N_CAUSES)
			snprintf(what, sizeof(what), "%-14s  %s",
				 causes[i].name, causes[i].why);
		snprintf(name, sizeof(name), "cause %u", i);
		part(t, s->ended.v[i], all, i < TWSCOPE_N_CAUSES ? what : name,
		     "");
	}
}

static void balance(struct text *t, const struct tws_stats *s)
{
	int64_t off = stats_balance(s);
	FILE *fp = t->o.opt.fp;

	label(t, "balance");
	fprintf(fp, "before + created - ended = present: ");
	if (!off) {
		fprintf(fp, "%sok%s\n", t->c.good, t->c.off);
		return;
	}
	fprintf(fp, "off by %lld\n", (long long)off);
	label(t, "");
	fprintf(fp, "%s(under traffic the numbers are not of one moment)%s\n",
		t->c.soft, t->c.off);
}

static void buckets(struct text *t, const struct tws_stats *s)
{
	uint64_t created = stats_created(s);

	if (s->before)
		line(t, "before", s->before, s->before == 1 ?
		     "bucket was there when observing began" :
		     "buckets were there when observing began");
	line(t, "created", created, created == 1 ? "bucket" : "buckets");
	part(t, s->created_time_wait, created, "began in TIME_WAIT", "");
	part(t, s->created_fin_wait2, created, "began in FIN_WAIT2", "");
	ended(t, s);
	/* there is none to be present in what is gone */
	if (!s->ended_netns)
		line(t, "present", s->present, "by the kernel's own count");
	balance(t, s);
	if (s->restarted)
		line(t, "restarted", s->restarted, s->restarted == 1 ?
		     "time TIME_WAIT began anew" : "times TIME_WAIT began anew");
}

static void without_a_bucket(struct text *t, const struct tws_stats *s)
{
	static const char *const what[] = {
		"closes left no bucket: tcp_max_tw_buckets was reached",
		"closes left no bucket: out of memory",
	};

	if (s->overflow)
		line(t, "overflow", s->overflow, what[0]);
	if (s->out_of_memory)
		line(t, s->overflow ? "" : "overflow", s->out_of_memory,
		     what[1]);
}

static void decision_part(struct text *t, const struct tws_stats *s,
			  unsigned int i, uint64_t whole)
{
	const struct decision *d = &decisions[i];
	char what[96];

	if (decision_on_segment(i))
		snprintf(what, sizeof(what), "%s", d->why);
	else
		snprintf(what, sizeof(what), "%-7s  %s", d->event, d->why);
	part(t, counts_get(&s->decisions, i), whole, what,
	     decision_reused(i) ? t->c.good : "");
}

static void connects(struct text *t, const struct tws_stats *s)
{
	uint64_t all = stats_connects(s);
	unsigned int i;

	if (!all)
		return;
	fputc('\n', t->o.opt.fp);
	line(t, "connect()", all, all == 1 ? "time asked for a bucket's place" :
	     "times asked for a bucket's place");
	if (stats_refused(s)) {
		label(t, "");
		fprintf(t->o.opt.fp, "%s(where refused, a port search goes on to the next port)%s\n",
			t->c.soft, t->c.off);
	}
	for (i = 0; i < TWSCOPE_N_DECISIONS; i++)
		if (decision_on_connect(i))
			decision_part(t, s, i, all);
}

static void segments(struct text *t, const struct tws_stats *s)
{
	uint64_t all = stats_on_segments(s);
	char answered[32], what[64];
	unsigned int i;

	if (!s->has_segments || !(all || s->segments))
		return;
	fputc('\n', t->o.opt.fp);
	snprintf(what, sizeof(what), "met a bucket; refused with an ACK: %s",
		 text_count(answered, sizeof(answered), s->answered));
	line(t, "segments", s->segments, what);
	for (i = 0; i < TWSCOPE_N_DECISIONS; i++)
		if (decision_on_segment(i))
			decision_part(t, s, i, all);
}

/* What a newer module decides on: on what is not known here. */
static void other_decisions(struct text *t, const struct tws_stats *s)
{
	uint64_t all = 0;
	char name[32];
	unsigned int i;

	for (i = TWSCOPE_N_DECISIONS; i < s->decisions.n; i++)
		all += s->decisions.v[i];
	if (!all)
		return;
	fputc('\n', t->o.opt.fp);
	line(t, "others", all, "decisions that this twctl does not know");
	for (i = TWSCOPE_N_DECISIONS; i < s->decisions.n; i++) {
		snprintf(name, sizeof(name), "decision %u", i);
		part(t, s->decisions.v[i], all, name, "");
	}
}

static void mismatches(struct text *t, const struct tws_stats *s)
{
	char a[32];

	if (s->verdict_mismatch)
		warn_of(t, "%s times connect() got another answer than predicted: here the verdicts of list, whatif and ports are not to be trusted. See what 'twctl verify' says, and report it with 'twctl info'.",
			text_count(a, sizeof(a), s->verdict_mismatch));
	if (s->has_segments && s->segment_mismatch)
		warn_of(t, "after %s segments the kernel did something else than predicted: the decisions on segments, and what explain --syn says, are not to be trusted here. Report it with 'twctl info'.",
			text_count(a, sizeof(a), s->segment_mismatch));
	if (s->verdict_boundary) {
		label(t, "");
		wrapped(t, 10, "%s verdicts changed while connect() asked, as a clock ticked, say; counted by what it was answered.",
			text_count(a, sizeof(a), s->verdict_boundary));
	}
}

static void shortfalls(struct text *t, const struct tws_stats *s)
{
	int64_t undecided = stats_undecided(s);
	char a[32], b[32];

	if (s->missed)
		warn_of(t, "%s times a hook could not run, in whatever namespace: what it counts is too low by as many. 'twctl observe' shows which; only what ftrace does misses nothing.",
			text_count(a, sizeof(a), s->missed));
	if (s->before_unsettled)
		warn_of(t, "so much was going on when observing began that before, and with it the balance, may be off by what was being made or ended then. For an exact balance turn it off, and on in a quieter moment.");
	if (undecided)
		warn_of(t, "%s segments, but %s decisions on them. Under traffic the numbers are not of one moment; if it stays so at rest, it is a fault to be reported.",
			text_count(a, sizeof(a), s->segments),
			text_count(b, sizeof(b), stats_on_segments(s)));
}

static void warnings(struct text *t, const struct tws_stats *s)
{
	if (s->missed || s->before_unsettled || s->verdict_mismatch ||
	    s->verdict_boundary || stats_undecided(s) ||
	    (s->has_segments && s->segment_mismatch))
		fputc('\n', t->o.opt.fp);
	shortfalls(t, s);
	mismatches(t, s);
}

static void one(struct text *t, const struct tws_stats *s)
{
	title(t, s);
	buckets(t, s);
	without_a_bucket(t, s);
	connects(t, s);
	segments(t, s);
	other_decisions(t, s);
	warnings(t, s);
}

void text_stats(struct out *o, const struct tws_stats *s)
{
	struct text *t = text_of(o);

	if (o->kind == OUT_ALL_STATS) {
		if (stats_idle(s))
			return;
		if (t->begun)
			fputc('\n', o->opt.fp);
		t->begun = true;
	}
	one(t, s);
}

void text_all_stats_end(struct text *t)
{
	if (!t->begun)
		fprintf(t->o.opt.fp, "no network namespace has had a bucket since observing began\n");
}
