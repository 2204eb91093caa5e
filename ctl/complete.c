// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "groups.h"
#include "policy.h"

/* What the words before the last one amount to. */
struct typed {
	const struct command *command;
	/* words of the command's that are no options */
	unsigned int n_words;
	/* the argument of an option is due */
	bool due;
	enum taken takes;
	/* the words that may be of a filter, set apart by blanks */
	char *filter;
};

void complete_offer(FILE *out, const char *before, const char *word,
		    const char *candidate, const char *meaning)
{
	if (strncmp(candidate, word, strlen(word)))
		return;
	fprintf(out, "%s%s", before, candidate);
	if (meaning)
		fprintf(out, "\t%s", meaning);
	fputc('\n', out);
}

/* A name that has what the shell would not take for one word is left out. */
static bool is_plain(const char *name)
{
	return name[0] != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@+-")] == '\0';
}

void complete_devices(FILE *out, const char *before, const char *word)
{
	struct if_nameindex *devices = if_nameindex(), *d;

	for (d = devices; d && d->if_index; d++)
		if (is_plain(d->if_name))
			complete_offer(out, before, word, d->if_name, NULL);
	if (devices)
		if_freenameindex(devices);
}

static void offer_netns(const struct completion *c, const char *before,
			const char *word, FILE *out)
{
	DIR *dir = opendir(c->netns_dir);
	const struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (is_plain(e->d_name))
			complete_offer(out, before, word, e->d_name, NULL);
	if (dir)
		closedir(dir);
}

static void offer_commands(const struct completion *c, const char *word,
			   FILE *out)
{
	size_t i;

	for (i = 0; i < c->n_commands; i++)
		complete_offer(out, "", word, c->command[i]->name,
			       c->command[i]->brief);
}

static void offer_policy(const char *word, FILE *out)
{
	const char *name;
	char text[64];
	uint32_t max, v;
	size_t i;

	for (i = 0; (name = policy_sysctl(i, &max)); i++) {
		for (v = 0; max && v <= max; v++) {
			snprintf(text, sizeof(text), "%s=%u", name, v);
			complete_offer(out, "", word, text, NULL);
		}
		snprintf(text, sizeof(text), "%s=", name);
		if (!max)
			complete_offer(out, "", word, text, "milliseconds");
	}
}

/* "remote,remote-po" becomes "remote,remote-port" */
static void offer_keys(const char *word, FILE *out)
{
	const char *comma = strrchr(word, ',');
	char *before = comma ? strndup(word, (size_t)(comma + 1 - word)) : NULL;
	size_t i;

	for (i = 0; i < N_GROUP_KEYS; i++)
		complete_offer(out, before ? before : "", comma ? comma + 1 : word,
			       group_keys[i].name, group_keys[i].alias);
	free(before);
}

static void offer_list(const char *const *list, size_t n, const char *before,
		       const char *word, FILE *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		complete_offer(out, before, word, list[i], NULL);
}

static void offer_taken(const struct completion *c, enum taken takes,
			const char *before, const char *word, FILE *out)
{
	static const char *const colors[] = { "always", "auto", "never" };
	static const char *const formats[] = { "prometheus", "openmetrics" };
	static const char *const switches[] = { "on", "off" };

	switch (takes) {
	case TAKES_ANY:
		break;
	case TAKES_FILE:
		fputs(":files\n", out);
		break;
	case TAKES_DEVICE:
		complete_devices(out, before, word);
		break;
	case TAKES_NETNS:
		offer_netns(c, before, word, out);
		break;
	case TAKES_COLOR:
		offer_list(colors, ARRAY_SIZE(colors), before, word, out);
		break;
	case TAKES_ORDER:
		offer_list(group_orders, ARRAY_SIZE(group_orders), before, word,
			   out);
		break;
	case TAKES_FORMAT:
		offer_list(formats, ARRAY_SIZE(formats), before, word, out);
		break;
	case TAKES_COMMAND:
		offer_commands(c, word, out);
		complete_offer(out, "", word, c->topic->name, c->topic->brief);
		break;
	case TAKES_KEYS:
		offer_keys(word, out);
		break;
	case TAKES_POLICY:
		offer_policy(word, out);
		break;
	case TAKES_SWITCH:
		offer_list(switches, ARRAY_SIZE(switches), before, word, out);
		break;
	}
}

/* What the argument of a general option is; one that may be left out is attached. */
static enum taken general_takes(const struct option *o)
{
	return o->val == 'N' ? TAKES_NETNS : o->val == 'c' ? TAKES_COLOR : TAKES_ANY;
}

/* Whether @word, an option, has @name: --NAME, or -L alone or after others. */
static bool is_option(const char *word, size_t len, const char *name, int letter)
{
	if (word[1] == '-')
		return strlen(name) == len - 2 && !memcmp(word + 2, name, len - 2);
	return letter && word[len - 1] == (char)letter;
}

/* Of the option that is the first @len of @word: whether it needs an argument, and which. */
static bool find_option(const struct completion *c, const struct typed *t,
			const char *word, size_t len, enum taken *takes)
{
	const struct command_option *own = t->command ? t->command->options : NULL;
	size_t i;

	*takes = TAKES_ANY;
	for (i = 0; i < c->n_options; i++)
		if (is_option(word, len, c->option[i].name, c->option[i].val)) {
			*takes = general_takes(&c->option[i]);
			return c->option[i].has_arg == required_argument;
		}
	for (; own && own->name; own++)
		if (is_option(word, len, own->name, own->letter)) {
			*takes = own->takes;
			return own->argument;
		}
	return false;
}

static void add_word(const struct completion *c, struct typed *t, const char *word)
{
	char err[512];

	if (!t->command) {
		t->command = command_find(c->command, c->n_commands, word, err,
					  sizeof(err));
		return;
	}
	t->n_words++;
	strcat(t->filter, word);
	strcat(t->filter, " ");
}

static bool read_words(const struct completion *c, int n, char *const *word,
		       struct typed *t)
{
	size_t size = 1;
	int i;

	for (i = 0; i < n; i++)
		size += strlen(word[i]) + 1;
	t->filter = calloc(1, size);
	for (i = 0; t->filter && i < n; i++) {
		if (t->due)
			t->due = false;
		else if (word[i][0] == '-' && word[i][1])
			t->due = find_option(c, t, word[i], strlen(word[i]),
					     &t->takes);
		else
			add_word(c, t, word[i]);
	}
	return t->filter;
}

/* One without a letter is for scripts. */
static bool is_of(const struct option *general, const struct command *command)
{
	if (general->val == 'A')
		return !command || command->takes_all_netns;
	return general->val < 0x80;
}

static void offer_options(const struct completion *c, const struct typed *t,
			  const char *word, FILE *out)
{
	const struct command_option *own = t->command ? t->command->options : NULL;
	size_t i;

	for (; own && own->name; own++)
		complete_offer(out, "--", word + strspn(word, "-"), own->name,
			       own->argument);
	for (i = 0; i < c->n_options; i++)
		if (is_of(&c->option[i], t->command))
			complete_offer(out, "--", word + strspn(word, "-"),
				       c->option[i].name, NULL);
}

/* --sort=ra */
static void offer_attached(const struct completion *c, const struct typed *t,
			   const char *word, FILE *out)
{
	size_t len = strcspn(word, "=");
	char *before = strndup(word, len + 1);
	enum taken takes;

	find_option(c, t, word, len, &takes);
	if (before)
		offer_taken(c, takes, before, word + len + 1, out);
	free(before);
}

/*
 * A filter in quotes is one word to the shell, and so is verdict=reusable: what
 * precedes the end of it stays as it is.
 */
static void offer_filter(const struct typed *t, const char *word, FILE *out)
{
	size_t len = strlen(word), start = len;
	char *text, *before = strdup(word);

	while (start && !strchr(" \t\n()!&|<>=", word[start - 1]))
		start--;
	text = calloc(1, strlen(t->filter) + start + 1);
	if (text && before) {
		before[start] = '\0';
		strcat(strcpy(text, t->filter), before);
		complete_filter(text, before, word + start, out);
	}
	free(text);
	free(before);
}

static void offer_words(const struct completion *c, const struct typed *t,
			const char *word, FILE *out)
{
	enum taken takes = t->command->takes;

	if (takes == TAKES_KEYS && t->n_words)
		takes = TAKES_POLICY;
	/* what one of these is there already */
	if ((takes == TAKES_SWITCH || takes == TAKES_COMMAND) && t->n_words)
		takes = TAKES_ANY;
	offer_taken(c, takes, "", word, out);
	if (t->command->takes_family && takes != TAKES_KEYS)
		offer_filter(t, word, out);
}

void complete(const struct completion *c, int argc, char *const *argv, FILE *out)
{
	const char *word = argc ? argv[argc - 1] : "";
	struct typed t = { 0 };

	if (!read_words(c, argc ? argc - 1 : 0, argv, &t))
		return;
	if (t.due)
		offer_taken(c, t.takes, "", word, out);
	else if (word[0] == '-' && strchr(word, '='))
		offer_attached(c, &t, word, out);
	else if (word[0] == '-')
		offer_options(c, &t, word, out);
	else if (t.command)
		offer_words(c, &t, word, out);
	else
		offer_commands(c, word, out);
	free(t.filter);
}
