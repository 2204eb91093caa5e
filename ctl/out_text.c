// SPDX-License-Identifier: GPL-2.0
/*
 * Records for people: aligned, within 80 columns where the numbers allow it.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "churn.h"
#include "out.h"
#include "text.h"

/* Rows that are looked at to set the columns of a list; then it streams. */
#define LOOK_AHEAD 256

#define SPARK_CELLS 60
#define BAR_CELLS 16

/* [ADDR]:SERVICE, with room for a long service name */
#define ENDPOINT_SIZE (INET6_ADDRSTRLEN + 64)

struct colors {
	const char *bold, *warn, *soft, *off;
};

struct totals {
	uint64_t total, fin_wait2, kernel, closes;
};

struct text {
	struct out o;
	struct colors c;
	struct totals sum;
	/* of a list */
	unsigned int n_waiting;
	bool streaming;
	bool show_age;
	int local_width, remote_width;
	uint32_t dev_ifindex;
	char dev[IF_NAMESIZE];
	struct tws_bucket waiting[LOOK_AHEAD];
};

static struct text *text_of(struct out *o)
{
	return (struct text *)o;
}

/* A line's label in its column; "" goes on with the line before. */
static void label(struct text *t, const char *name)
{
	fprintf(t->o.opt.fp, "%s%-10s%s", *name ? t->c.bold : "", name,
		*name ? t->c.off : "");
}

static void warning(struct text *t)
{
	fprintf(t->o.opt.fp, "%s%-10s%s", t->c.warn, "WARNING", t->c.off);
}

/* info */

static void text_feature(struct text *t, uint32_t set, const struct feature *f)
{
	fprintf(t->o.opt.fp, "%s%-3s  %-12s  %s%s%s\n",
		f == features ? "" : "            ", set & f->bit ? "yes" : "no",
		f->name, t->c.soft, f->doc, t->c.off);
}

static void text_info(struct out *o, const struct tws_info *info)
{
	struct text *t = text_of(o);
	FILE *fp = o->opt.fp;
	uint32_t unknown = info->features;
	size_t i;

	fprintf(fp, "twctl       %s\n", TWSCOPE_VERSION);
	fprintf(fp, "module      %s\n", info->version);
	fprintf(fp, "kernel      %s\n", info->kernel);
	fprintf(fp, "built for   %s\n", info->built_for);
	fprintf(fp, "TIME_WAIT   %u.%u s, compiled into this kernel\n",
		info->timewait_len_ms / 1000, info->timewait_len_ms % 1000 / 100);
	fprintf(fp, "bucket      %u bytes of slab memory (tw_sock_TCP)\n",
		info->bucket_bytes);
	fprintf(fp, "clock       %u Hz", info->hz);
	if (info->hz)
		fprintf(fp, ": remaining times come in steps of %g ms",
			1000.0 / info->hz);
	fprintf(fp, "\nfeatures    ");
	for (i = 0; i < n_features; i++) {
		text_feature(t, info->features, &features[i]);
		unknown &= ~features[i].bit;
	}
	if (unknown)
		fprintf(fp, "            0x%x  set by the module, unknown to this twctl\n",
			unknown);
}

/* summary of one namespace */

static void summary_title(struct text *t, const struct tws_summary *s)
{
	const char *name = netns_name(t->o.opt.netns_names, s->netns);

	if (t->o.opt.no_header)
		return;
	fprintf(t->o.opt.fp, "%sTIME_WAIT buckets of network namespace %u%s%s%s%s\n\n",
		t->c.bold, s->netns, name ? " (" : "", name ? name : "",
		name ? ")" : "", t->c.off);
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

static void summary_counts(struct text *t, const struct tws_summary *s)
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
	if (s->total) {
		label(t, "");
		fprintf(fp, "%s time-wait, %s fin-wait2\n",
			text_count(a, sizeof(a), s->timewait),
			text_count(b, sizeof(b), s->fin_wait2));
		label(t, "");
		fprintf(fp, "%s ipv4, %s ipv6, %s ipv4-mapped\n",
			text_count(a, sizeof(a), s->ipv4),
			text_count(b, sizeof(b), s->ipv6),
			text_count(c, sizeof(c), s->ipv4_mapped));
	}
	label(t, "kernel");
	fprintf(fp, "%s by its own count (%s%s chains read in %s)\n",
		text_count(a, sizeof(a), s->kernel_count),
		s->ehash_pernet ? "own hash of " : "",
		text_count(b, sizeof(b), s->ehash_entries),
		text_duration_us(c, sizeof(c), s->walk_us));
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
	if (diff > allowed) {
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
	fprintf(t->o.opt.fp, "%sthe kernel's timer may end a bucket up to 4 s late%s\n",
		t->c.soft, t->c.off);
}

static const char *reuse_words(uint32_t v)
{
	static const char *const words[] = {
		"off", "on", "loopback only",
	};

	return v < ARRAY_SIZE(words) ? words[v] : "unknown";
}

static void summary_sysctls(struct text *t, const struct tws_sysctls *s)
{
	unsigned int ports = s->ip_local_port_range_max >= s->ip_local_port_range_min ?
		s->ip_local_port_range_max - s->ip_local_port_range_min + 1u : 0;
	FILE *fp = t->o.opt.fp;
	char a[32], b[32];

	label(t, "sysctls");
	fprintf(fp, "tcp_tw_reuse=%u (%s)", s->tcp_tw_reuse,
		reuse_words(s->tcp_tw_reuse));
	if (s->has_tcp_tw_reuse_delay)
		fprintf(fp, "  tcp_tw_reuse_delay=%u ms", s->tcp_tw_reuse_delay);
	fputc('\n', fp);
	label(t, "");
	fprintf(fp, "tcp_timestamps=%u  tcp_rfc1337=%u  tcp_fin_timeout=%u (FIN_WAIT2 only)\n",
		s->tcp_timestamps, s->tcp_rfc1337, s->tcp_fin_timeout);
	label(t, "");
	fprintf(fp, "ip_local_port_range=%u-%u: %s ports, %s%s reserved\n",
		s->ip_local_port_range_min, s->ip_local_port_range_max,
		text_count(a, sizeof(a), ports),
		s->ip_local_reserved_ports ?
		text_count(b, sizeof(b), s->ip_local_reserved_ports) : "none",
		s->ip_local_reserved_ports ? " of them" : "");
}

static void one_summary(struct text *t, const struct tws_summary *s)
{
	summary_title(t, s);
	summary_counts(t, s);
	summary_warnings(t, s);
	fputc('\n', t->o.opt.fp);
	summary_closes(t, s);
	summary_due(t, s);
	fputc('\n', t->o.opt.fp);
	summary_sysctls(t, &s->sysctls);
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
	fprintf(t->o.opt.fp, "%s%11s %10s %11s %10s %8s %9s  %s%s\n", t->c.bold,
		"TOTAL", "FIN-WAIT2", "KERNEL", "LIMIT", "USED", "CLOSES/S",
		"NETNS", t->c.off);
}

static void table_line(struct text *t, const struct tws_summary *s)
{
	const char *name = netns_name(t->o.opt.netns_names, s->netns);
	struct tws_hist h = last_minute(s);
	const struct totals v = {
		s->total, s->fin_wait2, s->kernel_count, hist_sum(&h),
	};
	FILE *fp = t->o.opt.fp;
	char limit[32], used[16];

	if (!t->o.records)
		table_header(t);
	table_row(t, &v, text_count(limit, sizeof(limit), s->limit),
		  text_percent(used, sizeof(used), s->total, s->limit));
	fprintf(fp, "%u%s%s", s->netns, name ? " " : "", name ? name : "");
	if (at_limit(s))
		fprintf(fp, "  %sat its limit%s", t->c.warn, t->c.off);
	else if (near_limit(s))
		fprintf(fp, "  %snear its limit%s", t->c.warn, t->c.off);
	if (churn_difference(s) > churn_allowed(s, t->o.opt.cpus))
		fprintf(fp, "  %scounts disagree%s", t->c.warn, t->c.off);
	fputc('\n', fp);
	t->sum.total += v.total;
	t->sum.fin_wait2 += v.fin_wait2;
	t->sum.kernel += v.kernel;
	t->sum.closes += v.closes;
}

static void table_end(struct text *t)
{
	table_row(t, &t->sum, "", "");
	fprintf(t->o.opt.fp, "in %llu namespace%s\n",
		(unsigned long long)t->o.records, t->o.records == 1 ? "" : "s");
}

static void text_summary(struct out *o, const struct tws_summary *s)
{
	if (o->kind == OUT_SUMMARIES)
		table_line(text_of(o), s);
	else
		one_summary(text_of(o), s);
}

/* buckets */

static int endpoint(const struct text *t, char *buf, size_t size,
		    uint16_t family, const uint8_t *addr, uint16_t port)
{
	const char *service = services_name(t->o.opt.services, port);
	char ip[INET6_ADDRSTRLEN], number[8];
	bool v6 = family == AF_INET6;

	if (v6)
		inet_ntop(AF_INET6, addr, ip, sizeof(ip));
	else /* inet_ntop() takes its time, and most are these */
		snprintf(ip, sizeof(ip), "%u.%u.%u.%u", addr[0], addr[1],
			 addr[2], addr[3]);
	snprintf(number, sizeof(number), "%u", port);
	return snprintf(buf, size, v6 ? "[%s]:%s" : "%s:%s", ip,
			service ? service : number);
}

static void list_header(struct text *t)
{
	if (t->o.opt.no_header)
		return;
	fprintf(t->o.opt.fp, "%s%-9s  %9s  ", t->c.bold, "SUBSTATE", "REMAINING");
	if (t->show_age)
		fprintf(t->o.opt.fp, "%7s  ", "AGE");
	fprintf(t->o.opt.fp, "%6s  %-*s  %-*s", "TS-AGE", t->local_width, "LOCAL",
		t->o.opt.all_netns ? t->remote_width : 0, "REMOTE");
	fprintf(t->o.opt.fp, "%s%s\n", t->o.opt.all_netns ? "  NETNS" : "",
		t->c.off);
}

static void row_netns(struct text *t, const struct tws_bucket *b)
{
	const char *name = netns_name(t->o.opt.netns_names, b->netns);

	fprintf(t->o.opt.fp, "  %u%s%s", b->netns, name ? " " : "",
		name ? name : "");
}

static void row_device(struct text *t, const struct tws_bucket *b)
{
	/* the number has this name in our own namespace only */
	if (t->o.opt.all_netns) {
		fprintf(t->o.opt.fp, "  ifindex=%u", b->ifindex);
		return;
	}
	if (t->dev_ifindex != b->ifindex) {
		t->dev_ifindex = b->ifindex;
		if (!if_indextoname(b->ifindex, t->dev))
			snprintf(t->dev, sizeof(t->dev), "if%u", b->ifindex);
	}
	fprintf(t->o.opt.fp, "  dev=%s", t->dev);
}

static void list_row(struct text *t, const struct tws_bucket *b)
{
	char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE];
	char left[16], age[16] = "-", ts[16] = "-";
	const char *state = substate_name(b->substate);
	bool soft = b->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
	bool more = t->o.opt.all_netns || b->mark || b->ifindex;
	FILE *fp = t->o.opt.fp;

	endpoint(t, local, sizeof(local), b->family, b->local, b->local_port);
	endpoint(t, remote, sizeof(remote), b->family, b->remote, b->remote_port);
	if (b->has_age)
		text_seconds(age, sizeof(age), b->age_ms);
	if (b->has_ts_recent_age)
		snprintf(ts, sizeof(ts), "%us", b->ts_recent_age_s);

	fprintf(fp, "%s%-9s%s  %9s  ", soft ? t->c.soft : "",
		state ? state : "unknown", soft ? t->c.off : "",
		text_seconds(left, sizeof(left), b->remaining_ms));
	if (t->show_age)
		fprintf(fp, "%7s  ", age);
	fprintf(fp, "%6s  %-*s  %-*s", ts, t->local_width, local,
		more ? t->remote_width : 0, remote);
	if (t->o.opt.all_netns)
		row_netns(t, b);
	if (b->mark)
		fprintf(fp, "  mark=0x%x", b->mark);
	if (b->ifindex)
		row_device(t, b);
	fputc('\n', fp);
}

/* Sets the columns by the rows that are there, and shows them. */
static void list_flush(struct text *t)
{
	char buf[ENDPOINT_SIZE];
	unsigned int i;
	int n;

	/* what most addresses need, should the later rows be the longer ones */
	t->local_width = t->remote_width = (int)sizeof("255.255.255.255:65535") - 1;
	for (i = 0; i < t->n_waiting; i++) {
		const struct tws_bucket *b = &t->waiting[i];

		n = endpoint(t, buf, sizeof(buf), b->family, b->local,
			     b->local_port);
		if (n > t->local_width)
			t->local_width = n;
		n = endpoint(t, buf, sizeof(buf), b->family, b->remote,
			     b->remote_port);
		if (n > t->remote_width)
			t->remote_width = n;
		t->show_age |= b->has_age;
	}
	list_header(t);
	for (i = 0; i < t->n_waiting; i++)
		list_row(t, &t->waiting[i]);
	t->streaming = true;
}

static void text_bucket(struct out *o, const struct tws_bucket *b)
{
	struct text *t = text_of(o);

	if (t->streaming) {
		list_row(t, b);
		return;
	}
	t->waiting[t->n_waiting++] = *b;
	if (t->n_waiting == LOOK_AHEAD)
		list_flush(t);
}

static void text_end(struct out *o, bool failed)
{
	struct text *t = text_of(o);

	if (o->kind == OUT_BUCKETS && !t->streaming &&
	    (t->n_waiting || !failed))
		list_flush(t);
	if (o->kind == OUT_SUMMARIES && o->records && !failed)
		table_end(t);
}

static const struct out_ops text_ops = {
	.info = text_info,
	.summary = text_summary,
	.bucket = text_bucket,
	.end = text_end,
};

struct out *out_text(const struct out_options *options, enum out_kind kind)
{
	static const struct colors none = { "", "", "", "" };
	static const struct colors ansi = {
		.bold = "\033[1m",
		.warn = "\033[1;31m",
		.soft = "\033[36m",
		.off = "\033[0m",
	};
	struct text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->o.ops = &text_ops;
	t->o.opt = *options;
	t->o.kind = kind;
	t->c = options->color ? ansi : none;
	return &t->o;
}
