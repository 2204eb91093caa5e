// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <string.h>

#include "out_metrics_parts.h"

/* As both formats have it. */
static void escaped(FILE *fp, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', fp);
		if (*s == '\n')
			fputs("\\n", fp);
		else
			fputc(*s, fp);
	}
}

/* A family without a sample has no head either. */
static void begin(struct metrics_writer *w)
{
	const struct metric *f = w->metric;
	bool open = w->r->format == METRICS_OPENMETRICS;
	int len = (int)strlen(f->name);

	if (w->begun)
		return;
	w->begun = true;
	/* there a family of counters goes without the end of its samples' name */
	if (open && f->type == COUNTER)
		len -= (int)strlen("_total");
	fprintf(w->fp, "# HELP %.*s %s\n", len, f->name, f->help);
	fprintf(w->fp, "# TYPE %.*s %s\n", len, f->name,
		f->type == COUNTER ? "counter" : "gauge");
	if (open && f->unit)
		fprintf(w->fp, "# UNIT %.*s %s\n", len, f->name, f->unit);
}

static void value(struct metrics_writer *w, double v)
{
	if (isinf(v))
		fputs(v > 0 ? " +Inf\n" : " -Inf\n", w->fp);
	else
		fprintf(w->fp, v == (double)(int64_t)v ? " %.0f\n" : " %.6g\n", v);
}

void metrics_labelled(struct metrics_writer *w, unsigned int n,
		      const char *const labels[][2], double v)
{
	unsigned int i;

	begin(w);
	fputs(w->metric->name, w->fp);
	for (i = 0; i < n; i++) {
		fprintf(w->fp, "%s%s=\"", i ? "," : "{", labels[i][0]);
		escaped(w->fp, labels[i][1]);
		fputc('"', w->fp);
	}
	if (n)
		fputc('}', w->fp);
	value(w, v);
}

void metrics_sample(struct metrics_writer *w, const char *name, const char *of,
		    double v)
{
	const char *labels[2][2];
	unsigned int n = 0;

	if (w->netns[0]) {
		labels[n][0] = "netns";
		labels[n++][1] = w->netns;
	}
	if (name) {
		labels[n][0] = name;
		labels[n++][1] = of;
	}
	metrics_labelled(w, n, (const char *const (*)[2])labels, v);
}

static void of_field(struct metrics_writer *w, const struct figures *f)
{
	const void *at = (const char *)f + w->metric->at;

	switch (w->metric->field) {
	case FIELD_NUMBER:
		metrics_sample(w, NULL, NULL, (double)*(const uint64_t *)at);
		break;
	case FIELD_COUNT:
		metrics_sample(w, NULL, NULL, *(const unsigned int *)at);
		break;
	case FIELD_REAL:
		metrics_sample(w, NULL, NULL, *(const double *)at);
		break;
	case FIELD_NONE:
		w->metric->samples(w, f);
	}
}

/*
 * What it is called; NULL where that is for a process: the next one has another
 * number, and would make other series of the same namespace.
 */
static const char *lasting_name(const struct metrics_report *r, uint32_t inode)
{
	const struct netns_label *l = netns_find(r->names, inode);

	return l && l->kind != NETNS_PROCESS ? l->name : NULL;
}

/* Two that are called alike, or as the rest is, have their numbers besides. */
static bool has_namesake(const struct metrics_report *r, const char *name,
			 uint32_t inode)
{
	const char *other;
	unsigned int i;

	if (!strcmp(name, METRICS_REST))
		return true;
	for (i = 0; i < r->n; i++) {
		other = lasting_name(r, r->row[i].netns);
		if (other && r->row[i].netns != inode && !strcmp(other, name))
			return true;
	}
	return false;
}

static void name_netns(struct metrics_writer *w, const struct figures *f)
{
	const char *name = lasting_name(w->r, f->netns);

	w->netns[0] = '\0';
	if (!w->r->all_netns)
		return;
	if (f == w->r->rest)
		snprintf(w->netns, sizeof(w->netns), METRICS_REST);
	else if (!name)
		snprintf(w->netns, sizeof(w->netns), "%u", f->netns);
	else if (has_namesake(w->r, name, f->netns))
		snprintf(w->netns, sizeof(w->netns), "%s (%u)", name, f->netns);
	else
		snprintf(w->netns, sizeof(w->netns), "%s", name);
}

static void of_namespaces(struct metrics_writer *w)
{
	unsigned int i;

	for (i = 0; i < w->r->n; i++) {
		name_netns(w, &w->r->row[i]);
		of_field(w, &w->r->row[i]);
	}
	if (w->r->rest) {
		name_netns(w, w->r->rest);
		of_field(w, w->r->rest);
	}
	w->netns[0] = '\0';
}

void out_metrics(FILE *fp, const struct metrics_report *r)
{
	struct metrics_writer w = { .fp = fp, .r = r };
	size_t i;

	for (i = 0; i < n_metrics; i++) {
		w.metric = &metrics[i];
		w.begun = false;
		if (w.metric->whole)
			w.metric->samples(&w, NULL);
		else
			of_namespaces(&w);
	}
	if (r->format == METRICS_OPENMETRICS)
		fputs("# EOF\n", fp);
}
