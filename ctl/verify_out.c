// SPDX-License-Identifier: GPL-2.0
#include <jansson.h>

#include "text.h"
#include "verdicts.h"
#include "verify_out.h"

/* A scenario in words. */
#define TEXT_SIZE 512

static const char *const result_names[] = {
	[VERIFY_AGREE] = "agree",
	[VERIFY_BOUNDARY] = "boundary",
	[VERIFY_DISAGREE] = "DISAGREE",
	[VERIFY_UNKNOWN] = "unknown",
};

static const char *known(const char *name)
{
	return name ? name : "unknown to this twctl";
}

static const char *name_of(uint32_t verdict)
{
	return known(verdict_name(verdict));
}

static double ms(int64_t ns)
{
	return (double)ns / VERIFY_NS_PER_MS;
}

/* Whether that comparison took a connect(). */
static bool was_tried(enum verify_check check)
{
	return check != VERIFY_CHECK_REASON && check != VERIFY_CHECK_WHATIF;
}

/* For people */

static void print_said(FILE *fp, const struct verify_look *l)
{
	fputs(name_of(l->verdict), fp);
	if (l->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		fprintf(fp, " for %u ms", l->wait_ms);
}

void verify_out_event(FILE *fp, const struct verify_event *e)
{
	char text[TEXT_SIZE];

	fprintf(fp, "%-8s trial %llu: %s: said ", result_names[e->result],
		(unsigned long long)e->scenario->number,
		verify_check_name(e->check));
	print_said(fp, e->said);
	if (was_tried(e->check))
		fprintf(fp, ", connect() %s",
			e->got_port ? "got the port" : "was refused");
	fprintf(fp, "; %s\n", verify_scenario_text(e->scenario, text, sizeof(text)));
}

static void text_head(FILE *fp, const struct tws_info *info,
		      const struct verify_report *r)
{
	char n[32];

	fprintf(fp, "kernel     %s\n", info->kernel);
	fprintf(fp, "rules      %s%s\n", known(rules_name(r->rules)),
		info->rules_told ? ", as the module was told" : "");
	fprintf(fp, "seed       %llu\n", (unsigned long long)r->seed);
	fprintf(fp, "trials     %s in %.1f s\n\n",
		text_count(n, sizeof(n), verify_trials(r)),
		ms(r->elapsed) / 1000);
}

static void text_tally(FILE *fp, const char *name, const struct verify_tally *t)
{
	if (t->trials)
		fprintf(fp, "%-22s %7u %13u %8u %9u %6u\n", name, t->trials,
			t->got_port, t->trials - t->got_port, t->boundary,
			t->disagreements);
}

static void text_verdicts(FILE *fp, const struct verify_report *r)
{
	char name[64];
	unsigned int i;

	fprintf(fp, "%-22s %7s %13s %8s %9s %6s\n", "predicted", "trials",
		"got the port", "refused", "boundary", "wrong");
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		text_tally(fp, name_of(i), &r->said[0][i]);
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		snprintf(name, sizeof(name), "%s, bound", name_of(i));
		text_tally(fp, name, &r->said[1][i]);
	}
}

static void text_kinds(FILE *fp, const struct verify_report *r)
{
	const char *sep;
	unsigned int i, j;

	fputc('\n', fp);
	for (i = 0; i < VERIFY_N_KINDS; i++) {
		sep = "";
		fprintf(fp, "%-11s", verify_kinds[i].name);
		for (j = 0; j < verify_kinds[i].n; j++) {
			if (!r->kind[i][j])
				continue;
			fprintf(fp, "%s%s %u", sep, verify_kinds[i].choice[j],
				r->kind[i][j]);
			sep = ", ";
		}
		fputc('\n', fp);
	}
}

static void text_check(FILE *fp, const struct verify_report *r,
		       enum verify_check check, const char *what)
{
	const struct verify_tally *t = &r->check[check];

	fprintf(fp, "%-11s%u of %u %s, %u too close to tell\n",
		verify_check_name(check),
		t->trials - t->boundary - t->disagreements, t->trials, what,
		t->boundary);
}

static void text_no_trials(FILE *fp, const struct verify_report *r)
{
	const char *sep = "";
	unsigned int i;

	if (!verify_no_trials(r))
		return;
	fprintf(fp, "%-11s", "no trials");
	for (i = 0; i < VERIFY_N_NO_TRIALS; i++) {
		if (!r->no_trial[i])
			continue;
		fprintf(fp, "%s%s %u", sep,
			verify_no_trial_name((enum verify_no_trial)i),
			r->no_trial[i]);
		sep = ", ";
	}
	fputc('\n', fp);
}

static void text_failure(FILE *fp, const struct verify_failure *f)
{
	char text[TEXT_SIZE];

	fprintf(fp, "\nDISAGREEMENT in trial %llu: the module said ",
		(unsigned long long)f->scenario.number);
	print_said(fp, &f->said);
	if (f->check == VERIFY_CHECK_WHATIF) {
		fputs(" under other sysctls, and when they were set ", fp);
		print_said(fp, &f->then);
	} else if (f->check == VERIFY_CHECK_REASON) {
		fputs(", which cannot be the reason here", fp);
	} else {
		fprintf(fp, ", but connect() %s (%s)",
			f->got_port ? "got the port" : "was refused",
			verify_check_name(f->check));
	}
	fprintf(fp, ", %.1f ms later\n    %s\n", ms(f->elapsed),
		verify_scenario_text(&f->scenario, text, sizeof(text)));
}

static void text_sum(FILE *fp, const struct verify_report *r)
{
	const struct verify_tally *t = &r->check[VERIFY_CHECK_CONNECT];
	char a[32], b[32], pct[16];

	fprintf(fp, "\nagreement  %s of %s trials",
		text_count(a, sizeof(a), verify_agreements(r)),
		text_count(b, sizeof(b), t->trials));
	fprintf(fp, "; %u at the boundary (%s), where the verdict changed meanwhile",
		t->boundary, text_percent(pct, sizeof(pct), t->boundary, t->trials));
	if (r->unknown)
		fprintf(fp, "; %u unknown, %u of them without need", r->unknown,
			r->unknown_wrong);
	fprintf(fp, "\n");
	if (r->n_failures)
		fprintf(fp, "%zu DISAGREEMENTS; the same trials again: twctl verify --seed %llu --trials %u\n",
			r->n_failures, (unsigned long long)r->seed, t->trials);
}

void verify_out_text(FILE *fp, const struct tws_info *info,
		     const struct verify_report *r)
{
	size_t i;

	text_head(fp, info, r);
	text_verdicts(fp, r);
	text_kinds(fp, r);
	fputc('\n', fp);
	text_check(fp, r, VERIFY_CHECK_REASON, "fit what was done to the bucket");
	text_check(fp, r, VERIFY_CHECK_WHATIF, "said beforehand of other sysctls");
	text_check(fp, r, VERIFY_CHECK_NOT_BEFORE, "refused just before the wait was over");
	text_check(fp, r, VERIFY_CHECK_IN_TIME, "got the port once it was over");
	text_no_trials(fp, r);
	for (i = 0; i < r->n_failures; i++)
		text_failure(fp, &r->failure[i]);
	text_sum(fp, r);
}

/* For programs */

static json_t *json_tally(const struct verify_tally *t)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}",
			 "trials", (json_int_t)t->trials,
			 "got_port", (json_int_t)t->got_port,
			 "refused", (json_int_t)(t->trials - t->got_port),
			 "boundary", (json_int_t)t->boundary,
			 "disagreements", (json_int_t)t->disagreements);
}

/* A tally of each name; the arrays take over what is put into them. */
static void append_tally(json_t *array, const char *key, const char *name,
			 const struct verify_tally *t)
{
	json_t *o = json_tally(t);

	json_object_set_new(o, key, json_string(name));
	json_array_append_new(array, o);
}

static json_t *json_verdicts(const struct verify_tally *t)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		append_tally(array, "verdict", name_of(i), &t[i]);
	return array;
}

static json_t *json_checks(const struct verify_report *r)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < VERIFY_N_CHECKS; i++)
		append_tally(array, "check",
			     verify_check_name((enum verify_check)i),
			     &r->check[i]);
	return array;
}

static json_t *json_kinds(const struct verify_report *r)
{
	json_t *array = json_array();
	unsigned int i, j;

	for (i = 0; i < VERIFY_N_KINDS; i++)
		for (j = 0; j < verify_kinds[i].n; j++)
			json_array_append_new(array,
				json_pack("{s:s, s:s, s:I}",
					  "kind", verify_kinds[i].name,
					  "choice", verify_kinds[i].choice[j],
					  "trials", (json_int_t)r->kind[i][j]));
	return array;
}

static json_t *json_no_trials(const struct verify_report *r)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < VERIFY_N_NO_TRIALS; i++)
		json_array_append_new(array,
			json_pack("{s:s, s:I}",
				  "reason", verify_no_trial_name((enum verify_no_trial)i),
				  "scenarios", (json_int_t)r->no_trial[i]));
	return array;
}

static void put_look(json_t *o, const char *verdict, const char *wait,
		     const struct verify_look *l)
{
	json_object_set_new(o, verdict, json_string(name_of(l->verdict)));
	if (l->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		json_object_set_new(o, wait, json_integer(l->wait_ms));
}

static json_t *json_failure(const struct verify_failure *f)
{
	char text[TEXT_SIZE];
	json_t *o = json_pack("{s:I, s:s, s:f, s:s}",
		"trial", (json_int_t)f->scenario.number,
		"check", verify_check_name(f->check),
		"elapsed_ms", ms(f->elapsed),
		"scenario", verify_scenario_text(&f->scenario, text, sizeof(text)));

	put_look(o, "said", "said_wait_ms", &f->said);
	if (f->check == VERIFY_CHECK_WHATIF)
		put_look(o, "then", "then_wait_ms", &f->then);
	if (was_tried(f->check))
		json_object_set_new(o, "got_port", json_boolean(f->got_port));
	return o;
}

static json_t *json_failures(const struct verify_report *r)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < r->n_failures; i++)
		json_array_append_new(array, json_failure(&r->failure[i]));
	return array;
}

int verify_out_json(FILE *fp, const struct tws_info *info,
		    const struct verify_report *r, bool pretty)
{
	const struct verify_tally *t = &r->check[VERIFY_CHECK_CONNECT];
	json_t *o = json_pack("{s:s, s:s, s:b, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
		"kernel", info->kernel,
		"rules", known(rules_name(r->rules)),
		"rules_told", info->rules_told,
		"seed", (json_int_t)r->seed,
		"seconds", ms(r->elapsed) / 1000,
		"trials", (json_int_t)t->trials,
		"agreements", (json_int_t)verify_agreements(r),
		"boundary", (json_int_t)t->boundary,
		"unknown", (json_int_t)r->unknown,
		"unknown_without_need", (json_int_t)r->unknown_wrong,
		"search", json_verdicts(r->said[0]),
		"bound", json_verdicts(r->said[1]),
		"checks", json_checks(r),
		"kinds", json_kinds(r),
		"no_trials", json_no_trials(r),
		"disagreements", json_failures(r));

	if (!o)
		return -1;
	json_dumpf(o, fp, pretty ? JSON_INDENT(4) : JSON_COMPACT);
	fputc('\n', fp);
	json_decref(o);
	return 0;
}
