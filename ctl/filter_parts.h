/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the filter share: filter.c reads tokens and conditions,
 * filter_value.c their ports and addresses, filter_dnf.c multiplies out what
 * was read.
 */
#ifndef TWCTL_FILTER_PARTS_H
#define TWCTL_FILTER_PARTS_H

#include <string.h>

#include "filter.h"

/*
 * Bounds of what is worked on before it is simplified to what the module
 * takes. They keep time, memory and recursion small whatever is typed.
 */
#define MAX_LITERALS	1024
#define MAX_DEPTH	64

enum token_kind {
	TOK_END, TOK_OPEN, TOK_CLOSE, TOK_AND, TOK_OR, TOK_NOT, TOK_OP, TOK_WORD,
};

enum op { OP_NONE, OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE };

struct token {
	enum token_kind kind;
	enum op op;
	size_t off;
	size_t len;
};

struct parser {
	const char *text;
	size_t pos;
	struct token tok;
	unsigned int depth;
	unsigned int n_terms;
	filter_port_fn port_by_name;
	struct filter_expr *expr;
	struct filter_error *err;
};

/* A part of the text, so that an error can point right at it. */
struct span {
	size_t off;
	size_t len;
};

struct host {
	bool has_addr;
	bool has_port;
	struct tws_term addr;
	int port;
};

/* Fills @err, with the words that @fmt makes; always -1. */
int filter_fail(struct filter_error *err, size_t off, size_t len,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static inline int fail_span(struct parser *p, struct span s, const char *what)
{
	return filter_fail(p->err, s.off, s.len, "%s", what);
}

static inline bool span_is(const struct parser *p, size_t off, size_t len,
			   const char *word)
{
	return strlen(word) == len && !memcmp(p->text + off, word, len);
}

/* Cuts @s at the first @c: what follows it goes to @rest. */
static inline bool span_cut(const struct parser *p, struct span *s, char c,
			    struct span *rest)
{
	const char *start = p->text + s->off;
	const char *at = memchr(start, c, s->len);

	if (!at)
		return false;
	rest->off = s->off + (size_t)(at - start) + 1;
	rest->len = s->len - (size_t)(at - start) - 1;
	s->len = (size_t)(at - start);
	return true;
}

/* Both read the whole of @s; -1 with the error filled, or the port and 0. */
int filter_parse_port(struct parser *p, struct span s);
int filter_parse_host(struct parser *p, struct span s, struct host *h);

#endif /* TWCTL_FILTER_PARTS_H */
