// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_parts.h"

int filter_fail(struct filter_error *err, size_t off, size_t len,
		const char *fmt, ...)
{
	va_list ap;

	err->off = off;
	err->len = len;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int filter_node(struct parser *p, enum filter_node_kind kind, int a, int b)
{
	struct filter_expr *e = p->expr;
	struct filter_node *grown;

	/* doubles at each power of two */
	if (!(e->n & (e->n - 1))) {
		grown = realloc(e->node, (e->n ? 2 * e->n : 1) * sizeof(*grown));
		if (!grown)
			return filter_fail(p->err, 0, 0, "out of memory");
		e->node = grown;
	}
	memset(&e->node[e->n], 0, sizeof(e->node[e->n]));
	e->node[e->n].kind = kind;
	e->node[e->n].a = (unsigned int)a;
	e->node[e->n].b = (unsigned int)b;
	return (int)e->n++;
}

int filter_term(struct parser *p, struct span s, const struct tws_term *term)
{
	int node;

	if (++p->n_terms > MAX_LITERALS)
		return filter_fail(p->err, s.off, s.len,
				   "more than %d conditions; the module takes at most %d",
				   MAX_LITERALS, TWSCOPE_MAX_TERMS);
	node = filter_node(p, NODE_TERM, 0, 0);
	if (node >= 0)
		p->expr->node[node].term = *term;
	return node;
}

void filter_expr_free(struct filter_expr *expr)
{
	if (!expr)
		return;
	free(expr->node);
	free(expr);
}

struct filter_expr *filter_parse(const char *text,
				 const struct filter_names *names,
				 struct filter_error *err)
{
	static const struct filter_names none;
	struct parser p = {
		.text = text,
		.names = names ? names : &none,
		.err = err,
	};

	p.expr = calloc(1, sizeof(*p.expr));
	if (!p.expr) {
		filter_fail(err, 0, 0, "out of memory");
		return NULL;
	}
	if (filter_read(&p)) {
		filter_expr_free(p.expr);
		return NULL;
	}
	return p.expr;
}

/* Columns that the bytes [0, n) of @s take, bytes within a UTF-8 character apart */
static size_t columns(const char *s, size_t n)
{
	size_t i, cols = 0;

	for (i = 0; i < n && s[i]; i++)
		cols += ((unsigned char)s[i] & 0xc0) != 0x80;
	return cols;
}

/* Appends @text as far as there is room, and returns where it ends. */
static size_t add(char *buf, size_t size, size_t n, const char *text)
{
	while (*text && n + 1 < size)
		buf[n++] = *text++;
	return n;
}

/*
 * The same of what was typed, which may not move the cursor of who reads the
 * error, neither below the message nor quoted in it.
 */
static size_t add_typed(char *buf, size_t size, size_t n, const char *text)
{
	size_t i = n;

	n = add(buf, size, n, text);
	for (; i < n; i++)
		if (iscntrl((unsigned char)buf[i]))
			buf[i] = ' ';
	return n;
}

void filter_error_format(const struct filter_error *err, const char *text,
			 char *buf, size_t size)
{
	size_t indent = columns(text, err->off);
	size_t under = columns(text + err->off, err->len), n;

	n = add(buf, size, 0, "wrong filter: ");
	n = add_typed(buf, size, n, err->text);
	n = add(buf, size, n, "\n    ");
	n = add_typed(buf, size, n, text);
	if (err->len || err->off) {
		n = add(buf, size, n, "\n    ");
		while (indent--)
			n = add(buf, size, n, " ");
		n = add(buf, size, n, "^");
		while (under-- > 1)
			n = add(buf, size, n, "~");
	}
	if (size)
		buf[n] = '\0';
}
