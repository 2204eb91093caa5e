// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter_parts.h"

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
		return filter_fail(err, 0, 0,
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
		ret = filter_fail(err, 0, 0, "out of memory");
	} else {
		fill_clauses(clauses, terms, expr, d, family);
		n = drop_needless(clauses, d->n_clauses);
		ret = n ? emit(clauses, n, f, err) :
			filter_fail(err, 0, 0,
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
		return filter_fail(err, 0, 0,
				   "multiplied out into an OR of ANDs this filter has %s%llu terms; the module takes at most %d",
				   size.lits == UINT32_MAX ? "more than " : "",
				   (unsigned long long)size.lits,
				   TWSCOPE_MAX_TERMS);
	d = dnf_make(expr, expr->root, false);
	if (!d)
		return filter_fail(err, 0, 0, "out of memory");
	ret = compile_dnf(expr, d, family, f, err);
	free(d);
	return ret;
}
