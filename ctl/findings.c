// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE	/* vasprintf() */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"

static char *words(struct findings *f, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) >= 0)
		return text;
	f->no_memory = true;
	return NULL;
}

/* One more of an array, all zero; NULL where memory is short. */
static void *grown(struct findings *f, void *array, unsigned int n, size_t size)
{
	char *more = reallocarray(array, n + 1, size);

	if (!more)
		f->no_memory = true;
	else
		memset(more + n * size, 0, size);
	return more;
}

static void add_line(struct findings *f, char ***array, unsigned int *n,
		     const char *fmt, va_list ap)
{
	char **more = grown(f, *array, *n, sizeof(*more));

	if (!more)
		return;
	*array = more;
	more[*n] = words(f, fmt, ap);
	*n += !!more[*n];
}

/* The one that is being made; NULL where there was no memory for it. */
static struct finding *last(struct findings *f)
{
	return f->no_memory || !f->n ? NULL : &f->row[f->n - 1];
}

void finding_begin(struct findings *f, uint32_t netns, const char *fmt, ...)
{
	struct finding *more = grown(f, f->row, f->n, sizeof(*more));
	va_list ap;

	if (!more)
		return;
	f->row = more;
	more += f->n;
	more->rule = f->rule;
	more->netns = netns;
	va_start(ap, fmt);
	more->title = words(f, fmt, ap);
	va_end(ap);
	f->n += !!more->title;
}

void finding_evidence(struct findings *f, const char *fmt, ...)
{
	struct finding *one = last(f);
	va_list ap;

	if (!one)
		return;
	va_start(ap, fmt);
	add_line(f, &one->evidence, &one->n_evidence, fmt, ap);
	va_end(ap);
}

static void add_advice(struct findings *f, const char *command, const char *fmt,
		       va_list ap)
{
	struct finding *one = last(f);
	struct advice *more, made;

	if (!one)
		return;
	made.text = words(f, fmt, ap);
	made.command = command ? strdup(command) : NULL;
	more = grown(f, one->to_do, one->n_do, sizeof(*more));
	if (more)
		one->to_do = more;
	if (!made.text || (command && !made.command) || !more) {
		f->no_memory = true;
		free(made.text);
		free(made.command);
		return;
	}
	more[one->n_do++] = made;
}

void finding_do(struct findings *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_advice(f, NULL, fmt, ap);
	va_end(ap);
}

void finding_command(struct findings *f, const char *command, const char *fmt,
		     ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_advice(f, command, fmt, ap);
	va_end(ap);
}

void finding_dont(struct findings *f, const char *fmt, ...)
{
	struct finding *one = last(f);
	va_list ap;

	if (!one)
		return;
	va_start(ap, fmt);
	add_line(f, &one->dont, &one->n_dont, fmt, ap);
	va_end(ap);
}

static void lines_free(char **line, unsigned int n)
{
	while (n)
		free(line[--n]);
	free(line);
}

static void finding_free(struct finding *one)
{
	unsigned int i;

	free(one->title);
	lines_free(one->evidence, one->n_evidence);
	lines_free(one->dont, one->n_dont);
	for (i = 0; i < one->n_do; i++) {
		free(one->to_do[i].command);
		free(one->to_do[i].text);
	}
	free(one->to_do);
}

void findings_free(struct findings *f)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		finding_free(&f->row[i]);
	free(f->row);
	memset(f, 0, sizeof(*f));
}

const char *severity_name(enum severity severity)
{
	static const char *const name[N_SEVERITIES] = {
		"critical", "warning", "note",
	};

	return name[severity];
}
