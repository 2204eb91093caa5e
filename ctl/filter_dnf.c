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

/* The highest number of what a term gives a range of; 0 where it gives none. */
static uint32_t range_top(const struct tws_term *t)
{
	switch ((enum tws_term_kind)t->kind) {
	case TERM_LOCAL_PORT:
	case TERM_REMOTE_PORT:
		return UINT16_MAX;
	case TERM_REMAINING:
	case TERM_AGE:
		return UINT32_MAX;
	default:
		return 0;
	}
}

struct range {
	uint32_t min;
	uint32_t max;
};

static struct range get_range(const struct tws_term *t)
{
	if (range_top(t) == UINT16_MAX)
		return (struct range){ t->port_min, t->port_max };
	return (struct range){ t->ms_min, t->ms_max };
}

static void set_range(struct tws_term *t, struct range r)
{
	if (range_top(t) == UINT16_MAX) {
		t->port_min = (uint16_t)r.min;
		t->port_max = (uint16_t)r.max;
	} else {
		t->ms_min = r.min;
		t->ms_max = r.max;
	}
}

/* All but what begins with 0, or reaches the top, is a range again. */
static void say_without_not(struct tws_term *t)
{
	uint32_t top = range_top(t);
	struct range r = get_range(t);

	if (!top || !t->negate || (r.min && r.max != top) ||
	    (!r.min && r.max == top))
		return;
	t->negate = false;
	set_range(t, r.min ? (struct range){ 0, r.min - 1 } :
			     (struct range){ r.max + 1, top });
}

/* Two ranges of one kind are one: a term less. It is upside down if empty. */
static bool narrow(struct tws_term *t, const struct tws_term *by)
{
	struct range a = get_range(t), b = get_range(by);

	if (t->kind != by->kind || !range_top(t) || t->negate || by->negate)
		return false;
	set_range(t, (struct range){ a.min > b.min ? a.min : b.min,
				     a.max < b.max ? a.max : b.max });
	return true;
}

static void clause_add(struct clause *c, const struct tws_term *t)
{
	unsigned int i;

	for (i = 0; i < c->n; i++)
		if (narrow(&c->term[i], t))
			return;
	if (!has_term(c, t))
		c->term[c->n++] = *t;
}

/* Whether no bucket passes both. */
static bool exclude(const struct tws_term *a, const struct tws_term *b)
{
	struct tws_term opposite = *b;

	opposite.negate = !b->negate;
	if (!memcmp(a, &opposite, sizeof(opposite)))
		return true;
	if (a->kind != b->kind || a->negate != b->negate)
		return false;
	switch ((enum tws_term_kind)a->kind) {
	case TERM_FAMILY:
		/* there are two: who is neither is nothing, as who is both */
		return a->family != b->family;
	case TERM_SUBSTATE:
		return a->substate != b->substate;
	case TERM_VERDICT:
		return !a->negate && a->verdict != b->verdict;
	case TERM_MARK:
		return !a->negate &&
		       (a->mark ^ b->mark) & a->mark_mask & b->mark_mask;
	case TERM_IFINDEX:
		return !a->negate && a->ifindex != b->ifindex;
	default:
		return false;
	}
}

static bool is_void(const struct tws_term *t)
{
	struct range r = get_range(t);

	if (!range_top(t))
		return false;
	return t->negate ? !r.min && r.max == range_top(t) : r.min > r.max;
}

/* Whether no bucket at all can pass. */
static bool clause_is_void(const struct clause *c)
{
	unsigned int i, j;

	for (i = 0; i < c->n; i++) {
		if (is_void(&c->term[i]))
			return true;
		for (j = 0; j < i; j++)
			if (exclude(&c->term[i], &c->term[j]))
				return true;
	}
	return false;
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
			say_without_not(&t);
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
