// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <string.h>

#include "out_check.h"
#include "out_text.h"
#include "text.h"

#define WORDS_SIZE 1024

static const char *const status_names[] = {
	[CHECK_OK] = "OK",
	[CHECK_WARNING] = "WARNING",
	[CHECK_CRITICAL] = "CRITICAL",
	[CHECK_UNKNOWN] = "UNKNOWN",
};

/* What is nearest to an outage first. */
static const enum check_figure order[] = {
	CHECK_PORTS, CHECK_EXHAUSTION, CHECK_LIMIT, CHECK_BUCKETS, CHECK_OVERFLOW,
};

/* Behind a "|" the numbers begin, and a line is one line. */
static void plain_words(FILE *fp, const char *s)
{
	for (; *s; s++)
		fputc(*s == '|' ? '/' : *s == '\n' || *s == '\r' ? ' ' : *s, fp);
}

/* ", 192.0.2.1 -> 198.51.100.7:443 in web" */
static void whose(char *buf, size_t size, const struct check_report *r,
		  const struct check_item *item)
{
	const struct tws_group *g = item->row ? item->row->group : NULL;
	char from[INET6_ADDRSTRLEN], to[ENDPOINT_SIZE];
	const char *name;
	int len = 0;

	buf[0] = '\0';
	if (g && inet_ntop(g->local_family, g->local, from, sizeof(from))) {
		endpoint_text(to, sizeof(to), g->remote_family, g->remote,
			      g->remote_port, NULL);
		len = item->bind ?
			snprintf(buf, size, ", bind() to %s", from) :
			snprintf(buf, size, ", %s -> %s", from, to);
	}
	if (!r->all_netns || !item->figures || isinf(item->value))
		return;
	name = netns_name(r->names, item->figures->netns);
	if (name)
		snprintf(buf + len, size - (size_t)len, " in %s", name);
	else
		snprintf(buf + len, size - (size_t)len, " in network namespace %u",
			 item->figures->netns);
}

static void words_of_limit(char *buf, size_t size, const struct check_item *item)
{
	const struct figures *f = item->figures;
	char n[32], limit[32], pct[16];

	snprintf(buf, size, "%s of tcp_max_tw_buckets (%s of %s)",
		 f->limit ? text_percent(pct, sizeof(pct), f->kernel_count,
					 f->limit) : "all",
		 text_count(n, sizeof(n), f->kernel_count),
		 text_count(limit, sizeof(limit), f->limit));
}

static void words_of_ports(char *buf, size_t size, const struct check_item *item)
{
	const struct pressure *p = item->row ? &item->row->now : NULL;
	char n[32], all[32], pct[16];

	if (!p) {
		snprintf(buf, size, "no ports taken");
		return;
	}
	snprintf(buf, size, "%s of the ports taken (%s of %s)",
		 p->ports ? text_percent(pct, sizeof(pct),
					 p->ports - p->available, p->ports) : "all",
		 text_count(n, sizeof(n), p->ports - p->available),
		 text_count(all, sizeof(all), p->ports));
}

static void words_of_exhaustion(char *buf, size_t size,
				const struct check_item *item)
{
	char span[32];

	if (isinf(item->value))
		snprintf(buf, size, "the ports last");
	else if (item->row && !item->row->now.available)
		snprintf(buf, size, "no port left: %s",
			 item->bind ? "bind() to port 0 fails with EADDRINUSE" :
				      "connect() fails with EADDRNOTAVAIL");
	else
		snprintf(buf, size, "no port left in %s at this rate",
			 text_span(span, sizeof(span),
				   (uint64_t)(item->value * 1000)));
}

static void words_of(char *buf, size_t size, const struct check_report *r,
		     enum check_figure k)
{
	const struct check_item *item = &r->item[k];
	char of[600], n[32];

	switch (k) {
	case CHECK_LIMIT:
		words_of_limit(buf, size, item);
		break;
	case CHECK_PORTS:
		words_of_ports(buf, size, item);
		break;
	case CHECK_EXHAUSTION:
		words_of_exhaustion(buf, size, item);
		break;
	case CHECK_BUCKETS:
		snprintf(buf, size, "%s buckets",
			 text_count(n, sizeof(n), (uint64_t)item->value));
		break;
	case CHECK_OVERFLOW:
	case N_CHECK_FIGURES:
		snprintf(buf, size, "%.1f closes/s leave no bucket", item->value);
		break;
	}
	whose(of, sizeof(of), r, item);
	snprintf(buf + strlen(buf), size - strlen(buf), "%s", of);
}

/* In the first line: all of them where all is well, else what is not, worst first. */
static void summary(FILE *fp, const struct check_report *r)
{
	enum check_status worst = check_status(r->item), status;
	const char *before = " - ";
	char words[WORDS_SIZE];
	size_t i;

	fprintf(fp, "TIMEWAIT %s", status_names[worst]);
	for (status = worst + 1; status-- > (worst ? CHECK_WARNING : CHECK_OK);) {
		for (i = 0; i < ARRAY_SIZE(order); i++) {
			if (!r->item[order[i]].told ||
			    r->item[order[i]].status != status)
				continue;
			words_of(words, sizeof(words), r, order[i]);
			fputs(before, fp);
			plain_words(fp, words);
			before = "; ";
		}
	}
}

static void number(FILE *fp, const struct check_report *r, enum check_figure k)
{
	const struct check_kind *kind = &check_kinds[k];
	const struct thresholds *t = &r->thresholds[k];
	const struct check_item *item = &r->item[k];
	char warning[80] = "", critical[80] = "";

	if (t->has_warning)
		range_text(warning, sizeof(warning), &t->warning);
	if (t->has_critical)
		range_text(critical, sizeof(critical), &t->critical);
	fprintf(fp, " %s=", kind->name);
	/* U is what has no value, such as the time until never */
	if (isinf(item->value))
		fputc('U', fp);
	else
		fprintf(fp, "%.*f%s", kind->digits, item->value, kind->unit);
	fprintf(fp, ";%s;%s;0", warning, critical);
	if (k == CHECK_BUCKETS)
		fprintf(fp, ";%llu", (unsigned long long)item->figures->limit);
	else if (k == CHECK_LIMIT || k == CHECK_PORTS)
		fputs(";100", fp);
}

void out_check(FILE *fp, const struct check_report *r)
{
	char words[WORDS_SIZE];
	size_t i;

	summary(fp, r);
	fputs(" |", fp);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (r->item[order[i]].told)
			number(fp, r, order[i]);
	fputc('\n', fp);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!r->item[order[i]].told)
			continue;
		words_of(words, sizeof(words), r, order[i]);
		fprintf(fp, "%s: %s, ", check_kinds[order[i]].name,
			status_names[r->item[order[i]].status]);
		plain_words(fp, words);
		fputc('\n', fp);
	}
}

void out_check_unknown(FILE *fp, const char *why)
{
	fprintf(fp, "TIMEWAIT %s - ", status_names[CHECK_UNKNOWN]);
	plain_words(fp, why);
	fputc('\n', fp);
}
