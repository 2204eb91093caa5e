// SPDX-License-Identifier: GPL-2.0
/*
 * Two files that "twctl diff" is given, with a NUL between them: each is refused
 * in words or keeps its promises, and what changed can be printed.
 */
#define _GNU_SOURCE	/* open_memstream() */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "diff.h"
#include "out.h"

#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz_saved.c:%d: not so: %s\n", \
				__LINE__, #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What goes to a terminal: no byte of it is a file's own idea. */
static bool is_harmless(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return false;
	return true;
}

static void check_strings(const struct snapshot *s)
{
	const char *const strings[] = { s->hostname, s->kernel, s->boot_id,
					s->twctl, s->module };
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		must(is_harmless(strings[i], strlen(strings[i])));
	for (i = 0; i < s->n; i++)
		must(is_harmless(s->of[i].name, strlen(s->of[i].name)) &&
		     is_harmless(s->of[i].kind, strlen(s->of[i].kind)));
}

static void check_snapshot(const struct snapshot *s)
{
	size_t i;

	must(s->n && s->n <= SNAPSHOT_MAX_NETNS);
	check_strings(s);
	for (i = 0; i < s->n; i++) {
		must(s->of[i].counts[COUNT_TOTAL].has);
		must(!i || s->of[i - 1].netns <= s->of[i].netns);
	}
}

/* Exactly as long as it is, so that ASan sees each byte beyond. */
static bool parse(const uint8_t *data, size_t len, struct snapshot *s)
{
	char *text = malloc(len ? len : 1), err[300];
	int ret;

	memset(err, '\n', sizeof(err));
	must(text);
	memcpy(text, data, len);
	ret = snapshot_parse(text, len, s, err, sizeof(err));
	free(text);
	if (!ret) {
		check_snapshot(s);
		return true;
	}
	must(ret == -1 && !s->of && !s->n);
	must(memchr(err, '\0', sizeof(err)) && *err);
	must(is_harmless(err, strlen(err)) && !strchr(err, '\n'));
	return false;
}

static char *print(struct out *(*writer)(const struct out_options *opt,
					 enum out_kind kind),
		   const struct diff *d, size_t *len)
{
	char *text = NULL;
	struct out_options opt = { .cpus = 2, .fp = open_memstream(&text, len) };
	struct out *o = writer(&opt, OUT_DIFF);

	must(o && !out_diff(o, d));
	out_end(o, false);
	fclose(opt.fp);
	return text;
}

static void check_diff(const struct snapshot *before,
		       const struct snapshot *after)
{
	struct diff d;
	char *text;
	size_t len, i;
	json_t *doc;

	must(!diff_make(before, after, &d));
	must(d.n <= before->n + after->n);
	for (i = 0; i < d.n; i++)
		must(d.pair[i].before || d.pair[i].after);
	text = print(out_text, &d, &len);
	must(len && is_harmless(text, len));
	free(text);
	text = print(out_json, &d, &len);
	doc = json_loadb(text, len, 0, NULL);
	must(json_is_object(doc));
	json_decref(doc);
	free(text);
	diff_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size), *second = data;
	size_t len = end ? (size_t)(end - data) : size, second_len = len;
	struct snapshot before, after;

	if (end) {
		second = end + 1;
		second_len = size - len - 1;
	}
	if (!parse(data, len, &before))
		return 0;
	check_diff(&before, &before);
	if (parse(second, second_len, &after)) {
		check_diff(&before, &after);
		snapshot_free(&after);
	}
	snapshot_free(&before);
	return 0;
}
