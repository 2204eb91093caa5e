// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"

const struct group_key group_keys[N_GROUP_KEYS] = {
	{ TWSCOPE_GROUP_KEY_NETNS, "netns", NULL, "NETNS" },
	{ TWSCOPE_GROUP_KEY_FAMILY, "family", NULL, "FAMILY" },
	{ TWSCOPE_GROUP_KEY_LOCAL, "local", "src", "LOCAL" },
	{ TWSCOPE_GROUP_KEY_LOCAL_PORT, "local-port", "sport", "LPORT" },
	{ TWSCOPE_GROUP_KEY_REMOTE, "remote", "dst", "REMOTE" },
	{ TWSCOPE_GROUP_KEY_REMOTE_PORT, "remote-port", "dport", "RPORT" },
	{ TWSCOPE_GROUP_KEY_IFINDEX, "dev", NULL, "DEV" },
	{ TWSCOPE_GROUP_KEY_MARK, "mark", "fwmark", "MARK" },
	{ TWSCOPE_GROUP_KEY_SUBSTATE, "substate", "state", "SUBSTATE" },
	{ TWSCOPE_GROUP_KEY_VERDICT, "verdict", NULL, "VERDICT" },
};

const char *const group_orders[] = {
	[TWSCOPE_GROUP_SORT_COUNT] = "count",
	[TWSCOPE_GROUP_SORT_RATE] = "rate",
	[TWSCOPE_GROUP_SORT_HELD] = "held",
};

static int wrong(char *err, size_t size, const char *what, int len,
		 const char *text)
{
	snprintf(err, size, "%s, not '%.*s'", what, len > 40 ? 40 : len, text);
	return -1;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return word && strlen(word) == len && !memcmp(text, word, len);
}

static int find_key(const char *text, size_t len)
{
	int i;

	for (i = 0; i < N_GROUP_KEYS; i++)
		if (is_word(text, len, group_keys[i].name) ||
		    is_word(text, len, group_keys[i].alias))
			return i;
	return -1;
}

/* A decimal number of up to @max that ends at @end; -1 where it is none. */
static int number(const char *text, const char *end, int max)
{
	int v = 0;

	if (text == end)
		return -1;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		v = v * 10 + (*text - '0');
		if (v > max)
			return -1;
	}
	return v;
}

/* /24 for IPv4, /24/64 for both */
static int parse_lengths(const char *text, const char *end, uint8_t *len4,
			 uint8_t *len6, char *err, size_t size)
{
	const char *more = memchr(text, '/', (size_t)(end - text));
	int v4 = number(text, more ? more : end, 32);
	int v6 = more ? number(more + 1, end, 128) : 128;

	if (v4 < 0 || v6 < 0)
		return wrong(err, size,
			     "expected a prefix length after '/': 0 to 32 for IPv4, and if for IPv6 as well, a second one from 0 to 128, such as /24/64",
			     (int)(end - text), text);
	*len4 = (uint8_t)v4;
	*len6 = (uint8_t)v6;
	return 0;
}

static int parse_key(const char *text, const char *end, struct tws_group_by *by,
		     char *err, size_t size)
{
	const char *slash = memchr(text, '/', (size_t)(end - text));
	const char *stop = slash ? slash : end;
	int key = find_key(text, (size_t)(stop - text));
	uint32_t bit;

	if (key < 0)
		return wrong(err, size,
			     "expected netns, family, local, local-port, remote, remote-port, dev, mark, substate or verdict",
			     (int)(end - text), text);
	bit = group_keys[key].bit;
	if (by->keys & bit) {
		snprintf(err, size, "'%s' is there twice", group_keys[key].name);
		return -1;
	}
	by->keys |= bit;
	by->order[by->n++] = (uint8_t)key;
	if (!slash)
		return 0;
	if (bit == TWSCOPE_GROUP_KEY_LOCAL)
		return parse_lengths(slash + 1, end, &by->local_len4,
				     &by->local_len, err, size);
	if (bit == TWSCOPE_GROUP_KEY_REMOTE)
		return parse_lengths(slash + 1, end, &by->remote_len4,
				     &by->remote_len, err, size);
	return wrong(err, size, "only local and remote have a prefix length",
		     (int)(end - text), text);
}

int group_by_parse(const char *text, struct tws_group_by *by, char *err,
		   size_t size)
{
	const char *comma;

	*by = (struct tws_group_by){
		.local_len = 128, .remote_len = 128,
		.local_len4 = 32, .remote_len4 = 32,
	};
	for (;; text = comma + 1) {
		comma = strchr(text, ',');
		if (parse_key(text, comma ? comma : text + strlen(text), by, err,
			      size) < 0)
			return -1;
		if (!comma)
			return 0;
	}
}

/* Doubles at each power of two. */
int groups_add(struct groups *g, const struct tws_group *row)
{
	struct tws_group *grown;

	if (!(g->n & (g->n - 1))) {
		grown = realloc(g->row, (g->n ? 2 * g->n : 1) * sizeof(*grown));
		if (!grown)
			return -1;
		g->row = grown;
	}
	g->row[g->n++] = *row;
	return 0;
}

struct taking {
	struct groups *g;
	bool failed;
};

static int take(const struct tws_group *row, void *ctx)
{
	struct taking *t = ctx;

	switch (row->kind) {
	case GROUP_TOTALS:
		t->g->totals = *row;
		return 0;
	case GROUP_REST:
		t->g->rest = *row;
		t->g->has_rest = true;
		return 0;
	case GROUP_OTHER:
		t->g->other = *row;
		t->g->has_other = true;
		return 0;
	case GROUP_ONE:
		break;
	}
	t->failed = groups_add(t->g, row) < 0;
	return t->failed;
}

int groups_take(struct twnl *nl, const struct tws_group_query *q,
		struct groups *g)
{
	struct taking t = { .g = g };
	int ret;

	memset(g, 0, sizeof(*g));
	ret = twnl_group_dump(nl, q, take, &t);
	return t.failed ? twnl_out_of_memory(nl) : ret;
}

void groups_free(struct groups *g)
{
	free(g->row);
	memset(g, 0, sizeof(*g));
}
