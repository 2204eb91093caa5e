// SPDX-License-Identifier: GPL-2.0
/* Findings, the worst first, and what was looked at. */
#include <string.h>

#include "machine.h"
#include "out_text.h"
#include "rules.h"
#include "text.h"

#define COLUMN 10
#define S(n) ((n) == 1 ? "" : "s")

static const char *color_of(struct text *t, enum severity severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL:
	case SEVERITY_WARNING:
		return t->c.warn;
	case SEVERITY_NOTE:
		break;
	}
	return t->c.bold;
}

/* "CRITICAL  " of "critical" */
static void severity(struct text *t, const struct rule *rule)
{
	static const char *const name[N_SEVERITIES] = {
		"CRITICAL", "WARNING", "NOTE",
	};

	fprintf(t->o.opt.fp, "%s%-*s%s", color_of(t, rule->severity), COLUMN,
		name[rule->severity], t->c.off);
}

static void title(struct text *t, const struct finding *one)
{
	char in[300] = "", name[280];

	severity(t, one->rule);
	if (t->o.opt.all_netns && one->netns)
		snprintf(in, sizeof(in), "  netns %u%s", one->netns,
			 netns_suffix(t, name, sizeof(name), one->netns));
	fprintf(t->o.opt.fp, "%s%s%s%s\n", t->c.bold, one->rule->id, t->c.off, in);
	fprintf(t->o.opt.fp, "%*s", COLUMN, "");
	wrapped(t, COLUMN, "%s", one->title);
}

static void lines(struct text *t, const char *name, unsigned int n,
		  char *const *line)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		label(t, i ? "" : name);
		fputs("- ", t->o.opt.fp);
		wrapped(t, COLUMN + 2, "%s", line[i]);
	}
}

/* A command stays on its line, to be copied from there. */
static void advice(struct text *t, const struct finding *one)
{
	const struct advice *a;
	unsigned int i;

	for (i = 0; i < one->n_do; i++) {
		a = &one->to_do[i];
		label(t, i ? "" : "do");
		fputs("- ", t->o.opt.fp);
		if (a->command)
			fprintf(t->o.opt.fp, "%s%s%s\n%*s", t->c.soft, a->command,
				t->c.off, COLUMN + 2, "");
		wrapped(t, COLUMN + 2, "%s", a->text);
	}
}

/* Whether a finding before this one has the same line. */
static bool is_told(const struct findings *f, const struct finding *one,
		    const char *line)
{
	const struct finding *before;
	unsigned int i;

	for (before = f->row; before < one; before++)
		for (i = 0; i < before->n_dont; i++)
			if (!strcmp(before->dont[i], line))
				return true;
	return false;
}

static void the_donts(struct text *t, const struct findings *f,
		      const struct finding *one)
{
	unsigned int i, shown = 0;

	for (i = 0; i < one->n_dont; i++) {
		if (is_told(f, one, one->dont[i]))
			continue;
		label(t, shown++ ? "" : "do not");
		fputs("- ", t->o.opt.fp);
		wrapped(t, COLUMN + 2, "%s", one->dont[i]);
	}
	if (shown == one->n_dont)
		return;
	label(t, shown ? "" : "do not");
	fputs("- what is said above\n", t->o.opt.fp);
}

static void finding(struct text *t, const struct findings *f,
		    const struct finding *one)
{
	title(t, one);
	lines(t, "evidence", one->n_evidence, one->evidence);
	advice(t, one);
	the_donts(t, f, one);
	fputc('\n', t->o.opt.fp);
}

static void looked_at(struct text *t, const struct machine *m)
{
	const struct pressures *p = &m->pressures;
	char a[32], b[32], c[32];

	label(t, "looked at");
	wrapped(t, COLUMN, "%u network namespace%s, %s destination%s, %s source address%s that bind(); %s line%s of sysctl files%s%s%s",
		p->n_summaries, S(p->n_summaries),
		text_count(a, sizeof(a), p->n), S(p->n),
		text_count(b, sizeof(b), p->n_sources),
		p->n_sources == 1 ? "" : "es",
		text_count(c, sizeof(c), m->files.n), S(m->files.n),
		m->has_stats ? "; what was observed" : "",
		m->has_listening ? "; who listens" : "",
		m->conntrack.has ? "; connection tracking" : "");
	if (m->has_stats && m->has_hooks)
		return;
	label(t, "not seen");
	if (m->info.observing)
		wrapped(t, COLUMN, "what was observed, or its hooks: that takes CAP_NET_ADMIN");
	else
		wrapped(t, COLUMN, "what the kernel decides on each bucket: that is known after 'twctl observe on'");
}

void text_doctor(struct out *o, const struct doctor_report *r)
{
	struct text *t = text_of(o);
	unsigned int i;

	if (!r->findings->n)
		fprintf(o->opt.fp, "%snothing found%s\n\n", t->c.good, t->c.off);
	for (i = 0; i < r->findings->n; i++)
		finding(t, r->findings, &r->findings->row[i]);
	if (o->opt.no_header)
		return;
	looked_at(t, r->machine);
	if (!r->findings->n)
		return;
	label(t, "more");
	wrapped(t, COLUMN, "docs/doctor.md has a section for each finding. No command above was run; what sysctl -w sets lasts until the machine or the namespace ends, /etc/sysctl.d is for longer.");
}
