// SPDX-License-Identifier: GPL-2.0
/* What may follow in a filter. Its grammar is in filter_gram.y. */
#include <string.h>

#include "complete.h"
#include "filter_parts.h"
#include "verdicts.h"

enum value { VALUE_HOST, VALUE_PORT, VALUE_DEVICE, VALUE_MARK, VALUE_FAMILY,
	     VALUE_SUBSTATE, VALUE_VERDICT, VALUE_TIME };

static const struct condition_name {
	const char *name;
	enum value value;
	const char *meaning;
} names[] = {
	{ "src", VALUE_HOST, "local address" },
	{ "dst", VALUE_HOST, "remote address" },
	{ "sport", VALUE_PORT, "local port" },
	{ "dport", VALUE_PORT, "remote port" },
	{ "dev", VALUE_DEVICE, "device of the socket" },
	{ "fwmark", VALUE_MARK, "mark of the socket" },
	{ "family", VALUE_FAMILY, "inet or inet6" },
	{ "substate", VALUE_SUBSTATE, "time-wait or fin-wait2" },
	{ "verdict", VALUE_VERDICT, "what connect() would do" },
	{ "remaining", VALUE_TIME, "until the kernel ends it" },
	{ "age", VALUE_TIME, "since it was entered" },
};

/* What ends a word, beside blanks. */
#define SIGNS "()!&|<>="

/* The word that ends at @end of @text, NULL for none; @end is then its start. */
static const char *word_before(const char *text, size_t *end, size_t *len)
{
	size_t e = *end, start;

	while (e && strchr(" \t\n", text[e - 1]))
		e--;
	start = e;
	if (start && strchr(SIGNS, text[start - 1]))
		while (start && strchr(SIGNS, text[start - 1]))
			start--;
	else
		while (start && !strchr(" \t\n" SIGNS, text[start - 1]))
			start--;
	*end = start;
	*len = e - start;
	return *len ? text + start : NULL;
}

static bool is_among(const char *word, size_t len, const char *const *list)
{
	for (; word && *list; list++)
		if (strlen(*list) == len && !memcmp(*list, word, len))
			return true;
	return false;
}

static bool is_comparison(const char *word, size_t len)
{
	static const char *const list[] = {
		"=", "==", "!=", "<", ">", "<=", ">=", "eq", "ne", "neq", "lt",
		"gt", "le", "leq", "ge", "geq", NULL,
	};

	return is_among(word, len, list);
}

/* Behind these a condition is due. */
static bool is_open(const char *word, size_t len)
{
	static const char *const list[] = {
		"and", "or", "not", "&", "&&", "|", "||", "!", "(", NULL,
	};

	return !word || is_among(word, len, list);
}

static const struct condition_name *find_name(const char *word, size_t len)
{
	size_t i;

	if (word && len == strlen("state") && !memcmp(word, "state", len))
		return find_name("substate", strlen("substate"));
	for (i = 0; word && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == len &&
		    !memcmp(names[i].name, word, len))
			return &names[i];
	return NULL;
}

static void offer_all(const char *const *list, const char *before,
		      const char *word, FILE *out)
{
	for (; *list; list++)
		complete_offer(out, before, word, *list, NULL);
}

static void offer_values(enum value value, const char *before, const char *word,
			 FILE *out)
{
	static const char *const families[] = { "inet", "inet6", NULL };
	static const char *const substates[] = { "time-wait", "fin-wait2", NULL };
	size_t i;

	if (value == VALUE_FAMILY)
		offer_all(families, before, word, out);
	else if (value == VALUE_SUBSTATE)
		offer_all(substates, before, word, out);
	else if (value == VALUE_DEVICE)
		complete_devices(out, before, word);
	for (i = 0; value == VALUE_VERDICT && i < TWSCOPE_N_VERDICTS; i++)
		complete_offer(out, before, word,
			       verdicts[verdict_order[i]].name,
			       verdicts[verdict_order[i]].brief);
}

/* In letters: the signs are the shell's. */
static void offer_comparisons(enum value value, const char *before,
			      const char *word, FILE *out)
{
	static const char *const equal[] = { "eq", "ne", NULL };
	static const char *const order[] = { "lt", "le", "gt", "ge", NULL };

	if (value != VALUE_TIME)
		offer_all(equal, before, word, out);
	if (value == VALUE_TIME || value == VALUE_PORT)
		offer_all(order, before, word, out);
}

static void offer_conditions(bool joined, const char *before, const char *word,
			     FILE *out)
{
	size_t i;

	if (joined) {
		complete_offer(out, before, word, "and", "both");
		complete_offer(out, before, word, "or", "either");
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		complete_offer(out, before, word, names[i].name,
			       names[i].meaning);
	complete_offer(out, before, word, "not", "all others");
}

void complete_filter(const char *text, const char *before, const char *word,
		     FILE *out)
{
	const struct condition_name *name;
	size_t end = strlen(text), len;
	const char *last = word_before(text, &end, &len);
	bool compared = last && is_comparison(last, len);

	if (!compared && is_open(last, len)) {
		offer_conditions(false, before, word, out);
		return;
	}
	if (compared)
		last = word_before(text, &end, &len);
	name = find_name(last, len);
	if (name)
		offer_values(name->value, before, word, out);
	if (name && !compared)
		offer_comparisons(name->value, before, word, out);
	if (!name)
		offer_conditions(true, before, word, out);
}
