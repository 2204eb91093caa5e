// SPDX-License-Identifier: GPL-2.0
/* Whether the hooks are on, and what they saw. */
#include <string.h>

#include "decisions.h"
#include "out_text.h"
#include "stats.h"
#include "text.h"

#define S(n) ((n) == 1 ? "" : "s")

static const char *mechanism_text(char *buf, size_t size, uint32_t mechanism)
{
	const char *name = mechanism_name(mechanism);

	if (name)
		return name;
	snprintf(buf, size, "mechanism %u", mechanism);
	return buf;
}

static int symbol_width(const struct hooks *h)
{
	size_t width = strlen("inet_twsk_hashdance_schedule");
	unsigned int i;

	for (i = 0; i < h->n; i++)
		if (strlen(h->hook[i].symbol) > width)
			width = strlen(h->hook[i].symbol);
	return (int)width;
}

static void hook_table(struct text *t, const struct hooks *h)
{
	int width = symbol_width(h);
	char hits[32], missed[32], name[32];
	const struct tws_hook *hook;
	unsigned int i;

	if (!t->o.opt.no_header)
		fprintf(t->o.opt.fp, "\n%s%-*s  %-9s  %15s  %10s%s\n", t->c.bold,
			width, "HOOK", "MECHANISM", "HITS", "MISSED", t->c.off);
	for (i = 0; i < h->n; i++) {
		hook = &h->hook[i];
		fprintf(t->o.opt.fp, "%-*s  %-9s  %15s  %s%10s%s\n", width,
			hook->symbol,
			mechanism_text(name, sizeof(name), hook->mechanism),
			text_count(hits, sizeof(hits), hook->hits),
			hook->missed ? t->c.warn : "",
			text_count(missed, sizeof(missed), hook->missed),
			hook->missed ? t->c.off : "");
	}
}

static uint64_t missed_by(const struct hooks *h)
{
	uint64_t missed = 0;
	unsigned int i;

	for (i = 0; i < h->n; i++)
		missed += h->hook[i].missed;
	return missed;
}

static void since(struct text *t, const struct observe_report *r)
{
	uint64_t ms = r->total->observed_ms;
	char date[32], span[32];

	fprintf(t->o.opt.fp, " since %s, for %s",
		text_date(date, sizeof(date), r->now_ns - ms * 1000000),
		text_span(span, sizeof(span), ms));
}

static void tell(struct text *t, const struct observe_report *r)
{
	char n[32];

	if (!r->is_on) {
		fprintf(t->o.opt.fp, "not observing: 'twctl observe on' starts it\n");
		return;
	}
	fprintf(t->o.opt.fp, "observing");
	if (r->total)
		since(t, r);
	fputc('\n', t->o.opt.fp);
	if (!r->hooks) {
		fprintf(t->o.opt.fp, "the hooks are shown to CAP_NET_ADMIN in the initial user namespace only\n");
		return;
	}
	hook_table(t, r->hooks);
	if (missed_by(r->hooks)) {
		fputc('\n', t->o.opt.fp);
		warn_of(t, "hooks could not run %s times: what they count is too low by as many.",
			text_count(n, sizeof(n), missed_by(r->hooks)));
	}
}

/* What is gone once they are off. */
static void last_words(struct text *t, const struct observe_report *r)
{
	char span[32], a[32], b[32];
	const struct tws_stats *s = r->total;
	FILE *fp = t->o.opt.fp;

	if (!s)
		return;
	fprintf(fp, "observed for %s: %s bucket%s created, %s ended\n",
		text_span(span, sizeof(span), s->observed_ms),
		text_count(a, sizeof(a), stats_created(s)),
		S(stats_created(s)),
		text_count(b, sizeof(b), stats_ended(s)));
	fprintf(fp, "connect() met a bucket %s time%s",
		text_count(a, sizeof(a), stats_connects(s)), S(stats_connects(s)));
	if (s->has_segments)
		fprintf(fp, ", segments of peers %s time%s",
			text_count(b, sizeof(b), s->segments), S(s->segments));
	fprintf(fp, "\nthese counts and the recorded events are gone now\n");
}

void text_observe(struct out *o, const struct observe_report *r)
{
	struct text *t = text_of(o);

	if (r->asked == OBSERVE_TELL) {
		tell(t, r);
		return;
	}
	if (r->asked == OBSERVE_OFF && r->was_on)
		last_words(t, r);
	fprintf(o->opt.fp, "observing is %s%s\n",
		r->asked == OBSERVE_ON ? "on" : "off",
		r->was_on == r->is_on ? " already" : "");
}

void text_observing(struct text *t, bool observing, const struct hooks *hooks)
{
	unsigned int i, column = 12;
	char missed[32], hits[32];
	const struct tws_hook *h;

	fprintf(t->o.opt.fp, "observing   %s\n", observing ? "yes" :
		"no; 'twctl observe on' starts it");
	for (i = 0; hooks && i < hooks->n; i++) {
		h = &hooks->hook[i];
		if (!h->missed)
			continue;
		fprintf(t->o.opt.fp, "%s%-*s%s", t->c.warn, (int)column,
			"WARNING", t->c.off);
		wrapped(t, column, "the hook of %s ran %s times and could not %s times: what it counts is too low by as many.",
			h->symbol, text_count(hits, sizeof(hits), h->hits),
			text_count(missed, sizeof(missed), h->missed));
	}
}
