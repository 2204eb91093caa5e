/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of the filter, and what is said of a text that is not of it.
 *
 * Only parentheses make the parser's stack grow, and they are counted: lists of
 * conditions and negations are read from the left.
 */
%require "3.8"
%define api.pure full
%define api.prefix {filter_yy}
%define api.location.type {struct span}
%define api.value.type union
%define parse.error custom
/* so that what is said to be expected is all that is, and nothing else */
%define parse.lac full
%parse-param {void *scanner} {struct parser *p}
%lex-param {void *scanner}

%code requires {
#include "filter_parts.h"
}

%{
#include <stdio.h>

#include "filter_parts.h"

#define YYLLOC_DEFAULT(to, rhs, n) \
	do { \
		size_t end = YYRHSLOC(rhs, n).off + YYRHSLOC(rhs, n).len; \
		(to).off = (n) ? YYRHSLOC(rhs, 1).off : end; \
		(to).len = end - (to).off; \
	} while (0)

/* The value of a rule: a node, where it could be made. */
#define NODE(to, node) \
	do { \
		(to) = (node); \
		if ((to) < 0) \
			YYABORT; \
	} while (0)

#define COND(...) (&(const struct cond){ __VA_ARGS__ })

static int open_parenthesis(struct parser *p, struct span at)
{
	if (p->depth == MAX_DEPTH)
		return filter_fail(p->err, at.off, at.len,
				   "parentheses are nested more than %d deep",
				   MAX_DEPTH);
	p->open[p->depth++] = at;
	return 0;
}
%}

%code provides {
/* of filter_lex.l, whose header needs this one */
int filter_yylex(FILTER_YYSTYPE *value, FILTER_YYLTYPE *at, void *scanner);
int filter_yylex_init_extra(struct parser *p, void **scanner);
int filter_yylex_destroy(void *scanner);
struct yy_buffer_state *filter_yy_scan_string(const char *text, void *scanner);
}

%initial-action { @$ = (struct span){ 0 }; }

%code {
static void yyerror(const struct span *at, void *scanner, struct parser *p,
		    const char *what);
}

/* In the order in which they are listed where they are expected. */
%token END 0 "the end"
%token CLOSE "')'" AND "'and'" OR "'or'"
%token <enum op> COMPARISON "a comparison"
%token SRC "src" DST "dst" SPORT "sport" DPORT "dport" DEV "dev"
%token FWMARK "fwmark" FAMILY "family" SUBSTATE "substate" VERDICT "verdict"
%token REMAINING "remaining" AGE "age" NOT "'not'" OPEN "'('"
%token HOST "an address, such as 10.0.0.0/8, [::1]:443 or :443"
%token PORT "a port, such as :443"
%token DEVICE "the name or number of a network device"
%token MARK "a mark, such as 7 or 0x10/0xf0"
%token FAMILY_NAME "a family, inet or inet6"
%token SUBSTATE_NAME "a substate, time-wait or fin-wait2"
%token VERDICT_NAME "a verdict, such as reusable"
%token TIME "a time, such as 5s or 500ms"
%token WORD "a word"

%nterm <enum op> comparison
%nterm <int> alternatives all one condition
%nterm <bool> negations

%%

filter
	: alternatives		{ p->expr->root = (unsigned int)$1; }
	;

alternatives
	: all
	| alternatives OR all	{ NODE($$, filter_node(p, NODE_OR, $1, $3)); }
	;

/* Two conditions side by side are joined by "and", as ss has it. */
all
	: one
	| all one		{ NODE($$, filter_node(p, NODE_AND, $1, $2)); }
	| all AND one		{ NODE($$, filter_node(p, NODE_AND, $1, $3)); }
	;

one
	: negations condition {
		$$ = $2;
		if ($1)
			NODE($$, filter_node(p, NODE_NOT, $2, 0));
	}
	;

negations
	: %empty		{ $$ = false; }
	| negations NOT		{ $$ = !$1; }
	;

condition
	: open alternatives CLOSE	{ $$ = $2; p->depth--; }
	| SRC comparison HOST {
		NODE($$, filter_cond_host(p, COND(@1, $2, @2, @3), TERM_LOCAL,
					  TERM_LOCAL_PORT));
	}
	| DST comparison HOST {
		NODE($$, filter_cond_host(p, COND(@1, $2, @2, @3), TERM_REMOTE,
					  TERM_REMOTE_PORT));
	}
	| SPORT comparison PORT {
		NODE($$, filter_cond_port(p, COND(@1, $2, @2, @3),
					  TERM_LOCAL_PORT));
	}
	| DPORT comparison PORT {
		NODE($$, filter_cond_port(p, COND(@1, $2, @2, @3),
					  TERM_REMOTE_PORT));
	}
	| DEV comparison DEVICE {
		NODE($$, filter_cond_dev(p, COND(@1, $2, @2, @3)));
	}
	| FWMARK comparison MARK {
		NODE($$, filter_cond_mark(p, COND(@1, $2, @2, @3)));
	}
	| FAMILY comparison FAMILY_NAME {
		NODE($$, filter_cond_family(p, COND(@1, $2, @2, @3)));
	}
	| SUBSTATE comparison SUBSTATE_NAME {
		NODE($$, filter_cond_substate(p, COND(@1, $2, @2, @3)));
	}
	| VERDICT comparison VERDICT_NAME {
		NODE($$, filter_cond_verdict(p, COND(@1, $2, @2, @3)));
	}
	| REMAINING comparison TIME {
		NODE($$, filter_cond_time(p, COND(@1, $2, @2, @3),
					  TERM_REMAINING));
	}
	| AGE comparison TIME {
		NODE($$, filter_cond_time(p, COND(@1, $2, @2, @3), TERM_AGE));
	}
	;

open
	: OPEN {
		if (open_parenthesis(p, @1) < 0)
			YYABORT;
	}
	;

comparison
	: %empty		{ $$ = OP_NONE; }
	| COMPARISON
	;

%%

/* What a filter of ss may have, and a bucket has not. */
static const char *not_of_buckets(const struct parser *p, struct span word)
{
	if (span_is(p, word, "autobound"))
		return "autobound is no condition here: a bucket does not keep how its port was chosen";
	if (span_is(p, word, "cgroup"))
		return "cgroup is no condition here: a bucket does not keep the cgroup of its socket";
	return NULL;
}

/* Follows or ends a condition, unlike what begins one. */
static bool is_join(yysymbol_kind_t token)
{
	return token == YYSYMBOL_CLOSE || token == YYSYMBOL_AND ||
	       token == YYSYMBOL_OR;
}

static bool among(yysymbol_kind_t token, const yysymbol_kind_t *of, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (of[i] == token)
			return true;
	return false;
}

/* The names of @n tokens, two ones as in "a, b or c". */
static void name_all(const yysymbol_kind_t *token, int n, const char *last,
		     char *buf, size_t size)
{
	size_t len = 0;
	int i;

	buf[0] = '\0';
	n += !!last;
	for (i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
					!i ? "" : i + 1 < n ? ", " : " or ",
					last && i + 1 == n ? last :
					yysymbol_name(token[i]));
}

/*
 * After a whole condition a word is taken for a condition with a wrong name:
 * the right ones are named. Anything else could be followed by one: that is said.
 */
static void name_expected(yysymbol_kind_t *token, int n, yysymbol_kind_t got,
			  char *buf, size_t size)
{
	bool whole = among(YYSYMBOL_AND, token, n), joins = got != YYSYMBOL_WORD;
	int i, kept = 0;

	for (i = 0; i < n; i++)
		if (token[i] != YYSYMBOL_YYEOF &&
		    (!whole || is_join(token[i]) == joins))
			token[kept++] = token[i];
	name_all(token, kept, whole && joins ? "another condition" : NULL, buf,
		 size);
}

/* No more of a word than fits, and whole characters of UTF-8. */
static int shown_of(const struct parser *p, struct span s)
{
	size_t len = s.len;

	if (len > 40)
		for (len = 40; len && (p->text[s.off + len] & 0xc0) == 0x80;)
			len--;
	return (int)len;
}

static int yyreport_syntax_error(const yypcontext_t *ctx, void *scanner,
				 struct parser *p)
{
	yysymbol_kind_t token[YYNTOKENS], got = yypcontext_token(ctx);
	int n = yypcontext_expected_tokens(ctx, token, YYNTOKENS);
	struct span at = *yypcontext_location(ctx);
	char what[180];

	(void)scanner;
	if (n < 0)
		return fail_span(p, at, "out of memory");
	if (got == YYSYMBOL_WORD && not_of_buckets(p, at))
		return fail_span(p, at, not_of_buckets(p, at));
	if (got == YYSYMBOL_CLOSE && among(YYSYMBOL_AND, token, n))
		return fail_span(p, at, "there is no '(' for this ')'");
	if (got == YYSYMBOL_YYEOF && among(YYSYMBOL_CLOSE, token, n))
		return fail_span(p, p->open[p->depth - 1],
				 "this '(' is never closed");
	name_expected(token, n, got, what, sizeof(what));
	if (got == YYSYMBOL_YYEOF)
		return filter_fail(p->err, p->pos, 0,
				   "expected %s, but the filter ends here", what);
	return filter_fail(p->err, at.off, at.len, "expected %s, not '%.*s'",
			   what, shown_of(p, at), p->text + at.off);
}

/* Only of its stack: wrong syntax goes to the function above. */
static void yyerror(const struct span *at, void *scanner, struct parser *p,
		    const char *what)
{
	(void)scanner;
	fail_span(p, *at, what);
}

int filter_read(struct parser *p)
{
	void *scanner;
	int ret;

	if (filter_yylex_init_extra(p, &scanner))
		return filter_fail(p->err, 0, 0, "out of memory");
	filter_yy_scan_string(p->text, scanner);
	ret = yyparse(scanner, p);
	filter_yylex_destroy(scanner);
	return ret;
}
