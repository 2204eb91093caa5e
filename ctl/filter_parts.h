/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the filter share: filter_lex.l makes tokens of the text and
 * filter_gram.y an expression of these, with what filter_term.c makes of each
 * condition and filter_value.c of its value; filter_dnf.c multiplies out what
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

enum op { OP_NONE, OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE };

/* A part of the text, so that an error can point right at it. */
struct span {
	size_t off;
	size_t len;
};

struct parser {
	const char *text;
	/* where the next token begins */
	size_t pos;
	/* the token that a word is where a value is awaited */
	int value;
	/* those that are not closed yet */
	struct span open[MAX_DEPTH];
	unsigned int depth;
	unsigned int n_terms;
	const struct filter_names *names;
	struct filter_expr *expr;
	struct filter_error *err;
};

/* A condition as it was read: each part, and where it is. */
struct cond {
	struct span key;
	enum op op;
	struct span op_at;
	struct span value;
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

static inline bool span_is(const struct parser *p, struct span s,
			   const char *word)
{
	return strlen(word) == s.len && !memcmp(p->text + s.off, word, s.len);
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

/* filter.c: both return the index of a node, or -1 with the error filled. */
int filter_node(struct parser *p, enum filter_node_kind kind, int a, int b);
int filter_term(struct parser *p, struct span s, const struct tws_term *term);

/* filter_term.c: so do these. */
int filter_cond_port(struct parser *p, const struct cond *c, uint8_t kind);
int filter_cond_host(struct parser *p, const struct cond *c, uint8_t addr_kind,
		     uint8_t port_kind);
int filter_cond_family(struct parser *p, const struct cond *c);
int filter_cond_substate(struct parser *p, const struct cond *c);
int filter_cond_verdict(struct parser *p, const struct cond *c);
int filter_cond_time(struct parser *p, const struct cond *c, uint8_t kind);
int filter_cond_mark(struct parser *p, const struct cond *c);
int filter_cond_dev(struct parser *p, const struct cond *c);

/* filter_value.c: the whole of @s; -1 with the error filled, or 0 or the port. */
int filter_parse_port(struct parser *p, struct span s);
int filter_parse_host(struct parser *p, struct span s, struct host *h);
int filter_parse_time(struct parser *p, struct span s, uint32_t *ms);
int filter_parse_mark(struct parser *p, struct span s, struct tws_term *t);
int filter_parse_device(struct parser *p, struct span s, uint32_t *ifindex);

/* filter_gram.y: 0 with the root of @p->expr set, or not with the error filled. */
int filter_read(struct parser *p);

#endif /* TWCTL_FILTER_PARTS_H */
