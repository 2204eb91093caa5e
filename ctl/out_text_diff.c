// SPDX-License-Identifier: GPL-2.0
/* Before and after: what changed, a line for each; the rest is counted. */
#include <string.h>

#include "out_text.h"
#include "text.h"

#define NAME_WIDTH 26
#define VALUE_WIDTH 13

enum form { FORM_COUNT, FORM_BYTES, FORM_PLAIN };

/* A part of a namespace, as it is being printed. */
struct section {
	struct text *t;
	/* NULL once it is printed */
	const char *label;
	unsigned int same;
};

static void begin_line(struct section *s, const char *name)
{
	label(s->t, s->label ? s->label : "");
	s->label = NULL;
	fprintf(s->t->o.opt.fp, "%-*s", NAME_WIDTH, name);
}

static void value_text(char *buf, size_t size, const struct figure *f,
		       enum form form)
{
	if (!f->has)
		snprintf(buf, size, "-");
	else if (form == FORM_BYTES)
		text_bytes(buf, size, f->v);
	else if (form == FORM_PLAIN)
		snprintf(buf, size, "%llu", (unsigned long long)f->v);
	else
		text_count(buf, size, f->v);
}

static void print_values(struct section *s, const char *name, const char *x,
			 const char *y)
{
	begin_line(s, name);
	fprintf(s->t->o.opt.fp, " %*s -> %*s", VALUE_WIDTH, x, VALUE_WIDTH, y);
}

static void print_change(struct section *s, const struct figure *a,
			 const struct figure *b)
{
	uint64_t by = b->v > a->v ? b->v - a->v : a->v - b->v;
	char n[32];

	if (a->has && b->has)
		fprintf(s->t->o.opt.fp, "  %c%s", b->v > a->v ? '+' : '-',
			text_count(n, sizeof(n), by));
}

/* A sysctl that one kernel lacks is a change; a count that was not kept isn't. */
static void one_figure(struct section *s, const char *name, enum form form,
		       const struct figure *a, const struct figure *b)
{
	bool comparable = form == FORM_PLAIN ? a->has || b->has :
					       a->has && b->has;
	char x[32], y[32];

	if (!comparable)
		return;
	if (a->has == b->has && a->v == b->v) {
		s->same++;
		return;
	}
	value_text(x, sizeof(x), a, form);
	value_text(y, sizeof(y), b, form);
	print_values(s, name, x, y);
	if (form == FORM_COUNT)
		print_change(s, a, b);
	fputc('\n', s->t->o.opt.fp);
}

static unsigned int figures(struct text *t, const char *name, enum form form,
			    const struct figure_key *keys, size_t n,
			    const struct figure *a, const struct figure *b)
{
	struct section s = { .t = t, .label = name };
	size_t i;

	for (i = 0; i < n; i++)
		one_figure(&s, keys[i].label ? keys[i].label : keys[i].key,
			   strcmp(keys[i].key, "bytes") ? form : FORM_BYTES,
			   &a[i], &b[i]);
	return s.same;
}

/* How many ports there are for all that go to one destination. */
static uint64_t ports_of(const struct snapshot_netns *s)
{
	const struct figure *min = &s->sysctls[SYSCTL_PORT_MIN];
	const struct figure *max = &s->sysctls[SYSCTL_PORT_MAX];

	return min->has && max->has && max->v >= min->v ?
	       max->v - min->v + 1 : 0;
}

/* More than 100 where they are of many destinations. */
static void per_100_ports(char *buf, size_t size, const struct snapshot_netns *s)
{
	snprintf(buf, size, "%.1f", 100.0 * (double)s->counts[COUNT_TOTAL].v /
				    (double)ports_of(s));
}

static unsigned int range_fill(struct text *t, const struct diff_pair *p)
{
	struct section s = { .t = t, .label = "ports" };
	char x[16], y[16];

	if (!ports_of(p->before) || !ports_of(p->after))
		return 0;
	per_100_ports(x, sizeof(x), p->before);
	per_100_ports(y, sizeof(y), p->after);
	if (!strcmp(x, y))
		return 1;
	print_values(&s, "buckets for 100 ports", x, y);
	fputc('\n', t->o.opt.fp);
	return 0;
}

static void also(struct text *t, const char **sep, unsigned int n,
		 const char *one)
{
	if (!n)
		return;
	fprintf(t->o.opt.fp, "%s%u %s%s", *sep, n, one, n == 1 ? "" : "s");
	*sep = ", ";
}

static void one_pair(struct text *t, const struct diff_pair *p)
{
	const struct snapshot_netns *a = p->before, *b = p->after;
	unsigned int counts, judged, sysctls;
	const char *sep = "";

	counts = figures(t, "buckets", FORM_COUNT, count_keys, N_COUNTS,
			 a->counts, b->counts);
	counts += range_fill(t, p);
	judged = figures(t, "verdicts", FORM_COUNT, verdict_keys(),
			 TWSCOPE_N_VERDICTS, a->verdicts, b->verdicts);
	judged += figures(t, "if bound", FORM_COUNT, verdict_keys(),
			  TWSCOPE_N_VERDICTS, a->bound_verdicts,
			  b->bound_verdicts);
	sysctls = figures(t, "sysctls", FORM_PLAIN, sysctl_keys, N_SYSCTLS,
			  a->sysctls, b->sysctls);
	if (!counts && !judged && !sysctls)
		return;
	label(t, "unchanged");
	also(t, &sep, counts, "count");
	also(t, &sep, judged, "verdict");
	also(t, &sep, sysctls, "sysctl");
	fputc('\n', t->o.opt.fp);
}

static void netns_title(struct text *t, const struct diff_pair *p)
{
	const struct snapshot_netns *a = p->before, *b = p->after;
	const struct snapshot_netns *s = b ? b : a;
	FILE *fp = t->o.opt.fp;
	char n[32];

	fprintf(fp, "%snetwork namespace ", t->c.bold);
	if (a && b && a->netns != b->netns)
		fprintf(fp, "%u -> ", a->netns);
	fprintf(fp, "%u%s%s%s%s", s->netns, *s->name ? " (" : "", s->name,
		*s->name ? ")" : "", t->c.off);
	if (!a || !b)
		fprintf(fp, ": %s, %s bucket%s", a ? "is gone" : "is new",
			text_count(n, sizeof(n), s->counts[COUNT_TOTAL].v),
			s->counts[COUNT_TOTAL].v == 1 ? "" : "s");
	fputc('\n', fp);
}

/* Whether anything at all is different. */
static bool pair_changed(const struct diff_pair *p)
{
	const struct snapshot_netns *a = p->before, *b = p->after;

	return !a || !b || memcmp(a->counts, b->counts, sizeof(a->counts)) ||
	       memcmp(a->verdicts, b->verdicts, sizeof(a->verdicts)) ||
	       memcmp(a->bound_verdicts, b->bound_verdicts,
		      sizeof(a->bound_verdicts)) ||
	       memcmp(a->sysctls, b->sysctls, sizeof(a->sysctls));
}

static void pairs(struct text *t, const struct diff *d)
{
	size_t i, same = 0;

	for (i = 0; i < d->n; i++) {
		const struct diff_pair *p = &d->pair[i];

		if (d->n > 1 && !pair_changed(p)) {
			same++;
			continue;
		}
		fputc('\n', t->o.opt.fp);
		netns_title(t, p);
		if (p->before && p->after)
			one_pair(t, p);
	}
	if (same)
		fprintf(t->o.opt.fp, "\nunchanged in %s%zu %snamespace%s\n",
			same == d->n ? "all " : "", same,
			same == d->n ? "" : "other ", same == 1 ? "" : "s");
}

static void one_counter(struct section *s, const struct diff *d, size_t i)
{
	uint64_t by = d->after->counters[i].v - d->before->counters[i].v;
	char n[32], rate[32];

	if (!by) {
		s->same++;
		return;
	}
	text_count(n, sizeof(n), by);
	begin_line(s, counter_keys[i].key);
	fprintf(s->t->o.opt.fp, " %*s%s", VALUE_WIDTH - (int)strlen(n), "+", n);
	if (d->has_interval && d->interval_ms)
		fprintf(s->t->o.opt.fp, "  %s/s",
			text_rate(rate, sizeof(rate), by, d->interval_ms));
	fputc('\n', s->t->o.opt.fp);
}

/* Of counters whose names mislead: what they count. */
static void legend(struct text *t, const struct diff *d)
{
	static const struct { const char *key, *name, *says; } misleading[] = {
		{ "TcpExtTWRecycled", "TWRecycled",
		  "reuse by connect(), of a bound port or not; what a SYN ends is not in it, nor has it to do with tcp_tw_recycle" },
		{ "TcpExtTWKilled", "TWKilled",
		  "buckets whose timer was set to 4 s or less; nobody killed them" },
		{ "TcpExtTCPTimeWaitOverflow", "Overflow",
		  "closes that left no bucket: tcp_max_tw_buckets, or no memory" },
	};
	size_t i, k;

	if (t->o.opt.no_header)
		return;
	for (i = 0; i < N_COUNTERS; i++)
		for (k = 0; k < ARRAY_SIZE(misleading); k++) {
			if (strcmp(counter_keys[i].key, misleading[k].key) ||
			    !diff_counter(d, i) ||
			    d->after->counters[i].v == d->before->counters[i].v)
				continue;
			fprintf(t->o.opt.fp, "%-12s  ", misleading[k].name);
			wrapped(t, 14, "%s", misleading[k].says);
		}
}

/* An older twctl may have kept none. */
static bool any_counter(const struct diff *d)
{
	size_t i;

	for (i = 0; i < N_COUNTERS; i++)
		if (diff_counter(d, i))
			return true;
	return false;
}

static void counters(struct text *t, const struct diff *d)
{
	struct section s = { .t = t, .label = "counters" };
	unsigned int sockets;
	const char *sep = "";
	size_t i;

	if (!any_counter(d))
		return;
	fputc('\n', t->o.opt.fp);
	sockets = figures(t, "sockets", FORM_COUNT, sockstat_keys, N_SOCKSTAT,
			  d->before->sockstat, d->after->sockstat);
	for (i = 0; i < N_COUNTERS; i++)
		if (diff_counter(d, i))
			one_counter(&s, d, i);
	if (!sockets && !s.same)
		return;
	label(t, "unchanged");
	also(t, &sep, sockets, "socket count");
	also(t, &sep, s.same, "counter");
	fputc('\n', t->o.opt.fp);
}

static void when(struct text *t, const char *name, const struct snapshot *s)
{
	char date[40] = "at an unknown time";

	if (s->time_ms.has)
		text_date(date, sizeof(date), s->time_ms.v * 1000000);
	label(t, name);
	fprintf(t->o.opt.fp, "%s  %s%skernel %s", date, s->hostname,
		*s->hostname ? ", " : "", *s->kernel ? s->kernel : "unknown");
}

static void heading(struct text *t, const struct diff *d)
{
	FILE *fp = t->o.opt.fp;
	char span[40];

	when(t, "before", d->before);
	fputc('\n', fp);
	when(t, "after", d->after);
	if (d->has_interval)
		fprintf(fp, ", %s later", text_span(span, sizeof(span),
						    d->interval_ms));
	fputc('\n', fp);
}

static void changed_word(struct text *t, const char *name, const char *a,
			 const char *b)
{
	if (!*a || !*b || !strcmp(a, b))
		return;
	label(t, name);
	fprintf(t->o.opt.fp, "%s%s -> %s%s\n", t->c.warn, a, b, t->c.off);
}

void text_diff(struct out *o, const struct diff *d)
{
	struct text *t = text_of(o);
	unsigned int i;

	if (!o->opt.no_header)
		heading(t, d);
	for (i = 0; i < N_DIFF_WARNINGS; i++)
		if (d->warnings >> i & 1)
			warn_of(t, "%s", diff_warnings[i].says);
	changed_word(t, "kernel", d->before->kernel, d->after->kernel);
	changed_word(t, "module", d->before->module, d->after->module);
	pairs(t, d);
	counters(t, d);
	legend(t, d);
}
