// SPDX-License-Identifier: GPL-2.0
/* Hooks, stats, rates and events as JSON. */
#include <sys/socket.h>

#include "decisions.h"
#include "out_json.h"
#include "stats.h"

json_t *json_of_hooks(const struct hooks *h)
{
	json_t *array = json_array(), *j;
	const struct tws_hook *hook;
	unsigned int i;

	for (i = 0; i < h->n; i++) {
		hook = &h->hook[i];
		j = json_object();
		json_put_string(j, "symbol", hook->symbol);
		json_put_name(j, "mechanism", mechanism_name(hook->mechanism),
			      hook->mechanism);
		json_put_int(j, "hits", hook->hits);
		json_put_int(j, "missed", hook->missed);
		json_array_append_new(array, j);
	}
	return array;
}

void json_observe(struct out *o, const struct observe_report *r)
{
	json_t *j = json_object();

	json_put(j, "observing", json_boolean(r->is_on));
	if (r->asked != OBSERVE_TELL)
		json_put(j, "changed", json_boolean(r->was_on != r->is_on));
	if (r->total) {
		json_put_int(j, "observed_ms", r->total->observed_ms);
		json_put_int(j, "created", stats_created(r->total));
		json_put_int(j, "ended", stats_ended(r->total));
		json_put_int(j, "decisions", counts_sum(&r->total->decisions));
	}
	if (r->hooks)
		json_put(j, "hooks", json_of_hooks(r->hooks));
	json_emit(o, j);
}

/* @name gives the enum's names; what it does not know gets @otherwise. */
static void put_counts(json_t *object, const char *key,
		       const struct tws_counts *c, const char *(*name)(uint32_t),
		       const char *otherwise)
{
	json_t *counts = json_object();
	char number[32];
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		snprintf(number, sizeof(number), "%s_%u", otherwise, i);
		json_put_count(counts, name(i) ? name(i) : number, c->v[i]);
	}
	json_put(object, key, counts);
}

static void put_created(json_t *j, const struct tws_stats *s)
{
	json_t *created = json_object();

	json_put_int(created, "time_wait", s->created_time_wait);
	json_put_int(created, "fin_wait2", s->created_fin_wait2);
	json_put(j, "created", created);
}

/* What grows, in totals and in rates alike. */
static void put_flow(json_t *j, const struct tws_stats *s)
{
	put_created(j, s);
	put_counts(j, "ended", &s->ended, cause_name, "cause");
	json_put_int(j, "ended_total", stats_ended(s));
	json_put_int(j, "overflow", s->overflow);
	json_put_int(j, "out_of_memory", s->out_of_memory);
	json_put_int(j, "restarted", s->restarted);
	put_counts(j, "decisions", &s->decisions, decision_name, "decision");
	if (s->has_segments) {
		json_put_int(j, "segments", s->segments);
		json_put_int(j, "answered", s->answered);
		json_put_int(j, "segment_mismatch", s->segment_mismatch);
	}
	json_put_int(j, "verdict_mismatch", s->verdict_mismatch);
	json_put_int(j, "verdict_boundary", s->verdict_boundary);
	json_put_int(j, "missed", s->missed);
}

void json_stats(struct out *o, const struct tws_stats *s)
{
	json_t *j = json_object();

	if (s->has_netns && !s->ended_netns)
		json_put_netns(o, j, s->netns);
	json_put(j, "ended_netns", json_boolean(s->ended_netns));
	json_put_int(j, "observed_ms", s->observed_ms);
	json_put_int(j, "before", s->before);
	json_put(j, "before_settled", json_boolean(!s->before_unsettled));
	json_put_int(j, "present", s->present);
	json_put_int(j, "balance", (uint64_t)stats_balance(s));
	put_flow(j, s);
	json_emit(o, j);
}

void json_rates(struct out *o, const struct tws_stats *s, uint64_t now_ns)
{
	json_t *j = json_object();

	json_put_int(j, "time_ns", now_ns);
	json_put_int(j, "interval_ms", s->observed_ms);
	json_put_int(j, "present", s->present);
	put_flow(j, s);
	json_emit(o, j);
}

/* Whoever runs a process names it, or cuts its name amid a character. */
static void put_comm(json_t *j, const char *comm)
{
	char plain[sizeof(((struct tws_event *)0)->comm)];
	json_t *v = json_string(comm);
	size_t i;

	if (!v) {
		for (i = 0; comm[i]; i++)
			plain[i] = (unsigned char)comm[i] < 0x80 ? comm[i] : '?';
		plain[i] = 0;
		v = json_string(plain);
	}
	json_put(j, "comm", v);
}

static void put_who(json_t *j, const struct tws_event *e)
{
	if (e->has_pid)
		json_put_int(j, "pid", e->pid);
	if (e->has_comm)
		put_comm(j, e->comm);
	if (e->has_cgroup_id)
		json_put_int(j, "cgroup_id", e->cgroup_id);
}

void json_event(struct out *o, const struct tws_event *e)
{
	json_t *j = json_object();

	json_put_int(j, "time_ns", e->time_ns);
	json_put_name(j, "type", event_type_name(e->type), e->type);
	json_put_netns(o, j, e->netns);
	json_put_string(j, "family", e->family == AF_INET ? "inet" : "inet6");
	json_put_address(j, "local", e->family, e->local);
	json_put_int(j, "local_port", e->local_port);
	json_put_address(j, "remote", e->family, e->remote);
	json_put_int(j, "remote_port", e->remote_port);
	json_put_name(j, "substate", substate_name(e->substate), e->substate);
	if (e->has_decision)
		json_put_name(j, "decision", decision_name(e->decision),
			      e->decision);
	if (e->has_cause)
		json_put_name(j, "cause", cause_name(e->cause), e->cause);
	if (e->has_count)
		json_put_int(j, "count", e->count);
	put_who(j, e);
	json_emit(o, j);
}

void json_lost(struct out *o, uint64_t n)
{
	json_t *j = json_object();

	json_put_int(j, "lost", n);
	json_emit(o, j);
}
