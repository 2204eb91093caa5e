// SPDX-License-Identifier: GPL-2.0
/* What is observed, by the second; a line for each interval. */
#include "out_text.h"
#include "stats.h"
#include "text.h"

#define HEADER_EVERY 20

static void header(struct text *t)
{
	FILE *fp = t->o.opt.fp;

	if (t->o.opt.no_header || t->o.records % HEADER_EVERY)
		return;
	fprintf(fp, "%s%27s %44s %8s %8s%s\n", t->c.bold, "",
		"------------ ended a second by ------------", "connect", "without",
		t->c.off);
	fprintf(fp, "%s%8s %9s %8s %8s %8s %8s %8s %8s %8s %8s %8s%s\n",
		t->c.bold, "TIME", "PRESENT", "CREATED", "TIMER", "REUSE", "SYN",
		"RST", "OTHER", "REFUSED", "BUCKET", "RESTART", t->c.off);
}

static void rate(struct text *t, uint64_t n, uint64_t ms, const char *color)
{
	char buf[32];

	fprintf(t->o.opt.fp, " %s%8s%s", n ? color : "",
		text_rate(buf, sizeof(buf), n, ms), n && *color ? t->c.off : "");
}

static void by_cause(struct text *t, const struct tws_stats *s)
{
	uint64_t ms = s->observed_ms;
	struct stats_ends e;

	stats_ends(s, &e);
	rate(t, e.timer, ms, "");
	rate(t, e.reuse, ms, t->c.good);
	rate(t, e.syn, ms, "");
	rate(t, e.rst, ms, "");
	rate(t, e.other, ms, "");
}

void text_rates(struct out *o, const struct tws_stats *s, uint64_t now_ns)
{
	struct text *t = text_of(o);
	uint64_t ms = s->observed_ms;
	char now[32], present[32];

	header(t);
	fprintf(o->opt.fp, "%.8s %9s", text_clock(now, sizeof(now), now_ns),
		text_count(present, sizeof(present), s->present));
	rate(t, stats_created(s), ms, "");
	by_cause(t, s);
	rate(t, stats_refused(s), ms, t->c.warn);
	rate(t, s->overflow + s->out_of_memory, ms, t->c.warn);
	rate(t, s->restarted, ms, "");
	fputc('\n', o->opt.fp);
}
