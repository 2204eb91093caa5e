// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "groups.h"
#include "out_text.h"
#include "pressure.h"
#include "text.h"
#include "verdicts.h"

/* an address and its prefix, or a namespace with its name */
#define CELL_SIZE 300

/* "10.0.0.0/8", the length only where it is not that of the whole address */
static void address_cell(char *buf, size_t size, uint16_t family,
			 const uint8_t *addr, uint8_t len4, uint8_t len6)
{
	size_t n;

	if (!inet_ntop(family, addr, buf, (socklen_t)size))
		snprintf(buf, size, "?");
	n = strlen(buf);
	if (family == AF_INET && len4 < 32)
		snprintf(buf + n, size - n, "/%u", len4);
	if (family == AF_INET6 && len6 < 128)
		snprintf(buf + n, size - n, "/%u", len6);
}

static void port_cell(const struct text *t, char *buf, size_t size, uint16_t port)
{
	const char *service = services_name(t->o.opt.services, port);

	if (service)
		snprintf(buf, size, "%s", service);
	else
		snprintf(buf, size, "%u", port);
}

static void device_cell(const struct text *t, char *buf, size_t size,
			uint32_t ifindex)
{
	char dev[IF_NAMESIZE] = "-";

	if (ifindex)
		device_name(t, dev, ifindex);
	snprintf(buf, size, "%s", dev);
}

static void name_cell(char *buf, size_t size, const char *name, uint32_t v)
{
	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%u", v);
}

static void netns_cell(const struct text *t, char *buf, size_t size,
		       uint32_t netns)
{
	const char *name = netns_name(t->o.opt.netns_names, netns);

	snprintf(buf, size, "%u%s%s", netns, name ? " " : "", name ? name : "");
}

static void key_cell(const struct text *t, char *buf, size_t size,
		     const struct tws_group_by *by, const struct tws_group *g,
		     uint32_t key)
{
	switch (key) {
	case TWSCOPE_GROUP_KEY_NETNS:
		netns_cell(t, buf, size, g->netns);
		return;
	case TWSCOPE_GROUP_KEY_FAMILY:
		snprintf(buf, size, "%s", g->family == AF_INET ? "inet" : "inet6");
		return;
	case TWSCOPE_GROUP_KEY_LOCAL:
		address_cell(buf, size, g->local_family, g->local,
			     by->local_len4, by->local_len);
		return;
	case TWSCOPE_GROUP_KEY_LOCAL_PORT:
		port_cell(t, buf, size, g->local_port);
		return;
	case TWSCOPE_GROUP_KEY_REMOTE:
		address_cell(buf, size, g->remote_family, g->remote,
			     by->remote_len4, by->remote_len);
		return;
	case TWSCOPE_GROUP_KEY_REMOTE_PORT:
		port_cell(t, buf, size, g->remote_port);
		return;
	case TWSCOPE_GROUP_KEY_IFINDEX:
		device_cell(t, buf, size, g->ifindex);
		return;
	case TWSCOPE_GROUP_KEY_MARK:
		snprintf(buf, size, "0x%x", g->mark);
		return;
	case TWSCOPE_GROUP_KEY_SUBSTATE:
		name_cell(buf, size, substate_name((uint8_t)g->substate),
			  g->substate);
		return;
	case TWSCOPE_GROUP_KEY_VERDICT:
		name_cell(buf, size, verdict_name(g->verdict), g->verdict);
		return;
	}
	*buf = '\0';
}

/* The key's columns are as wide as what is in them. */
static void set_widths(const struct text *t, const struct group_report *r,
		       int width[N_GROUP_KEYS])
{
	const struct tws_group_by *by = r->query->by;
	char cell[CELL_SIZE];
	unsigned int i, k;
	int n;

	for (k = 0; k < by->n; k++) {
		width[k] = t->o.opt.no_header ? 0 :
			   (int)strlen(group_keys[by->order[k]].title);
		for (i = 0; i < r->groups->n; i++) {
			key_cell(t, cell, sizeof(cell), by, &r->groups->row[i],
				 group_keys[by->order[k]].bit);
			n = (int)strlen(cell);
			if (n > width[k])
				width[k] = n;
		}
	}
}

/* Above the header: what some columns have in common. */
static void spans(struct text *t, const struct group_report *r)
{
	int before = 9 + 1 + 6 + 1 + 9;

	if (r->query->policy)
		before += 1 + 9;
	if (r->groups->totals.has_in_use)
		before += 1 + 7;
	if (r->query->count_ports)
		before += 1 + 6;
	fprintf(t->o.opt.fp, "%s%*s %23s %13s%s\n", t->c.bold, before, "",
		"------- closes/s ------", "-- ends in --", t->c.off);
}

static void header(struct text *t, const struct group_report *r,
		   const int width[N_GROUP_KEYS])
{
	const struct tws_group_by *by = r->query->by;
	unsigned int k;

	if (t->o.opt.no_header)
		return;
	spans(t, r);
	fprintf(t->o.opt.fp, "%s%9s %6s %9s", t->c.bold, "BUCKETS", "SHARE",
		"REUSABLE");
	if (r->query->policy)
		fprintf(t->o.opt.fp, " %9s", "WHAT-IF");
	if (r->groups->totals.has_in_use)
		fprintf(t->o.opt.fp, " %7s", "IN-USE");
	if (r->query->count_ports)
		fprintf(t->o.opt.fp, " %6s", "PORTS");
	fprintf(t->o.opt.fp, " %8s %7s %6s", "1S", "10S", "60S");
	fprintf(t->o.opt.fp, " %6s %6s ", "FIRST", "LAST");
	for (k = 0; k < by->n; k++)
		fprintf(t->o.opt.fp, " %-*s", k + 1 < by->n ? width[k] : 0,
			group_keys[by->order[k]].title);
	fprintf(t->o.opt.fp, "%s\n", t->c.off);
}

static uint64_t closes_within(const struct tws_group *g, unsigned int seconds)
{
	struct tws_hist h = { .slot = g->closes, .n = g->n_closes };

	if (h.n > seconds)
		h.n = seconds;
	return hist_sum(&h);
}

static void counts(struct text *t, const struct group_report *r,
		   const struct tws_group *g)
{
	char a[32], b[32], c[32];
	FILE *fp = t->o.opt.fp;

	fprintf(fp, "%9s %6s %9s", text_count(a, sizeof(a), g->count),
		text_percent(b, sizeof(b), g->count, r->groups->totals.count),
		text_count(c, sizeof(c), g->verdicts[TWSCOPE_VERDICT_REUSABLE]));
	if (r->query->policy)
		fprintf(fp, " %9s", text_count(a, sizeof(a),
			g->whatif[TWSCOPE_VERDICT_REUSABLE]));
	if (r->groups->totals.has_in_use)
		fprintf(fp, " %7s", text_count(a, sizeof(a), g->in_use));
	if (r->query->count_ports)
		fprintf(fp, " %6s", g->has_local_ports ?
			text_count(a, sizeof(a), g->local_ports) : "");
	fprintf(fp, " %8s %7s %6s",
		text_rate(a, sizeof(a), closes_within(g, 1), 1000),
		text_rate(b, sizeof(b), closes_within(g, 10), 10000),
		text_rate(c, sizeof(c), closes_within(g, 60), 60000));
	fprintf(fp, " %6s %6s ",
		g->count ? text_seconds(a, sizeof(a), g->earliest_ms) : "-",
		g->count ? text_seconds(b, sizeof(b), g->latest_ms) : "-");
}

static void row(struct text *t, const struct group_report *r,
		const struct tws_group *g, const int width[N_GROUP_KEYS])
{
	const struct tws_group_by *by = r->query->by;
	char cell[CELL_SIZE];
	unsigned int k;

	counts(t, r, g);
	for (k = 0; k < by->n; k++) {
		key_cell(t, cell, sizeof(cell), by, g,
			 group_keys[by->order[k]].bit);
		fprintf(t->o.opt.fp, " %-*s", k + 1 < by->n ? width[k] : 0, cell);
	}
	fputc('\n', t->o.opt.fp);
}

static void sum_row(struct text *t, const struct group_report *r,
		    const struct tws_group *g, const char *what)
{
	counts(t, r, g);
	fprintf(t->o.opt.fp, " %s%s%s\n", t->c.soft, what, t->c.off);
}

static void totals(struct text *t, const struct groups *g)
{
	char a[32], b[32], c[32], d[32];
	FILE *fp = t->o.opt.fp;

	if (t->o.opt.no_header)
		return;
	fprintf(fp, "%s bucket%s%s%s%s in %s%s group%s, one walk of %s\n",
		g->totals.count ? text_count(a, sizeof(a), g->totals.count) : "no",
		g->totals.count == 1 ? "" : "s",
		g->totals.has_in_use ? " and " : "",
		g->totals.has_in_use ?
			text_count(b, sizeof(b), g->totals.in_use) : "",
		g->totals.has_in_use ? " in use" : "",
		g->has_other ? "more than " : "",
		text_count(c, sizeof(c), g->totals.groups),
		g->totals.groups == 1 ? "" : "s",
		text_duration_us(d, sizeof(d), g->totals.walk_us));
}

static bool by_verdict(const struct tws_group_by *by)
{
	unsigned int k;

	for (k = 0; k < by->n; k++)
		if (group_keys[by->order[k]].bit == TWSCOPE_GROUP_KEY_VERDICT)
			return true;
	return false;
}

static void legend(struct text *t, const struct group_report *r)
{
	uint32_t seen[TWSCOPE_N_VERDICTS] = { 0 };
	unsigned int i;

	if (t->o.opt.no_header || !by_verdict(r->query->by))
		return;
	for (i = 0; i < r->groups->n; i++)
		if (r->groups->row[i].verdict < TWSCOPE_N_VERDICTS)
			seen[r->groups->row[i].verdict] = 1;
	verdict_legend(t, seen);
}

void text_groups(struct out *o, const struct group_report *r)
{
	const struct groups *g = r->groups;
	struct text *t = text_of(o);
	int width[N_GROUP_KEYS];
	char a[32], what[80];
	unsigned int i;

	set_widths(t, r, width);
	if (g->n)
		header(t, r, width);
	for (i = 0; i < g->n; i++)
		row(t, r, &g->row[i], width);
	if (g->has_rest) {
		snprintf(what, sizeof(what), "rest: %s more group%s",
			 text_count(a, sizeof(a), g->rest.groups),
			 g->rest.groups == 1 ? "" : "s");
		sum_row(t, r, &g->rest, what);
	}
	if (g->has_other)
		sum_row(t, r, &g->other,
			"other: beyond the groups that are told apart");
	totals(t, g);
	legend(t, r);
}
