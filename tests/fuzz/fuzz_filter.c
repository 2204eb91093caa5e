// SPDX-License-Identifier: GPL-2.0
/*
 * The filter: whatever is typed, it is refused with an error that can be shown,
 * or the OR of ANDs that the module gets says of every bucket what was typed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"
#include "types.h"

#define BUCKETS 32

#define must(condition) \
	do { \
		if (!(condition)) \
			broken(#condition, __LINE__); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *typed;

static void broken(const char *what, int line)
{
	fprintf(stderr, "fuzz_filter.c:%d: not so: %s\nfilter: %s\n", line, what,
		typed);
	abort();
}

static int port_by_name(const char *name)
{
	return strcmp(name, "https") ? -1 : 443;
}

static unsigned int device_by_name(const char *name)
{
	return strcmp(name, "lo") ? 0 : 1;
}

/* What is chosen follows from the text, so that a finding is found again. */
static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void seed_by(const char *text)
{
	for (seed = 2166136261U; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 16777619;
}

/* An error is shown to people: it points into the text and moves no cursor. */
static void check_error(const struct filter_error *err)
{
	size_t len = strlen(typed), size = 2 * len + sizeof(err->text) + 64;
	char *buf = malloc(size), *c;
	unsigned int lines = 0;

	must(err->off <= len && err->len <= len - err->off);
	must(*err->text && strlen(err->text) < sizeof(err->text));
	memset(buf, '\n', size);
	filter_error_format(err, typed, buf, size);
	must(memchr(buf, '\0', size));
	for (c = buf; *c; c++) {
		lines += *c == '\n';
		must(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	}
	must(lines <= 2);
	free(buf);
}

/* The module would refuse anything else. */
static void check_term(const struct tws_term *t)
{
	must(t->negate <= 1);
	switch ((enum tws_term_kind)t->kind) {
	case TERM_FAMILY:
		must(t->family == AF_INET || t->family == AF_INET6);
		return;
	case TERM_SUBSTATE:
		must(t->substate == TWSCOPE_SUBSTATE_TIME_WAIT ||
		     t->substate == TWSCOPE_SUBSTATE_FIN_WAIT2);
		return;
	case TERM_LOCAL:
	case TERM_REMOTE:
		must(t->addr_len == 4 || t->addr_len == 16);
		must(t->prefix_len <= t->addr_len * 8);
		return;
	case TERM_LOCAL_PORT:
	case TERM_REMOTE_PORT:
		must(t->port_min <= t->port_max);
		return;
	case TERM_VERDICT:
		must(t->verdict < TWSCOPE_N_VERDICTS);
		return;
	case TERM_REMAINING:
	case TERM_AGE:
		must(t->ms_min <= t->ms_max);
		return;
	case TERM_MARK:
	case TERM_IFINDEX:
		return;
	}
	must(!"a kind that is known");
}

static void check_filter(const struct tws_filter *f)
{
	unsigned int i, start = 0;

	must(f->n_terms <= TWSCOPE_MAX_TERMS);
	for (i = 0; i < f->n_clauses; i++) {
		must(f->clause_end[i] > start);
		start = f->clause_end[i];
	}
	must(start == f->n_terms);
	for (i = 0; i < f->n_terms; i++)
		check_term(&f->term[i]);
}

static bool prefix_holds(const struct tws_term *t, const struct tws_bucket *b,
			 const uint8_t *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned int i;

	if (t->addr_len == 16 && b->family != AF_INET6)
		return false;
	if (t->addr_len == 4 && b->family == AF_INET6) {
		if (memcmp(addr, mapped, sizeof(mapped)))
			return false;
		addr += sizeof(mapped);
	}
	for (i = 0; i < t->prefix_len; i++)
		if ((addr[i / 8] ^ t->addr[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static bool within(uint32_t v, uint32_t min, uint32_t max)
{
	return min <= v && v <= max;
}

static bool holds(const struct tws_term *t, const struct tws_bucket *b)
{
	switch ((enum tws_term_kind)t->kind) {
	case TERM_FAMILY:
		return t->family == b->family;
	case TERM_SUBSTATE:
		return t->substate == b->substate;
	case TERM_LOCAL:
		return prefix_holds(t, b, b->local);
	case TERM_REMOTE:
		return prefix_holds(t, b, b->remote);
	case TERM_LOCAL_PORT:
		return within(b->local_port, t->port_min, t->port_max);
	case TERM_REMOTE_PORT:
		return within(b->remote_port, t->port_min, t->port_max);
	case TERM_VERDICT:
		return t->verdict == b->verdict;
	case TERM_REMAINING:
		return within(b->remaining_ms, t->ms_min, t->ms_max);
	case TERM_AGE:
		return within(b->age_ms, t->ms_min, t->ms_max);
	case TERM_MARK:
		return (b->mark & t->mark_mask) == t->mark;
	case TERM_IFINDEX:
		return t->ifindex == b->ifindex;
	}
	return false;
}

static bool expr_holds(const struct filter_expr *e, unsigned int i,
		       const struct tws_bucket *b)
{
	const struct filter_node *n = &e->node[i];

	must(i < e->n);
	switch (n->kind) {
	case NODE_TERM:
		return holds(&n->term, b);
	case NODE_NOT:
		return !expr_holds(e, n->a, b);
	case NODE_AND:
		return expr_holds(e, n->a, b) && expr_holds(e, n->b, b);
	case NODE_OR:
		return expr_holds(e, n->a, b) || expr_holds(e, n->b, b);
	}
	must(!"a node that is known");
	return false;
}

/* As the module does it: some clause, all of its terms. */
static bool filter_holds(const struct tws_filter *f, const struct tws_bucket *b)
{
	unsigned int clause, i = 0;

	for (clause = 0; clause < f->n_clauses; clause++) {
		bool all = true;

		for (; i < f->clause_end[clause]; i++)
			all &= holds(&f->term[i], b) != (bool)f->term[i].negate;
		if (all)
			return true;
	}
	return false;
}

/* @min or @max, or right beside it: where a comparison is wrong, if it is. */
static uint32_t near(uint32_t min, uint32_t max)
{
	return (any(2) ? min : max) + any(3) - 1;
}

static void put_address(uint8_t *to, uint16_t *family, const struct tws_term *t)
{
	/* an IPv4 prefix holds for mapped addresses, too */
	bool mapped = t->addr_len == 4 && any(2);

	memset(to, 0, 16);
	if (mapped)
		memset(to + 10, 0xff, 2);
	memcpy(to + (mapped ? 12 : 0), t->addr, t->addr_len);
	*family = t->addr_len == 4 && !mapped ? AF_INET : AF_INET6;
	/* the prefix' last bit or the one behind it, another or the same */
	if (t->prefix_len < t->addr_len * 8 && any(2))
		to[(mapped ? 12 : 0) + t->prefix_len / 8] ^=
			0x80 >> t->prefix_len % 8;
	else if (t->prefix_len && !any(3))
		to[(mapped ? 12 : 0) + (t->prefix_len - 1) / 8] ^=
			0x80 >> (t->prefix_len - 1) % 8;
}

/* Makes @b one for which @t holds, or nearly so. */
static void suit(struct tws_bucket *b, const struct tws_term *t)
{
	switch ((enum tws_term_kind)t->kind) {
	case TERM_FAMILY:
		b->family = t->family;
		return;
	case TERM_SUBSTATE:
		b->substate = t->substate;
		return;
	case TERM_LOCAL:
		put_address(b->local, &b->family, t);
		return;
	case TERM_REMOTE:
		put_address(b->remote, &b->family, t);
		return;
	case TERM_LOCAL_PORT:
		b->local_port = (uint16_t)near(t->port_min, t->port_max);
		return;
	case TERM_REMOTE_PORT:
		b->remote_port = (uint16_t)near(t->port_min, t->port_max);
		return;
	case TERM_VERDICT:
		b->verdict = t->verdict;
		return;
	case TERM_REMAINING:
		b->remaining_ms = near(t->ms_min, t->ms_max);
		return;
	case TERM_AGE:
		b->age_ms = near(t->ms_min, t->ms_max);
		return;
	case TERM_MARK:
		b->mark = t->mark ^ (any(2) ? 1U << any(32) : 0);
		return;
	case TERM_IFINDEX:
		b->ifindex = t->ifindex;
		return;
	}
}

static void any_bucket(struct tws_bucket *b, const struct filter_expr *e)
{
	const struct filter_node *n;
	unsigned int i;

	memset(b, 0, sizeof(*b));
	b->family = any(2) ? AF_INET : AF_INET6;
	b->substate = any(2) ? TWSCOPE_SUBSTATE_TIME_WAIT :
			       TWSCOPE_SUBSTATE_FIN_WAIT2;
	/* a newer module has one more */
	b->verdict = any(TWSCOPE_N_VERDICTS + 1);
	for (i = 0; i < 16; i++) {
		n = &e->node[any(e->n)];
		if (n->kind == NODE_TERM)
			suit(b, &n->term);
	}
}

static void check_meaning(const struct filter_expr *e, int family,
			  const struct tws_filter *f)
{
	struct tws_bucket b;
	unsigned int i;
	bool want;

	for (i = 0; i < BUCKETS; i++) {
		any_bucket(&b, e);
		want = (!family || family == b.family) &&
		       expr_holds(e, e->root, &b);
		must(want == filter_holds(f, &b));
	}
}

static void check(const char *text)
{
	static const struct filter_names names = { port_by_name, device_by_name };
	static const int families[] = { 0, AF_INET, AF_INET6 };
	struct filter_error err = { 0 };
	struct filter_expr *e = filter_parse(text, &names, &err);
	struct tws_filter f;
	unsigned int i;

	if (!e) {
		check_error(&err);
		return;
	}
	for (i = 0; i < 3; i++) {
		if (!filter_compile(e, families[i], &f, &err)) {
			check_filter(&f);
			check_meaning(e, families[i], &f);
		} else {
			check_error(&err);
			/* what is said to match nothing is held to that */
			memset(&f, 0, sizeof(f));
			if (strstr(err.text, "can match nothing"))
				check_meaning(e, families[i], &f);
		}
	}
	filter_expr_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of its own length, so that ASan sees each byte beyond */
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	typed = text;
	seed_by(text);
	check(text);
	free(text);
	return 0;
}
