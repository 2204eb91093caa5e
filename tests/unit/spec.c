// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the spec by its indentation: a set's name is at column 4, that of an
 * attribute at column 8. Enough for a file that is checked by YNL anyway.
 */
#include "spec.h"
#include "test.h"

static void add(struct spec_set *s, const char *name)
{
	char *to = s->name[s->n], *dash;

	assert_true(s->n < SPEC_MAX && strlen(name) < sizeof(s->name[0]));
	strcpy(to, name);
	while ((dash = strchr(to, '-')))
		*dash = '_';
	s->n++;
}

void spec_read(const char *set, struct spec_set *s)
{
	char line[512], name[64];
	int in_sets = 0, in_set = 0;
	FILE *f = fopen(SPEC, "r");

	assert_non_null(f);
	memset(s, 0, sizeof(*s));
	while (fgets(line, sizeof(line), f)) {
		if (line[0] != ' ' && line[0] != '\n' && line[0] != '#')
			in_sets = !strncmp(line, "attribute-sets:", 15);
		if (!in_sets)
			continue;
		if (!strncmp(line, "    name: ", 10) &&
		    sscanf(line + 10, "%63s", name) == 1)
			in_set = !strcmp(name, set);
		if (in_set && !strncmp(line, "        name: ", 14) &&
		    sscanf(line + 14, "%63s", name) == 1)
			add(s, name);
	}
	fclose(f);
	assert_true(s->n > 0);
}

void spec_enum(const char *name, struct spec_set *s)
{
	char line[512], entry[48];
	FILE *f = fopen(SPEC, "r");
	int in = 0;

	assert_non_null(f);
	memset(s, 0, sizeof(*s));
	while (fgets(line, sizeof(line), f) && strncmp(line, "attribute-sets:", 15)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "    name: ", 10))
			in = !strcmp(line + 10, name);
		if (!in || strncmp(line, "        name: ", 14) ||
		    sscanf(line + 14, "%47s", entry) != 1)
			continue;
		assert_true(s->n < SPEC_MAX);
		strcpy(s->name[s->n++], entry);
	}
	fclose(f);
	assert_true(s->n > 0);
}

void spec_drop(struct spec_set *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n && strcmp(s->name[i], name); i++)
		;
	if (i == s->n)
		fail_msg("the spec has no attribute %s", name);
	memmove(s->name[i], s->name[i + 1],
		(SPEC_MAX - i - 1) * sizeof(s->name[0]));
	s->n--;
}
