// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

static int fail(struct filter_error *err, size_t off, size_t len,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int fail(struct filter_error *err, size_t off, size_t len,
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

static int fail_span(struct parser *p, struct span s, const char *what)
{
	return fail(p->err, s.off, s.len, "%s", what);
}

/* "expected WHAT" at the current token, which is named as well */
static int expected(struct parser *p, const char *what)
{
	if (p->tok.kind == TOK_END)
		return fail(p->err, p->tok.off, 0,
			    "expected %s, but the filter ends here", what);
	return fail(p->err, p->tok.off, p->tok.len, "expected %s, not '%.*s'",
		    what, (int)(p->tok.len > 40 ? 40 : p->tok.len),
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

static bool span_is(const struct parser *p, size_t off, size_t len,
		    const char *word)
{
	return strlen(word) == len && !memcmp(p->text + off, word, len);
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
			return fail(p->err, 0, 0, "out of memory");
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
		return fail(p->err, s.off, s.len,
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

/* A decimal number of the whole span, at most @max; -1 where it is none. */
static long span_number(const struct parser *p, struct span s, long max)
{
	long v = 0;
	size_t i;

	if (!s.len)
		return -1;
	for (i = 0; i < s.len; i++) {
		char c = p->text[s.off + i];

		if (c < '0' || c > '9')
			return -1;
		v = v * 10 + (c - '0');
		if (v > max)
			return -1;
	}
	return v;
}

static bool span_all_digits(const struct parser *p, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)p->text[s.off + i]))
			return false;
	return s.len > 0;
}

static bool span_copy(const struct parser *p, struct span s, char *buf,
		      size_t size)
{
	if (s.len >= size)
		return false;
	memcpy(buf, p->text + s.off, s.len);
	buf[s.len] = '\0';
	return true;
}

/* Cuts @s at the first @c: what follows it goes to @rest. */
static bool span_cut(const struct parser *p, struct span *s, char c,
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

static int parse_port(struct parser *p, struct span s)
{
	char name[64];
	long port;

	if (span_all_digits(p, s)) {
		port = span_number(p, s, 65535);
		if (port < 0)
			return fail_span(p, s, "a port is at most 65535");
		return (int)port;
	}
	port = -1;
	if (s.len && p->port_by_name && span_copy(p, s, name, sizeof(name)))
		port = p->port_by_name(name);
	if (port < 0)
		return fail_span(p, s, s.len ?
			"expected a port: a number, or the name of a TCP service" :
			"expected a port after ':'");
	return (int)port;
}

/* "10/8" and "172.16/12" are read as 10.0.0.0/8 and 172.16.0.0/12. */
static bool parse_ipv4(const struct parser *p, struct span s, bool partial,
		       uint8_t *addr)
{
	struct span rest = { 0 };
	unsigned int i;
	long byte;

	memset(addr, 0, 4);
	for (i = 0; i < 4; i++) {
		bool more = span_cut(p, &s, '.', &rest);

		byte = s.len > 3 ? -1 : span_number(p, s, 255);
		/* 010 is 8 to some and 10 to others */
		if (byte < 0 || (s.len > 1 && p->text[s.off] == '0'))
			return false;
		addr[i] = (uint8_t)byte;
		if (!more)
			return i == 3 || partial;
		s = rest;
	}
	return false;
}

static bool parse_ipv6(const struct parser *p, struct span s, uint8_t *addr)
{
	char buf[INET6_ADDRSTRLEN];

	return span_copy(p, s, buf, sizeof(buf)) &&
	       inet_pton(AF_INET6, buf, addr) == 1;
}

static void clear_host_bits(struct tws_term *t)
{
	unsigned int i;

	for (i = t->prefix_len; i < t->addr_len * 8u; i++)
		t->addr[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

/* ADDR or ADDR/LEN; @len is set where the length stands elsewhere */
static int parse_prefix(struct parser *p, struct span s, const struct span *len,
			bool ipv6, struct tws_term *t)
{
	struct span bits = { 0 };
	bool has_len = span_cut(p, &s, '/', &bits);
	long v;

	if (len && has_len)
		return fail_span(p, *len, "the prefix length is given twice");
	if (len) {
		bits = *len;
		has_len = true;
	}
	t->addr_len = ipv6 ? 16 : 4;
	if (ipv6 ? !parse_ipv6(p, s, t->addr) :
		   !parse_ipv4(p, s, has_len, t->addr))
		return fail_span(p, s,
			"expected an address in numbers, such as 10.0.0.0/8, "
			"192.0.2.1:80, [2001:db8::]/32, [::1]:443 or :443");
	t->prefix_len = (uint8_t)(t->addr_len * 8);
	if (has_len) {
		v = span_number(p, bits, t->addr_len * 8);
		if (v < 0)
			return fail_span(p, bits, ipv6 ?
				"expected a prefix length from 0 to 128" :
				"expected a prefix length from 0 to 32");
		t->prefix_len = (uint8_t)v;
	}
	clear_host_bits(t);
	return 0;
}

struct host {
	bool has_addr;
	bool has_port;
	struct tws_term addr;
	int port;
};

static int parse_host_port(struct parser *p, struct span s, struct host *h)
{
	h->has_port = true;
	h->port = parse_port(p, s);
	return h->port < 0 ? -1 : 0;
}

/* [ADDR], [ADDR]:PORT, [ADDR]/LEN, [ADDR]/LEN:PORT, [ADDR/LEN]:PORT */
static int parse_bracketed(struct parser *p, struct span s, struct host *h)
{
	struct span inner = { s.off + 1, s.len - 1 };
	struct span tail, port, len;
	bool has_len = false;

	if (!span_cut(p, &inner, ']', &tail))
		return fail_span(p, s, "the ']' after the address is missing");
	h->has_addr = true;
	if (tail.len && p->text[tail.off] == '/') {
		has_len = true;
		len = (struct span){ tail.off + 1, tail.len - 1 };
		if (span_cut(p, &len, ':', &port) &&
		    parse_host_port(p, port, h) < 0)
			return -1;
	} else if (tail.len && p->text[tail.off] == ':') {
		port = (struct span){ tail.off + 1, tail.len - 1 };
		if (parse_host_port(p, port, h) < 0)
			return -1;
	} else if (tail.len) {
		return fail_span(p, tail, "expected ':PORT' or '/LENGTH' after ']'");
	}
	return parse_prefix(p, inner, has_len ? &len : NULL, true, &h->addr);
}

static int parse_host(struct parser *p, struct span s, struct host *h)
{
	struct span addr = s, port, more;

	if (p->text[s.off] == '[')
		return parse_bracketed(p, s, h);
	if (!span_cut(p, &addr, ':', &port)) {
		h->has_addr = true;
		return parse_prefix(p, s, NULL, false, &h->addr);
	}
	more = port;
	if (span_cut(p, &more, ':', &more)) {
		/* without brackets nothing tells a port from an address' end */
		h->has_addr = true;
		return parse_prefix(p, s, NULL, true, &h->addr);
	}
	if (addr.len && !span_is(p, addr.off, addr.len, "*")) {
		h->has_addr = true;
		if (parse_prefix(p, addr, NULL, false, &h->addr) < 0)
			return -1;
	}
	return parse_host_port(p, port, h);
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
	return fail(p->err, at.off, at.len, "'%s' can only be compared with = or !=",
		    keyword);
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
	port = parse_port(p, port_span);
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
	    parse_host(p, s, &h) < 0)
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
		return fail(p->err, open.off, open.len,
			    "parentheses are nested more than %d deep", MAX_DEPTH);
	next(p);
	node = parse_or(p);
	if (node < 0)
		return -1;
	if (p->tok.kind == TOK_END)
		return fail(p->err, open.off, open.len, "this '(' is never closed");
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
		fail(err, 0, 0, "out of memory");
		return NULL;
	}
	next(&p);
	root = parse_or(&p);
	if (root >= 0 && p.tok.kind != TOK_END)
		root = p.tok.kind == TOK_CLOSE ?
			fail(err, p.tok.off, p.tok.len,
			     "there is no '(' for this ')'") :
			expected(&p, "'and', 'or' or another condition");
	if (root < 0) {
		filter_expr_free(p.expr);
		return NULL;
	}
	p.expr->root = (unsigned int)root;
	return p.expr;
}

/*
 * The disjunctive form on its way: literals are a node's number times two,
 * plus one where it is negated.
 */
struct dnf {
	unsigned int n_clauses;
	unsigned int n_lits;
	unsigned int end[MAX_LITERALS];
	unsigned int lit[MAX_LITERALS];
};

struct dnf_size {
	uint64_t clauses;
	uint64_t lits;
};

static uint64_t saturate(uint64_t v)
{
	/* the product of two such numbers still fits */
	return v > UINT32_MAX ? UINT32_MAX : v;
}

/* NOT turns AND into OR and OR into AND: De Morgan, with no tree rewritten. */
static bool joins_by_and(const struct filter_node *n, bool negate)
{
	return (n->kind == NODE_AND) != negate;
}

static struct dnf_size dnf_measure(const struct filter_expr *e, unsigned int i,
				   bool negate)
{
	const struct filter_node *n = &e->node[i];
	struct dnf_size a, b;

	if (n->kind == NODE_TERM)
		return (struct dnf_size){ 1, 1 };
	if (n->kind == NODE_NOT)
		return dnf_measure(e, n->a, !negate);
	a = dnf_measure(e, n->a, negate);
	b = dnf_measure(e, n->b, negate);
	if (joins_by_and(n, negate))
		return (struct dnf_size){
			.clauses = saturate(a.clauses * b.clauses),
			.lits = saturate(saturate(a.lits * b.clauses) +
					 saturate(b.lits * a.clauses)),
		};
	return (struct dnf_size){
		.clauses = saturate(a.clauses + b.clauses),
		.lits = saturate(a.lits + b.lits),
	};
}

static unsigned int clause_start(const struct dnf *d, unsigned int clause)
{
	return clause ? d->end[clause - 1] : 0;
}

static void dnf_add(struct dnf *to, const struct dnf *from, unsigned int clause)
{
	unsigned int i;

	for (i = clause_start(from, clause); i < from->end[clause]; i++)
		to->lit[to->n_lits++] = from->lit[i];
}

static void dnf_end_clause(struct dnf *d)
{
	d->end[d->n_clauses++] = d->n_lits;
}

static void dnf_join(struct dnf *out, const struct dnf *a, const struct dnf *b,
		     bool by_and)
{
	unsigned int i, j;

	for (i = 0; i < a->n_clauses; i++) {
		for (j = 0; by_and && j < b->n_clauses; j++) {
			dnf_add(out, a, i);
			dnf_add(out, b, j);
			dnf_end_clause(out);
		}
		if (!by_and) {
			dnf_add(out, a, i);
			dnf_end_clause(out);
		}
	}
	for (j = 0; !by_and && j < b->n_clauses; j++) {
		dnf_add(out, b, j);
		dnf_end_clause(out);
	}
}

/* dnf_measure() has shown that the result, hence each part of it, fits. */
static struct dnf *dnf_make(const struct filter_expr *e, unsigned int i,
			    bool negate)
{
	const struct filter_node *n = &e->node[i];
	struct dnf *a, *b, *out;

	if (n->kind == NODE_NOT)
		return dnf_make(e, n->a, !negate);
	if (n->kind == NODE_TERM) {
		out = calloc(1, sizeof(*out));
		if (!out)
			return NULL;
		out->lit[out->n_lits++] = 2 * i + negate;
		dnf_end_clause(out);
		return out;
	}
	a = dnf_make(e, n->a, negate);
	b = a ? dnf_make(e, n->b, negate) : NULL;
	out = b ? calloc(1, sizeof(*out)) : NULL;
	if (out)
		dnf_join(out, a, b, joins_by_and(n, negate));
	free(a);
	free(b);
	return out;
}

struct clause {
	unsigned int n;
	struct tws_term *term;
};

static bool has_term(const struct clause *c, const struct tws_term *t)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		if (!memcmp(&c->term[i], t, sizeof(*t)))
			return true;
	return false;
}

static void clause_add(struct clause *c, const struct tws_term *t)
{
	if (!has_term(c, t))
		c->term[c->n++] = *t;
}

/*
 * Whether no bucket at all can pass: a term and its negation, both substates,
 * both families, or ports that do not overlap.
 */
static bool clause_is_void(const struct clause *c)
{
	unsigned int min[2] = { 0, 0 }, max[2] = { 65535, 65535 };
	bool inet = true, inet6 = true, time_wait = true, fin_wait2 = true;
	struct tws_term opposite;
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		const struct tws_term *t = &c->term[i];

		opposite = *t;
		opposite.negate = !t->negate;
		if (has_term(c, &opposite))
			return true;
		if (t->kind == TERM_FAMILY) {
			if ((t->family == AF_INET) == t->negate)
				inet = false;
			else
				inet6 = false;
		} else if (t->kind == TERM_SUBSTATE) {
			if ((t->substate == TWSCOPE_SUBSTATE_TIME_WAIT) ==
			    t->negate)
				time_wait = false;
			else
				fin_wait2 = false;
		} else if ((t->kind == TERM_LOCAL_PORT ||
			    t->kind == TERM_REMOTE_PORT) && !t->negate) {
			unsigned int side = t->kind == TERM_REMOTE_PORT;

			if (t->port_min > min[side])
				min[side] = t->port_min;
			if (t->port_max < max[side])
				max[side] = t->port_max;
		}
	}
	return !(inet || inet6) || !(time_wait || fin_wait2) ||
	       min[0] > max[0] || min[1] > max[1];
}

/* Whether @c asks for all that @of asks for, and perhaps for more. */
static bool clause_within(const struct clause *c, const struct clause *of)
{
	unsigned int i;

	for (i = 0; i < of->n; i++)
		if (!has_term(c, &of->term[i]))
			return false;
	return true;
}

/* Clauses that add nothing to the OR go, so that the bound is met more often. */
static unsigned int drop_needless(struct clause *c, unsigned int n)
{
	unsigned int i, j, kept = 0;
	bool needless;

	for (i = 0; i < n; i++) {
		needless = clause_is_void(&c[i]);
		for (j = 0; !needless && j < n; j++) {
			/* one that is gone already is no reason: its equal stays */
			if (j != i && c[j].n && clause_within(&c[i], &c[j]) &&
			    !clause_is_void(&c[j]))
				needless = true;
		}
		if (needless)
			c[i].n = 0;
	}
	for (i = 0; i < n; i++)
		if (c[i].n)
			c[kept++] = c[i];
	return kept;
}

static void fill_clauses(struct clause *c, struct tws_term *terms,
			 const struct filter_expr *e, const struct dnf *d,
			 int family)
{
	const struct tws_term of_family = {
		.kind = TERM_FAMILY, .family = (uint16_t)family,
	};
	struct tws_term t;
	unsigned int i, j;

	for (i = 0; i < d->n_clauses; i++) {
		c[i].term = terms;
		terms += d->end[i] - clause_start(d, i) + 1;
		if (family)
			clause_add(&c[i], &of_family);
		for (j = clause_start(d, i); j < d->end[i]; j++) {
			t = e->node[d->lit[j] / 2].term;
			t.negate = d->lit[j] & 1;
			clause_add(&c[i], &t);
		}
	}
}

static int emit(const struct clause *c, unsigned int n, struct tws_filter *f,
		struct filter_error *err)
{
	unsigned int i, terms = 0;

	for (i = 0; i < n; i++)
		terms += c[i].n;
	if (terms > TWSCOPE_MAX_TERMS)
		return fail(err, 0, 0,
			    "multiplied out into an OR of ANDs this filter has %u terms; the module takes at most %d",
			    terms, TWSCOPE_MAX_TERMS);
	for (i = 0; i < n; i++) {
		memcpy(&f->term[f->n_terms], c[i].term,
		       c[i].n * sizeof(*c[i].term));
		f->n_terms += c[i].n;
		f->clause_end[f->n_clauses++] = f->n_terms;
	}
	return 0;
}

static int compile_dnf(const struct filter_expr *expr, const struct dnf *d,
		       int family, struct tws_filter *f,
		       struct filter_error *err)
{
	struct clause *clauses = calloc(d->n_clauses, sizeof(*clauses));
	struct tws_term *terms = calloc(d->n_lits + d->n_clauses, sizeof(*terms));
	unsigned int n;
	int ret;

	if (!clauses || !terms) {
		ret = fail(err, 0, 0, "out of memory");
	} else {
		fill_clauses(clauses, terms, expr, d, family);
		n = drop_needless(clauses, d->n_clauses);
		ret = n ? emit(clauses, n, f, err) :
			fail(err, 0, 0,
			     "its conditions exclude each other, so it can match nothing; alternatives are joined with 'or'");
	}
	free(terms);
	free(clauses);
	return ret;
}

int filter_compile(const struct filter_expr *expr, int family,
		   struct tws_filter *f, struct filter_error *err)
{
	struct dnf_size size;
	struct dnf *d;
	int ret;

	memset(f, 0, sizeof(*f));
	if (!expr) {
		if (family) {
			f->term[0].kind = TERM_FAMILY;
			f->term[0].family = (uint16_t)family;
			f->n_clauses = f->n_terms = f->clause_end[0] = 1;
		}
		return 0;
	}
	size = dnf_measure(expr, expr->root, false);
	if (size.lits > MAX_LITERALS)
		return fail(err, 0, 0,
			    "multiplied out into an OR of ANDs this filter has %s%llu terms; the module takes at most %d",
			    size.lits == UINT32_MAX ? "more than " : "",
			    (unsigned long long)size.lits, TWSCOPE_MAX_TERMS);
	d = dnf_make(expr, expr->root, false);
	if (!d)
		return fail(err, 0, 0, "out of memory");
	ret = compile_dnf(expr, d, family, f, err);
	free(d);
	return ret;
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
