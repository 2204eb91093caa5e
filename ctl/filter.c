// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

/* "expected WHAT" at the current token, which is named as well */
static int expected(struct parser *p, const char *what)
{
	if (p->tok.kind == TOK_END)
		return filter_fail(p->err, p->tok.off, 0,
				   "expected %s, but the filter ends here",
				   what);
	return filter_fail(p->err, p->tok.off, p->tok.len,
			   "expected %s, not '%.*s'", what,
			   (int)(p->tok.len > 40 ? 40 : p->tok.len),
			   p->text + p->tok.off);
}

static bool is_space(char c)
{
	return isspace((unsigned char)c);
}

static bool is_word(char c)
{
	return c && !is_space(c) && !strchr("()!&|<>=", c);
}

static bool tok_is(const struct parser *p, const char *word)
{
	return p->tok.kind == TOK_WORD &&
	       span_is(p, p->tok.off, p->tok.len, word);
}

static const struct {
	const char *text;
	enum token_kind kind;
	enum op op;
} lexemes[] = {
	/* the longer one first where one begins like another */
	{ "(", TOK_OPEN, OP_NONE },	{ ")", TOK_CLOSE, OP_NONE },
	{ "&&", TOK_AND, OP_NONE },	{ "&", TOK_AND, OP_NONE },
	{ "||", TOK_OR, OP_NONE },	{ "|", TOK_OR, OP_NONE },
	{ "!=", TOK_OP, OP_NE },	{ "!", TOK_NOT, OP_NONE },
	{ "==", TOK_OP, OP_EQ },	{ "=", TOK_OP, OP_EQ },
	{ "<=", TOK_OP, OP_LE },	{ "<", TOK_OP, OP_LT },
	{ ">=", TOK_OP, OP_GE },	{ ">", TOK_OP, OP_GT },
}, words[] = {
	{ "and", TOK_AND, OP_NONE },	{ "or", TOK_OR, OP_NONE },
	{ "not", TOK_NOT, OP_NONE },
	{ "eq", TOK_OP, OP_EQ },	{ "ne", TOK_OP, OP_NE },
	{ "neq", TOK_OP, OP_NE },
	{ "lt", TOK_OP, OP_LT },	{ "gt", TOK_OP, OP_GT },
	{ "le", TOK_OP, OP_LE },	{ "leq", TOK_OP, OP_LE },
	{ "ge", TOK_OP, OP_GE },	{ "geq", TOK_OP, OP_GE },
};

static void next_word(struct parser *p)
{
	struct token *t = &p->tok;
	size_t i;

	while (is_word(p->text[t->off + t->len]))
		t->len++;
	t->kind = TOK_WORD;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_is(p, t->off, t->len, words[i].text)) {
			t->kind = words[i].kind;
			t->op = words[i].op;
		}
	}
}

static void next(struct parser *p)
{
	struct token *t = &p->tok;
	size_t i;

	while (is_space(p->text[p->pos]))
		p->pos++;
	*t = (struct token){ .kind = TOK_END, .off = p->pos };
	if (is_word(p->text[p->pos])) {
		next_word(p);
	} else if (p->text[p->pos]) {
		for (i = 0; i < sizeof(lexemes) / sizeof(lexemes[0]); i++) {
			t->len = strlen(lexemes[i].text);
			t->kind = lexemes[i].kind;
			t->op = lexemes[i].op;
			if (!strncmp(p->text + t->off, lexemes[i].text, t->len))
				break;
		}
	}
	p->pos = t->off + t->len;
}

/* Index of a new node, or -1. */
static int new_node(struct parser *p, enum filter_node_kind kind,
		    unsigned int a, unsigned int b)
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
	e->node[e->n].a = a;
	e->node[e->n].b = b;
	return (int)e->n++;
}

static int new_term(struct parser *p, struct span s, const struct tws_term *term)
{
	int node;

	if (++p->n_terms > MAX_LITERALS)
		return filter_fail(p->err, s.off, s.len,
				   "more than %d conditions; the module takes at most %d",
				   MAX_LITERALS, TWSCOPE_MAX_TERMS);
	node = new_node(p, NODE_TERM, 0, 0);
	if (node >= 0)
		p->expr->node[node].term = *term;
	return node;
}

static int negated_if(struct parser *p, bool negate, int node)
{
	if (!negate || node < 0)
		return node;
	return new_node(p, NODE_NOT, (unsigned int)node, 0);
}

static enum op take_op(struct parser *p)
{
	enum op op = p->tok.op;

	if (p->tok.kind != TOK_OP)
		return OP_NONE;
	next(p);
	return op;
}

/* The word that is a condition's value, taken off the input. */
static int take_value(struct parser *p, const char *what, struct span *s)
{
	if (p->tok.kind != TOK_WORD)
		return expected(p, what);
	*s = (struct span){ p->tok.off, p->tok.len };
	next(p);
	return 0;
}

/* = and != only; no operator means = */
static int take_equality(struct parser *p, const char *keyword, bool *negate)
{
	struct token at = p->tok;
	enum op op = take_op(p);

	*negate = op == OP_NE;
	if (op == OP_NONE || op == OP_EQ || op == OP_NE)
		return 0;
	return filter_fail(p->err, at.off, at.len,
			   "'%s' can only be compared with = or !=", keyword);
}

static int term_port(struct parser *p, struct span s, uint8_t kind, long min,
		     long max)
{
	struct tws_term t = { .kind = kind };

	t.port_min = (uint16_t)min;
	t.port_max = (uint16_t)max;
	return new_term(p, s, &t);
}

static int cond_port(struct parser *p, uint8_t kind)
{
	enum op op = take_op(p);
	struct span s = { 0 }, port_span, before;
	long min, max, port;

	if (take_value(p, op == OP_NONE ?
		       "a comparison and a port, such as '= :443'" :
		       "a port, such as :443", &s) < 0)
		return -1;
	before = port_span = s;
	if (span_cut(p, &before, ':', &port_span) && before.len &&
	    !span_is(p, before.off, before.len, "*"))
		return fail_span(p, s,
			"expected a port alone; an address is given with src or dst");
	port = filter_parse_port(p, port_span);
	if (port < 0)
		return -1;

	min = max = port;
	if (op == OP_LT || op == OP_LE)
		min = 0;
	if (op == OP_GT || op == OP_GE)
		max = 65535;
	if (op == OP_LT)
		max = port - 1;
	if (op == OP_GT)
		min = port + 1;
	if (min > max)
		return fail_span(p, s, op == OP_LT ?
			"no port is less than 0" : "no port is greater than 65535");
	return negated_if(p, op == OP_NE, term_port(p, s, kind, min, max));
}

static int cond_host(struct parser *p, const char *keyword, uint8_t addr_kind,
		     uint8_t port_kind)
{
	struct host h = { 0 };
	int addr = -1, port = -1;
	struct span s = { 0 };
	bool negate;

	if (take_equality(p, keyword, &negate) < 0 ||
	    take_value(p, "an address, such as 10.0.0.0/8, [::1]:443 or :443",
		       &s) < 0 ||
	    filter_parse_host(p, s, &h) < 0)
		return -1;
	if (h.has_addr) {
		h.addr.kind = addr_kind;
		addr = new_term(p, s, &h.addr);
		if (addr < 0)
			return -1;
	}
	if (h.has_port) {
		port = term_port(p, s, port_kind, h.port, h.port);
		if (port < 0)
			return -1;
	}
	if (h.has_addr && h.has_port)
		addr = new_node(p, NODE_AND, (unsigned int)addr,
				(unsigned int)port);
	return negated_if(p, negate, h.has_addr ? addr : port);
}

static int cond_family(struct parser *p)
{
	struct tws_term t = { .kind = TERM_FAMILY };
	bool negate;
	struct span s = { 0 };

	if (take_equality(p, "family", &negate) < 0 ||
	    take_value(p, "inet or inet6", &s) < 0)
		return -1;
	if (span_is(p, s.off, s.len, "inet") || span_is(p, s.off, s.len, "ipv4"))
		t.family = AF_INET;
	else if (span_is(p, s.off, s.len, "inet6") ||
		 span_is(p, s.off, s.len, "ipv6"))
		t.family = AF_INET6;
	else
		return fail_span(p, s, "expected inet (ipv4) or inet6 (ipv6)");
	return negated_if(p, negate, new_term(p, s, &t));
}

static int cond_substate(struct parser *p, const char *keyword)
{
	struct tws_term t = { .kind = TERM_SUBSTATE };
	bool negate;
	struct span s = { 0 };

	if (take_equality(p, keyword, &negate) < 0 ||
	    take_value(p, "time-wait or fin-wait2", &s) < 0)
		return -1;
	if (span_is(p, s.off, s.len, "time-wait"))
		t.substate = TWSCOPE_SUBSTATE_TIME_WAIT;
	else if (span_is(p, s.off, s.len, "fin-wait2") ||
		 span_is(p, s.off, s.len, "fin-wait-2"))
		t.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	else
		return fail_span(p, s,
			"expected time-wait or fin-wait2, the two kinds of buckets");
	return negated_if(p, negate, new_term(p, s, &t));
}

static int parse_condition(struct parser *p)
{
	struct token at = p->tok;

	if (at.kind == TOK_WORD) {
		if (tok_is(p, "sport"))
			return next(p), cond_port(p, TERM_LOCAL_PORT);
		if (tok_is(p, "dport"))
			return next(p), cond_port(p, TERM_REMOTE_PORT);
		if (tok_is(p, "src"))
			return next(p), cond_host(p, "src", TERM_LOCAL,
						  TERM_LOCAL_PORT);
		if (tok_is(p, "dst"))
			return next(p), cond_host(p, "dst", TERM_REMOTE,
						  TERM_REMOTE_PORT);
		if (tok_is(p, "family"))
			return next(p), cond_family(p);
		if (tok_is(p, "substate"))
			return next(p), cond_substate(p, "substate");
		if (tok_is(p, "state"))
			return next(p), cond_substate(p, "state");
	}
	return expected(p, "src, dst, sport, dport, family, substate, "
			"'not' or '('");
}

static int parse_or(struct parser *p);

static int parse_unary(struct parser *p)
{
	struct token open;
	bool negate = false;
	int node;

	for (; p->tok.kind == TOK_NOT; next(p))
		negate = !negate;
	if (p->tok.kind != TOK_OPEN)
		return negated_if(p, negate, parse_condition(p));

	open = p->tok;
	if (++p->depth > MAX_DEPTH)
		return filter_fail(p->err, open.off, open.len,
				   "parentheses are nested more than %d deep",
				   MAX_DEPTH);
	next(p);
	node = parse_or(p);
	if (node < 0)
		return -1;
	if (p->tok.kind == TOK_END)
		return filter_fail(p->err, open.off, open.len,
				   "this '(' is never closed");
	if (p->tok.kind != TOK_CLOSE)
		return expected(p, "')', 'and' or 'or'");
	next(p);
	p->depth--;
	return negated_if(p, negate, node);
}

/* Two conditions side by side are joined by "and", as ss has it. */
static int parse_and(struct parser *p)
{
	int left = parse_unary(p), right;

	while (left >= 0 &&
	       (p->tok.kind == TOK_AND || p->tok.kind == TOK_WORD ||
		p->tok.kind == TOK_NOT || p->tok.kind == TOK_OPEN)) {
		if (p->tok.kind == TOK_AND)
			next(p);
		right = parse_unary(p);
		if (right < 0)
			return -1;
		left = new_node(p, NODE_AND, (unsigned int)left,
				(unsigned int)right);
	}
	return left;
}

static int parse_or(struct parser *p)
{
	int left = parse_and(p), right;

	while (left >= 0 && p->tok.kind == TOK_OR) {
		next(p);
		right = parse_and(p);
		if (right < 0)
			return -1;
		left = new_node(p, NODE_OR, (unsigned int)left,
				(unsigned int)right);
	}
	return left;
}

void filter_expr_free(struct filter_expr *expr)
{
	if (!expr)
		return;
	free(expr->node);
	free(expr);
}

struct filter_expr *filter_parse(const char *text, filter_port_fn port_by_name,
				 struct filter_error *err)
{
	struct parser p = {
		.text = text,
		.port_by_name = port_by_name,
		.err = err,
	};
	int root;

	p.expr = calloc(1, sizeof(*p.expr));
	if (!p.expr) {
		filter_fail(err, 0, 0, "out of memory");
		return NULL;
	}
	next(&p);
	root = parse_or(&p);
	if (root >= 0 && p.tok.kind != TOK_END)
		root = p.tok.kind == TOK_CLOSE ?
			filter_fail(err, p.tok.off, p.tok.len,
				    "there is no '(' for this ')'") :
			expected(&p, "'and', 'or' or another condition");
	if (root < 0) {
		filter_expr_free(p.expr);
		return NULL;
	}
	p.expr->root = (unsigned int)root;
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

void filter_error_format(const struct filter_error *err, const char *text,
			 char *buf, size_t size)
{
	size_t under = columns(text + err->off, err->len);
	size_t n, i;
	int len;

	len = snprintf(buf, size, "wrong filter: %s\n    ", err->text);
	n = len < 0 ? 0 : (size_t)len;
	/* nothing a caller typed may move the cursor of who reads the error */
	for (i = 0; text[i] && n + 1 < size; i++)
		buf[n++] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
	if (n + 1 < size && (err->len || err->off)) {
		snprintf(buf + n, size - n, "\n    %*s^",
			 (int)columns(text, err->off), "");
		n += strlen(buf + n);
		while (under-- > 1 && n + 1 < size)
			buf[n++] = '~';
	}
	if (size)
		buf[n < size ? n : size - 1] = '\0';
}
