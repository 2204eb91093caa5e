// SPDX-License-Identifier: GPL-2.0
#include <sys/socket.h>

#include "groups.h"
#include "out_json.h"
#include "policy.h"
#include "pressure.h"
#include "verdicts.h"

static void put_key(json_t *j, const struct tws_group *g, uint32_t key)
{
	switch (key) {
	case TWSCOPE_GROUP_KEY_NETNS:
		json_put_int(j, "netns", g->netns);
		return;
	case TWSCOPE_GROUP_KEY_FAMILY:
		json_put_string(j, "family",
				g->family == AF_INET ? "inet" : "inet6");
		return;
	case TWSCOPE_GROUP_KEY_LOCAL:
		json_put_address(j, "local", g->local_family, g->local);
		return;
	case TWSCOPE_GROUP_KEY_LOCAL_PORT:
		json_put_int(j, "local_port", g->local_port);
		return;
	case TWSCOPE_GROUP_KEY_REMOTE:
		json_put_address(j, "remote", g->remote_family, g->remote);
		return;
	case TWSCOPE_GROUP_KEY_REMOTE_PORT:
		json_put_int(j, "remote_port", g->remote_port);
		return;
	case TWSCOPE_GROUP_KEY_IFINDEX:
		json_put_int(j, "ifindex", g->ifindex);
		return;
	case TWSCOPE_GROUP_KEY_MARK:
		json_put_int(j, "mark", g->mark);
		return;
	case TWSCOPE_GROUP_KEY_SUBSTATE:
		json_put_name(j, "substate", substate_name((uint8_t)g->substate),
			      g->substate);
		return;
	case TWSCOPE_GROUP_KEY_VERDICT:
		json_put_name(j, "verdict", verdict_name(g->verdict), g->verdict);
		return;
	}
}

/* Of an address that is grouped by a prefix, so many bits count. */
static void put_length(json_t *j, const char *key, uint16_t family, uint8_t len4,
		       uint8_t len6)
{
	if (family == AF_INET && len4 < 32)
		json_put_int(j, key, len4);
	if (family == AF_INET6 && len6 < 128)
		json_put_int(j, key, len6);
}

static json_t *with_keys(const struct tws_group_by *by,
			 const struct tws_group *g)
{
	json_t *j = json_object();
	unsigned int i;

	for (i = 0; i < by->n; i++)
		put_key(j, g, group_keys[by->order[i]].bit);
	put_length(j, "local_prefix_len", g->local_family, by->local_len4,
		   by->local_len);
	put_length(j, "remote_prefix_len", g->remote_family, by->remote_len4,
		   by->remote_len);
	return j;
}

static json_t *put_counts(json_t *j, const struct tws_group *g)
{
	const struct tws_hist closes = { .slot = g->closes, .n = g->n_closes };

	json_put_int(j, "count", g->count);
	json_put_verdicts(j, "verdicts", g->verdicts);
	if (g->has_whatif)
		json_put_verdicts(j, "whatif_verdicts", g->whatif);
	json_put_hist(j, "closes_hist", &closes);
	if (g->count) {
		json_put_int(j, "earliest_ms", g->earliest_ms);
		json_put_int(j, "latest_ms", g->latest_ms);
	}
	if (g->has_in_use) {
		json_put_int(j, "in_use", g->in_use);
		json_put_int(j, "in_use_searched", g->in_use_searched);
	}
	if (g->has_local_ports)
		json_put_int(j, "local_ports", g->local_ports);
	if (g->has_bind_blocked_ports)
		json_put_int(j, "bind_blocked_ports", g->bind_blocked_ports);
	return j;
}

static json_t *sum(const struct tws_group *g, bool has_groups)
{
	json_t *j = json_object();

	if (has_groups)
		json_put_int(j, "groups", g->groups);
	return put_counts(j, g);
}

void json_groups(struct out *o, const struct group_report *r)
{
	const struct groups *g = r->groups;
	json_t *j = json_object(), *rows = json_array(), *by = json_array();
	unsigned int i;

	for (i = 0; i < r->query->by->n; i++)
		json_array_append_new(by, json_string(
			group_keys[r->query->by->order[i]].name));
	json_put(j, "by", by);
	json_put_string(j, "sort", group_orders[r->query->sort]);
	json_put_int(j, "total", g->totals.count);
	if (g->totals.has_in_use)
		json_put_int(j, "total_in_use", g->totals.in_use);
	json_put_int(j, "groups", g->totals.groups);
	json_put_int(j, "walk_us", g->totals.walk_us);
	for (i = 0; i < g->n; i++)
		json_array_append_new(rows, put_counts(
			with_keys(r->query->by, &g->row[i]), &g->row[i]));
	json_put(j, "rows", rows);
	if (g->has_rest)
		json_put(j, "rest", sum(&g->rest, true));
	if (g->has_other)
		json_put(j, "other", sum(&g->other, false));
	json_emit(o, j);
}

static void put_pressure(json_t *j, const struct pressure *p)
{
	json_put_int(j, "ports", p->ports);
	json_put_int(j, "available", p->available);
	json_put_int(j, "waiting", p->waiting);
	json_put_int(j, "in_use", p->in_use);
	json_put_int(j, "reusable", p->reusable);
	json_put(j, "rate_per_s", json_real(p->rate));
	json_put_int(j, "rate_over_s", p->rate_s);
	json_put(j, "hold_s", json_real(p->hold_s));
	json_put(j, "sustained_per_s", json_real(p->sustained));
	/* null: never, at this rate */
	json_put(j, "exhausted_in_s", p->exhausted_s < 0 ? json_null() :
				      json_real(p->exhausted_s));
	json_put(j, "limited", json_boolean(p->limited));
}

static json_t *pressure_object(const struct pressure_row *r)
{
	const struct tws_group *g = r->group;
	const struct tws_hist closes = { .slot = g->closes, .n = g->n_closes };
	json_t *j = json_object();

	json_put_int(j, "netns", r->summary->netns);
	json_put_address(j, "local", g->local_family, g->local);
	if (g->remote_family) {
		json_put_address(j, "remote", g->remote_family, g->remote);
		json_put_int(j, "remote_port", g->remote_port);
	}
	json_put_int(j, "ifindex", g->ifindex);
	put_pressure(j, &r->now);
	json_put_hist(j, "closes_hist", &closes);
	return j;
}

void json_pressure(struct out *o, const struct pressure_report *r)
{
	json_t *j = json_object(), *rows = json_array(), *pools = json_array();
	json_t *one, *whatif;
	unsigned int i;

	for (i = 0; i < r->n; i++) {
		one = pressure_object(&r->row[i]);
		whatif = json_object();
		put_pressure(whatif, &r->row[i].whatif);
		json_put(one, "tcp_tw_reuse_1", whatif);
		json_array_append_new(rows, one);
	}
	for (i = 0; i < r->n_sources; i++)
		json_array_append_new(pools, pressure_object(&r->source[i]));
	json_put(j, "destinations", rows);
	json_put_int(j, "more_destinations", r->others);
	json_put(j, "complete", json_boolean(!r->cut));
	json_put(j, "bind_pools", pools);
	json_emit(o, j);
}
