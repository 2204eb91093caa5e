// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "command.h"

/* The names that begin with @start, set apart by commas. */
static void list_names(const struct command *const *table, size_t n,
		       const char *start, char *buf, size_t size)
{
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; i < n; i++) {
		if (strncmp(table[i]->name, start, strlen(start)))
			continue;
		snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
			 table[i]->name);
		len += strlen(buf + len);
	}
}

const struct command *command_find(const struct command *const *table, size_t n,
				   const char *word, char *err, size_t size)
{
	const struct command *found = NULL;
	char names[256];
	size_t i, hits = 0;

	for (i = 0; i < n; i++) {
		if (!strcmp(table[i]->name, word))
			return table[i];
		if (*word && !strncmp(table[i]->name, word, strlen(word))) {
			found = table[i];
			hits++;
		}
	}
	if (hits == 1)
		return found;
	list_names(table, n, hits ? word : "", names, sizeof(names));
	snprintf(err, size, hits ?
		 "command '%s' is ambiguous, it may be: %s" :
		 "unknown command '%s', expected one of: %s", word, names);
	return NULL;
}

bool command_has_option(const struct command *c, const char *name)
{
	const struct command_option *o = c->options;

	for (; o && o->name; o++)
		if (!strcmp(o->name, name))
			return true;
	return false;
}
