// SPDX-License-Identifier: GPL-2.0
#include "churn.h"
#include "out_text.h"
#include "text.h"

#define SPARK_CELLS 60
#define BAR_CELLS 16

/* summary of one namespace */

static void summary_title(struct text *t, const struct tws_summary *s)
{
	char name[300];

	if (t->o.opt.no_header)
		return;
	fprintf(t->o.opt.fp, "%sTIME_WAIT buckets of network namespace %u%s%s%s\n\n",
		t->c.bold, s->netns,
		netns_suffix(t, name, sizeof(name), s->netns),
		t->o.opt.filtered ? ", filtered" : "", t->c.off);
}

/* What the kernel compares with the limit is its own count. */
static uint64_t against_limit(const struct tws_summary *s)
{
	return s->total > s->kernel_count ? s->total : s->kernel_count;
}

static bool at_limit(const struct tws_summary *s)
{
	return against_limit(s) >= s->limit;
}

static bool near_limit(const struct tws_summary *s)
{
	return against_limit(s) * 10 >= s->limit * 9ULL;
}

/* A part of the buckets says nothing of how far it is to the limit. */
static void summary_passed(struct text *t, const struct tws_summary *s)
{
	char a[32], b[32];

	label(t, "buckets");
	fprintf(t->o.opt.fp, "%s pass the filter",
		s->total ? text_count(a, sizeof(a), s->total) : "none");
	if (s->total)
		fprintf(t->o.opt.fp, "  %s", text_bytes(b, sizeof(b), s->bytes));
	fputc('\n', t->o.opt.fp);
}

void text_buckets_used(struct text *t, const struct tws_summary *s)
{
	char a[32], b[32], c[32], pct[16], bar[3 * BAR_CELLS + 3];
	FILE *fp = t->o.opt.fp;
	bool warn = near_limit(s);

	label(t, "buckets");
	fprintf(fp, "%s of %s",
		s->total ? text_count(a, sizeof(a), s->total) : "none",
		text_count(b, sizeof(b), s->limit));
	if (s->total)
		fprintf(fp, " (%s%s%s)  %s%s%s  %s", warn ? t->c.warn : "",
			text_percent(pct, sizeof(pct), s->total, s->limit),
			warn ? t->c.off : "", warn ? t->c.warn : t->c.soft,
			text_bar(bar, sizeof(bar), s->total, s->limit, BAR_CELLS,
				 t->o.opt.utf8),
			t->c.off, text_bytes(c, sizeof(c), s->bytes));
	fputc('\n', fp);
}

/* With the tools that people know; where there is no FIN_WAIT2, all say the same. */
static void summary_compared(struct text *t, const struct tws_summary *s)
{
	if (!s->fin_wait2 || t->o.opt.filtered)
		return;
	label(t, "");
	fprintf(t->o.opt.fp, "%sss -s and sockstat tw count both, ss state time-wait the first alone%s\n",
		t->c.soft, t->c.off);
}

static void summary_counts(struct text *t, const struct tws_summary *s)
{
	FILE *fp = t->o.opt.fp;
	char a[32], b[32], c[32];

	if (t->o.opt.filtered)
		summary_passed(t, s);
	else
		text_buckets_used(t, s);
	if (s->total) {
		label(t, "");
		fprintf(fp, "%s time-wait, %s fin-wait2\n",
			text_count(a, sizeof(a), s->timewait),
			text_count(b, sizeof(b), s->fin_wait2));
		summary_compared(t, s);
		label(t, "");
		fprintf(fp, "%s ipv4, %s ipv6, %s ipv4-mapped\n",
			text_count(a, sizeof(a), s->ipv4),
			text_count(b, sizeof(b), s->ipv6),
			text_count(c, sizeof(c), s->ipv4_mapped));
	}
	label(t, "kernel");
	fprintf(fp, "%s by its own count%s (%s%s chains read in %s)\n",
		text_count(a, sizeof(a), s->kernel_count),
		t->o.opt.filtered ? ", of all" : "",
		s->ehash_pernet ? "own hash of " : "",
		text_count(b, sizeof(b), s->ehash_entries),
		text_duration_us(c, sizeof(c), s->walk_us));
}

/* The kernel counts all: it cannot be compared with what a filter let pass. */
static bool counts_disagree(struct text *t, const struct tws_summary *s)
{
	return !t->o.opt.filtered &&
	       churn_difference(s) > churn_allowed(s, t->o.opt.cpus);
}

static void summary_warnings(struct text *t, const struct tws_summary *s)
{
	uint64_t diff = churn_difference(s);
	uint64_t allowed = churn_allowed(s, t->o.opt.cpus);
	char a[32], b[32], pct[16];
	FILE *fp = t->o.opt.fp;

	if (at_limit(s)) {
		warning(t);
		fprintf(fp, "the limit is reached: new closes skip TIME_WAIT, live buckets stay.\n");
		label(t, "");
		fprintf(fp, "TCPTimeWaitOverflow counts the closes that skipped it.\n");
	} else if (near_limit(s)) {
		warning(t);
		fprintf(fp, "%s of the limit. At the limit new closes skip TIME_WAIT, live\n",
			text_percent(pct, sizeof(pct), against_limit(s), s->limit));
		label(t, "");
		fprintf(fp, "buckets stay, and TCPTimeWaitOverflow counts the closes that skip.\n");
	}
	if (counts_disagree(t, s)) {
		warning(t);
		fprintf(fp, "the walk found %s buckets, the kernel counts %s: what came\n",
			text_count(a, sizeof(a), s->total),
			text_count(b, sizeof(b), s->kernel_count));
		label(t, "");
		fprintf(fp, "and went during the walk explains a difference of %s, not of %s.\n",
			text_count(a, sizeof(a), allowed),
			text_count(b, sizeof(b), diff));
	}
}

static struct tws_hist last_minute(const struct tws_summary *s)
{
	struct tws_hist h = s->closes;

	if (h.n > SPARK_CELLS)
		h.n = SPARK_CELLS;
	return h;
}

static double mean(const struct tws_hist *h)
{
	return h->n ? (double)hist_sum(h) / h->n : 0;
}

static void summary_closes(struct text *t, const struct tws_summary *s)
{
	struct tws_hist h = last_minute(s);
	char peak[32], spark[3 * SPARK_CELLS + 1], ago[24];
	FILE *fp = t->o.opt.fp;

	label(t, "closes/s");
	if (!hist_peak(&h)) {
		fprintf(fp, "none in the last %u s that left a bucket\n", h.n);
		return;
	}
	fprintf(fp, "last %u s, where the bucket is still here: peak %s, mean %.1f\n",
		h.n, text_count(peak, sizeof(peak), hist_peak(&h)), mean(&h));
	label(t, "");
	fprintf(fp, "%s%s%s\n", t->c.soft,
		text_sparkline(spark, sizeof(spark), &h, SPARK_CELLS,
			       t->o.opt.utf8), t->c.off);
	snprintf(ago, sizeof(ago), "%u s ago", h.n);
	label(t, "");
	fprintf(fp, "%-*s%s\n", (int)h.n - 3, ago, "now");
}

static void summary_due(struct text *t, const struct tws_summary *s)
{
	static const unsigned int within[] = { 10, 30, 60 };
	const struct tws_hist *h = &s->remaining;
	const char *sep = "within ";
	uint64_t later;
	char n[32];
	size_t i;

	if (!s->total)
		return;
	label(t, "due");
	for (i = 0; i < ARRAY_SIZE(within); i++) {
		/* the last slot has no upper end */
		if (within[i] >= h->n)
			break;
		fprintf(t->o.opt.fp, "%s%u s: %s", sep, within[i],
			text_count(n, sizeof(n), hist_before(h, within[i])));
		sep = "   ";
	}
	later = i ? hist_sum(h) - hist_before(h, within[i - 1]) : hist_sum(h);
	if (later)
		fprintf(t->o.opt.fp, "%slater: %s", i ? sep : "",
			text_count(n, sizeof(n), later));
	fputc('\n', t->o.opt.fp);
	label(t, "");
	fprintf(t->o.opt.fp, "%sthe kernel's timer may end a bucket some seconds late%s\n",
		t->c.soft, t->c.off);
}

static const char *reuse_words(uint32_t v)
{
	static const char *const words[] = {
		"off", "on", "loopback only",
	};

	return v < ARRAY_SIZE(words) ? words[v] : "unknown";
}

static void summary_sysctls(struct text *t, const struct tws_summary *sum)
{
	const struct tws_sysctls *s = &sum->sysctls;
	unsigned int ports = s->ip_local_port_range_max >= s->ip_local_port_range_min ?
		s->ip_local_port_range_max - s->ip_local_port_range_min + 1u : 0;
	FILE *fp = t->o.opt.fp;
	char a[32], b[32], c[32], blocked[64] = "";

	label(t, "sysctls");
	fprintf(fp, "tcp_tw_reuse=%u (%s)", s->tcp_tw_reuse,
		reuse_words(s->tcp_tw_reuse));
	if (s->has_tcp_tw_reuse_delay)
		fprintf(fp, "  tcp_tw_reuse_delay=%u ms", s->tcp_tw_reuse_delay);
	fputc('\n', fp);
	label(t, "");
	fprintf(fp, "tcp_timestamps=%u  tcp_rfc1337=%u  tcp_fin_timeout=%u (FIN_WAIT2 only)\n",
		s->tcp_timestamps, s->tcp_rfc1337, s->tcp_fin_timeout);
	if (sum->bind_blocked_ports)
		snprintf(blocked, sizeof(blocked), ", %s bind-blocked",
			 text_count(c, sizeof(c), sum->bind_blocked_ports));
	label(t, "");
	wrapped(t, 10, "ip_local_port_range=%u-%u: %s ports, %s%s reserved%s",
		s->ip_local_port_range_min, s->ip_local_port_range_max,
		text_count(a, sizeof(a), ports),
		s->ip_local_reserved_ports ?
		text_count(b, sizeof(b), s->ip_local_reserved_ports) : "none",
		s->ip_local_reserved_ports ? " of them" : "", blocked);
}

static void one_summary(struct text *t, const struct tws_summary *s)
{
	summary_title(t, s);
	summary_counts(t, s);
	summary_warnings(t, s);
	fputc('\n', t->o.opt.fp);
	summary_closes(t, s);
	summary_due(t, s);
	text_verdicts(t, s);
	fputc('\n', t->o.opt.fp);
	summary_sysctls(t, s);
}

/* summaries of many namespaces, a line each */

static void table_row(struct text *t, const struct totals *v, const char *limit,
		      const char *used)
{
	char a[32], b[32], c[32];

	fprintf(t->o.opt.fp, "%11s %10s %11s %10s %8s %9.1f  ",
		text_count(a, sizeof(a), v->total),
		text_count(b, sizeof(b), v->fin_wait2),
		text_count(c, sizeof(c), v->kernel), limit, used,
		(double)v->closes / SPARK_CELLS);
}

static void table_header(struct text *t)
{
	if (t->o.opt.no_header)
		return;
	fprintf(t->o.opt.fp, "%s%64s%s\n", t->c.bold, "closes/s", t->c.off);
	fprintf(t->o.opt.fp, "%s%11s %10s %11s %10s %8s %9s  %s%s\n", t->c.bold,
		"TOTAL", "FIN-WAIT2", "KERNEL", "LIMIT", "USED", "60S",
		"NETNS", t->c.off);
}

static void table_line(struct text *t, const struct tws_summary *s)
{
	const char *name = netns_name(t->o.opt.netns_names, s->netns);
	struct tws_hist h = last_minute(s);
	const struct totals v = {
		.total = s->total, .fin_wait2 = s->fin_wait2,
		.kernel = s->kernel_count, .closes = hist_sum(&h),
	};
	FILE *fp = t->o.opt.fp;
	char limit[32], used[16];

	if (!t->o.records)
		table_header(t);
	table_row(t, &v, text_count(limit, sizeof(limit), s->limit),
		  text_percent(used, sizeof(used),
			       t->o.opt.filtered ? s->kernel_count : s->total,
			       s->limit));
	fprintf(fp, "%u%s%s", s->netns, name ? " " : "", name ? name : "");
	if (at_limit(s))
		fprintf(fp, "  %sat its limit%s", t->c.warn, t->c.off);
	else if (near_limit(s))
		fprintf(fp, "  %snear its limit%s", t->c.warn, t->c.off);
	if (counts_disagree(t, s))
		fprintf(fp, "  %scounts disagree%s", t->c.warn, t->c.off);
	fputc('\n', fp);
	text_sysctls_keep(t, s);
	t->sum.total += v.total;
	t->sum.fin_wait2 += v.fin_wait2;
	t->sum.kernel += v.kernel;
	t->sum.closes += v.closes;
}

void text_summaries_end(struct text *t)
{
	table_row(t, &t->sum, "", "");
	fprintf(t->o.opt.fp, "in %llu namespace%s%s\n",
		(unsigned long long)t->o.records, t->o.records == 1 ? "" : "s",
		t->o.opt.filtered ? ", filtered" : "");
}

void text_summary(struct out *o, const struct tws_summary *s)
{
	if (o->kind == OUT_SUMMARIES)
		table_line(text_of(o), s);
	else
		one_summary(text_of(o), s);
}
