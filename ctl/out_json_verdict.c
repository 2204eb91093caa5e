// SPDX-License-Identifier: GPL-2.0
/*
 * What twctl makes of several replies, as JSON. Keys are those of the spec
 * where there is such an attribute.
 */
#include "laws.h"
#include "out_json.h"
#include "verdicts.h"

/* what-if */

static json_t *of_policy(const struct tws_policy *p)
{
	json_t *j = json_object();

	if (p->has_tcp_tw_reuse)
		json_put_int(j, "tcp_tw_reuse", p->tcp_tw_reuse);
	if (p->has_tcp_tw_reuse_delay)
		json_put_int(j, "tcp_tw_reuse_delay", p->tcp_tw_reuse_delay);
	if (p->has_tcp_timestamps)
		json_put_int(j, "tcp_timestamps", p->tcp_timestamps);
	return j;
}

static void put_before_and_after(json_t *j, const struct tws_summary *s)
{
	uint32_t after[TWSCOPE_N_VERDICTS] = { 0 };
	unsigned int from, to;

	for (from = 0; from < TWSCOPE_N_VERDICTS; from++)
		for (to = 0; to < TWSCOPE_N_VERDICTS; to++)
			after[to] += s->changes[from][to];
	json_put_verdicts(j, "before", s->verdicts);
	json_put_verdicts(j, "after", after);
}

static void put_changes(json_t *j, const struct tws_summary *s)
{
	json_t *changes = json_array(), *change;
	unsigned int from, to;
	uint64_t n = 0;

	for (from = 0; from < TWSCOPE_N_VERDICTS; from++) {
		for (to = 0; to < TWSCOPE_N_VERDICTS; to++) {
			if (from == to || !s->changes[from][to])
				continue;
			change = json_object();
			json_put_string(change, "from", verdicts[from].name);
			json_put_string(change, "to", verdicts[to].name);
			json_put_int(change, "count", s->changes[from][to]);
			json_array_append_new(changes, change);
			n += s->changes[from][to];
		}
	}
	json_put_int(j, "changed", n);
	json_put(j, "changes", changes);
}

static void put_unchanged(json_t *j, const struct tws_summary *s)
{
	json_t *unchanged = json_array(), *one;
	unsigned int v;

	for (v = 0; v < TWSCOPE_N_VERDICTS; v++) {
		if (!s->changes[v][v])
			continue;
		one = json_object();
		json_put_string(one, "verdict", verdicts[v].name);
		json_put_int(one, "count", s->changes[v][v]);
		json_put_string(one, "reason", verdicts[v].stays);
		json_array_append_new(unchanged, one);
	}
	json_put(j, "unchanged", unchanged);
}

void json_whatif(struct out *o, const struct tws_summary *s,
		 const struct tws_policy *policy)
{
	json_t *j = json_object();

	json_put_netns(o, j, s->netns);
	json_put(j, "policy", of_policy(policy));
	json_put(j, "sysctls", json_sysctls(&s->sysctls));
	json_put_int(j, "total", s->total);
	put_before_and_after(j, s);
	put_changes(j, s);
	put_unchanged(j, s);
	json_put_hist(j, "wait_hist", &s->wait);
	json_put_hist(j, "whatif_wait_hist", &s->whatif_wait);
	json_emit(o, j);
}

/* explain */

static void put_explained(json_t *j, const struct explained *x)
{
	json_put_string(j, "text", x->text);
	json_put_string(j, "source", x->source);
}

static json_t *of_conditions(const struct explanation *e)
{
	struct explained_condition c[N_CONDITIONS];
	json_t *array = json_array(), *one;
	unsigned int i;

	explain_conditions(e, c);
	for (i = 0; e->bucket->has_conditions && i < N_CONDITIONS; i++) {
		one = json_object();
		json_put_string(one, "name", c[i].name);
		json_put(one, "asked", json_boolean(c[i].asked));
		json_put(one, "held", json_boolean(c[i].held));
		put_explained(one, &c[i].why);
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *of_verdict(const struct explanation *e)
{
	const struct tws_bucket *b = e->bucket;
	json_t *j = json_object();
	struct explained x;

	json_put_name(j, "verdict", verdict_name(b->verdict), b->verdict);
	explain_verdict(e, &x);
	put_explained(j, &x);
	explain_change(e, &x);
	json_put_string(j, "changes", x.text);
	return j;
}

static json_t *of_bound(const struct explanation *e)
{
	const struct tws_bucket *b = e->bucket;
	json_t *j = json_object();
	struct explained x;

	json_put_name(j, "verdict", verdict_name(b->bound_verdict),
		      b->bound_verdict);
	explain_bound(e, &x);
	put_explained(j, &x);
	return j;
}

static json_t *of_peer(const struct explanation *e)
{
	const struct tws_bucket *b = e->bucket;
	json_t *j = json_object(), *lines = json_array(), *one;
	struct explained x[N_PEER_LINES];
	unsigned int i, n = explain_peer(e, x);

	if (b->has_syn_seq)
		json_put_int(j, "syn_seq", b->syn_seq);
	if (b->has_syn_tsval)
		json_put_int(j, "syn_tsval", b->syn_tsval);
	if (b->has_rcv_wnd)
		json_put_int(j, "rcv_wnd", b->rcv_wnd);
	if (b->has_answer_in)
		json_put_int(j, "answer_in_ms", b->answer_in_ms);
	for (i = 0; i < n; i++) {
		one = json_object();
		put_explained(one, &x[i]);
		json_array_append_new(lines, one);
	}
	json_put(j, "rules", lines);
	return j;
}

static json_t *of_syn(const struct explanation *e)
{
	const struct tws_bucket *b = e->bucket;
	json_t *j = json_object();
	struct explained x;

	json_put_int(j, "seq", e->syn->seq);
	if (e->syn->has_tsval)
		json_put_int(j, "tsval", e->syn->tsval);
	if (b->has_syn_verdict)
		json_put_name(j, "verdict", syn_verdict_name(b->syn_verdict),
			      b->syn_verdict);
	explain_syn(e, &x);
	put_explained(j, &x);
	return j;
}

void json_explanation(struct out *o, const struct explanation *e)
{
	const char *rules = rules_name(e->info->rules);
	json_t *j = json_object(), *end = json_object();
	struct explained x;

	json_put(j, "bucket", json_of_bucket(e->bucket));
	explain_end(e, &x);
	put_explained(end, &x);
	json_put(j, "end", end);
	json_put_name(j, "rules", rules, e->info->rules);
	json_put(j, "sysctls", json_sysctls(e->sysctls));
	json_put(j, "conditions", of_conditions(e));
	json_put(j, "connect", of_verdict(e));
	json_put(j, "bound", of_bound(e));
	json_put(j, "peer", of_peer(e));
	if (e->syn)
		json_put(j, "syn", of_syn(e));
	json_emit(o, j);
}

/* ports */

static json_t *of_next(const uint32_t next[TWSCOPE_N_VERDICTS],
		       const uint32_t waiting[TWSCOPE_N_VERDICTS])
{
	json_t *j = json_object();
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		if (waiting[i] && next[i] != TWS_NEVER)
			json_put_count(j, verdicts[i].name, next[i]);
	return j;
}

static void put_states(json_t *j, const uint32_t state[TWSCOPE_N_PORT_STATES])
{
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_PORT_STATES; i++)
		json_put_count(j, port_states[i].name, state[i]);
}

/* Cell i of n has the ports from range-min + i * ports / n on. */
static json_t *of_map(const struct tws_ports *p)
{
	uint64_t range = ports_in_range(p);
	json_t *cells = json_array(), *cell;
	unsigned int i;

	for (i = 0; i < p->n_cells; i++) {
		cell = json_object();
		json_put_int(cell, "port", p->range_min + i * range / p->n_cells);
		put_states(cell, p->cell[i]);
		json_array_append_new(cells, cell);
	}
	return cells;
}

static void put_question(json_t *j, const struct port_report *r)
{
	const struct tws_port_query *q = r->query;

	json_put_address(j, "local", q->family, q->local);
	json_put(j, "routed", json_boolean(r->routed));
	json_put_address(j, "remote", q->family, q->remote);
	json_put_int(j, "remote_port", q->remote_port);
	if (q->ifindex)
		json_put_int(j, "ifindex", q->ifindex);
	if (q->policy)
		json_put(j, "policy", of_policy(q->policy));
}

void json_ports(struct out *o, const struct port_report *r)
{
	const struct tws_ports *p = r->ports;
	json_t *j = json_object();

	put_question(j, r);
	json_put_int(j, "range_min", p->range_min);
	json_put_int(j, "range_max", p->range_max);
	json_put_int(j, "range", ports_in_range(p));
	json_put_int(j, "available", (uint64_t)p->state[TWSCOPE_PORT_STATE_FREE] +
		     p->state[TWSCOPE_PORT_STATE_REUSABLE]);
	put_states(j, p->state);
	json_put_verdicts(j, "waiting_verdicts", p->waiting_verdicts);
	json_put(j, "waiting_next_ms",
		 of_next(p->waiting_next_ms, p->waiting_verdicts));
	json_put_int(j, "bind_blocked_in_use", p->bind_blocked_in_use);
	json_put_int(j, "bind_blocked_waiting", p->bind_blocked_waiting);
	json_put_int(j, "walk_us", p->walk_us);
	json_put(j, "map", of_map(p));
	json_emit(o, j);
}
