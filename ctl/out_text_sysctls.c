// SPDX-License-Identifier: GPL-2.0
/*
 * Where the sysctls of network namespaces differ: a row for the initial one,
 * one for each that is not like it, and a column for each sysctl in which any
 * is not.
 */
#include <stdlib.h>
#include <string.h>

#include "out_text.h"

/* of the columns; the name of the namespace comes behind them */
#define ROOM 56
#define VALUE_SIZE 24

struct column {
	const char *name;
	/* "-" where the kernel has none of that name */
	void (*value)(char *buf, const struct tws_sysctls *s);
	int width;
};

static void number(char *buf, bool has, uint32_t v)
{
	if (has)
		snprintf(buf, VALUE_SIZE, "%u", v);
	else
		strcpy(buf, "-");
}

#define VALUE(field, has)							\
static void field(char *buf, const struct tws_sysctls *s)		\
{									\
	number(buf, has, s->field);					\
}

VALUE(tcp_tw_reuse, true)
VALUE(tcp_tw_reuse_delay, s->has_tcp_tw_reuse_delay)
VALUE(tcp_timestamps, true)
VALUE(tcp_max_tw_buckets, true)
VALUE(tcp_fin_timeout, true)
VALUE(tcp_rfc1337, true)
VALUE(tcp_invalid_ratelimit, true)
VALUE(tcp_child_ehash_entries, s->has_tcp_child_ehash_entries)
VALUE(ip_local_reserved_ports, true)
VALUE(ip_autobind_reuse, true)

static void ip_local_port_range(char *buf, const struct tws_sysctls *s)
{
	snprintf(buf, VALUE_SIZE, "%u-%u", s->ip_local_port_range_min,
		 s->ip_local_port_range_max);
}

#define COLUMN(field) { .name = #field, .value = field }

static const struct column all_columns[] = {
	COLUMN(tcp_tw_reuse), COLUMN(tcp_tw_reuse_delay), COLUMN(tcp_timestamps),
	COLUMN(tcp_max_tw_buckets), COLUMN(tcp_fin_timeout), COLUMN(tcp_rfc1337),
	COLUMN(tcp_invalid_ratelimit), COLUMN(tcp_child_ehash_entries),
	COLUMN(ip_local_port_range), COLUMN(ip_local_reserved_ports),
	COLUMN(ip_autobind_reuse),
};

void text_sysctls_keep(struct text *t, const struct tws_summary *s)
{
	struct sysctls_kept *k = &t->kept;
	struct netns_sysctls *more;

	if (k->n == k->room) {
		more = reallocarray(k->row, 2 * k->room + 16, sizeof(*more));
		/* the table is then of fewer */
		if (!more)
			return;
		k->row = more;
		k->room = 2 * k->room + 16;
	}
	k->row[k->n].netns = s->netns;
	k->row[k->n++].sysctls = s->sysctls;
}

/* What the others are compared with: the initial one, else our own. */
static const struct netns_sysctls *reference(const struct text *t)
{
	const struct netns_names *names = t->o.opt.netns_names;
	size_t i;

	for (i = 0; i < t->kept.n; i++)
		if (netns_is_initial(names, t->kept.row[i].netns))
			return &t->kept.row[i];
	for (i = 0; i < t->kept.n; i++)
		if (netns_is_own(names, t->kept.row[i].netns))
			return &t->kept.row[i];
	return &t->kept.row[0];
}

static const char *words_for(const struct text *t,
			     const struct netns_sysctls *ref)
{
	if (netns_is_initial(t->o.opt.netns_names, ref->netns))
		return "the initial one";
	/* in a container nobody can tell which that is */
	if (netns_is_own(t->o.opt.netns_names, ref->netns))
		return "this one";
	return "the first one";
}

static bool differs(const struct column *c, const struct netns_sysctls *a,
		    const struct netns_sysctls *b)
{
	char x[VALUE_SIZE], y[VALUE_SIZE];

	c->value(x, &a->sysctls);
	c->value(y, &b->sysctls);
	return strcmp(x, y);
}

static void widen(struct column *c, const struct netns_sysctls *row)
{
	char v[VALUE_SIZE];

	c->value(v, &row->sysctls);
	if ((int)strlen(v) > c->width)
		c->width = (int)strlen(v);
}

/* Those in which any row is not like @ref, and their widths. */
static size_t columns_that_differ(const struct text *t,
				  const struct netns_sysctls *ref,
				  struct column *out)
{
	size_t c, i, n = 0;
	bool any;

	for (c = 0; c < ARRAY_SIZE(all_columns); c++) {
		out[n] = all_columns[c];
		out[n].width = (int)strlen(out[n].name);
		any = false;
		for (i = 0; i < t->kept.n; i++) {
			any |= differs(&out[n], &t->kept.row[i], ref);
			widen(&out[n], &t->kept.row[i]);
		}
		n += any;
	}
	return n;
}

static void print_row(struct text *t, const struct column *c, size_t n,
		      const struct netns_sysctls *row,
		      const struct netns_sysctls *ref)
{
	const char *name = netns_name(t->o.opt.netns_names, row->netns);
	FILE *fp = t->o.opt.fp;
	char v[VALUE_SIZE];
	bool same;
	size_t i;

	for (i = 0; i < n; i++) {
		same = row != ref && !differs(&c[i], row, ref);
		c[i].value(v, &row->sysctls);
		fprintf(fp, "%s%*s%s  ", same ? t->c.soft : "", c[i].width,
			same ? "=" : v, same ? t->c.off : "");
	}
	fprintf(fp, "%u%s%s\n", row->netns, name ? " " : "", name ? name : "");
}

/* How many of the @n columns fit side by side. */
static size_t fitting(const struct column *c, size_t n)
{
	size_t fit;
	int width = 0;

	for (fit = 0; fit < n; fit++) {
		width += c[fit].width + 2;
		if (fit && width > ROOM)
			break;
	}
	return fit;
}

static size_t differences(const struct column *c, size_t n,
			  const struct netns_sysctls *row,
			  const struct netns_sysctls *ref)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++)
		found += differs(&c[i], row, ref);
	return found;
}

/* Whether a row that is printed has a value that is that of @ref. */
static bool any_same(const struct text *t, const struct column *c, size_t n,
		     const struct netns_sysctls *ref)
{
	size_t i, done, fit, found;

	for (done = 0; done < n; done += fit) {
		fit = fitting(c + done, n - done);
		for (i = 0; i < t->kept.n; i++) {
			found = differences(c + done, fit, &t->kept.row[i], ref);
			if (found && found < fit)
				return true;
		}
	}
	return false;
}

/* As many columns as fit; returns how many. */
static size_t print_block(struct text *t, const struct column *c, size_t n,
			  const struct netns_sysctls *ref)
{
	size_t i, fit = fitting(c, n), like = 0;
	FILE *fp = t->o.opt.fp;

	fputs(t->c.bold, fp);
	for (i = 0; i < fit; i++)
		fprintf(fp, "%*s  ", c[i].width, c[i].name);
	fprintf(fp, "NETNS%s\n", t->c.off);
	print_row(t, c, fit, ref, ref);
	for (; like < t->kept.n; like++) {
		const struct netns_sysctls *row = &t->kept.row[like];

		if (differences(c, fit, row, ref))
			print_row(t, c, fit, row, ref);
	}
	return fit;
}

static void print_table(struct text *t)
{
	struct column c[ARRAY_SIZE(all_columns)];
	const struct netns_sysctls *ref = reference(t);
	size_t n = columns_that_differ(t, ref, c), done = 0;
	FILE *fp = t->o.opt.fp;

	if (!n) {
		fprintf(fp, "\nsysctls: the same in all of them\n");
		return;
	}
	fprintf(fp, "\nsysctls that differ from those of %s%s\n",
		words_for(t, ref), any_same(t, c, n, ref) ? " (=: the same)" : "");
	while (done < n)
		done += print_block(t, c + done, n - done, ref);
	fprintf(fp, "a new namespace begins with the kernel's defaults, whatever others have set\n");
}

void text_sysctls_end(struct text *t, bool failed)
{
	/* who wants no heading wants to read rows of one kind */
	if (!failed && t->kept.n > 1 && !t->o.opt.no_header)
		print_table(t);
	free(t->kept.row);
	memset(&t->kept, 0, sizeof(t->kept));
}
