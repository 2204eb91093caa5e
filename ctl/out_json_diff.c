// SPDX-License-Identifier: GPL-2.0
#include "out_json.h"

static void put_figure(json_t *object, const char *key, const struct figure *f)
{
	if (f->has)
		json_put_int(object, key, f->v);
}

static void put_word(json_t *object, const char *key, const char *s)
{
	if (*s)
		json_put_string(object, key, s);
}

/* { "before": ..., "after": ... } in @changed, or the number in @unchanged */
static void put_both(json_t *changed, json_t *unchanged, const char *key,
		     const struct figure *a, const struct figure *b)
{
	json_t *both;

	if (!a->has && !b->has)
		return;
	if (a->has == b->has && a->v == b->v) {
		json_put_count(unchanged, key, a->v);
		return;
	}
	both = json_object();
	put_figure(both, "before", a);
	put_figure(both, "after", b);
	json_put(changed, key, both);
}

static void put_figures(json_t *j, const char *name,
			const struct figure_key *keys, size_t n,
			const struct figure *a, const struct figure *b)
{
	json_t *part = json_object();
	json_t *changed = json_object(), *unchanged = json_object();
	size_t i;

	for (i = 0; i < n; i++)
		put_both(changed, unchanged, keys[i].key, &a[i], &b[i]);
	json_put(part, "changed", changed);
	json_put(part, "unchanged", unchanged);
	json_put(j, name, part);
}

static json_t *of_netns(const struct snapshot_netns *s)
{
	json_t *j = json_object();

	json_put_int(j, "netns", s->netns);
	put_word(j, "netns_name", s->name);
	put_word(j, "netns_kind", s->kind);
	put_figure(j, "total", &s->counts[COUNT_TOTAL]);
	return j;
}

static json_t *of_pair(const struct diff_pair *p)
{
	const struct snapshot_netns *a = p->before, *b = p->after;
	json_t *j = of_netns(b);

	json_object_del(j, "total");
	if (a->netns != b->netns)
		json_put_int(j, "netns_before", a->netns);
	put_figures(j, "counts", count_keys, N_COUNTS, a->counts, b->counts);
	put_figures(j, "verdicts", verdict_keys(), TWSCOPE_N_VERDICTS,
		    a->verdicts, b->verdicts);
	put_figures(j, "bound_verdicts", verdict_keys(), TWSCOPE_N_VERDICTS,
		    a->bound_verdicts, b->bound_verdicts);
	put_figures(j, "sysctls", sysctl_keys, N_SYSCTLS, a->sysctls,
		    b->sysctls);
	return j;
}

static void put_pairs(json_t *j, const struct diff *d)
{
	json_t *both = json_array(), *gone = json_array(), *new = json_array();
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct diff_pair *p = &d->pair[i];

		if (p->before && p->after)
			json_array_append_new(both, of_pair(p));
		else if (p->before)
			json_array_append_new(gone, of_netns(p->before));
		else
			json_array_append_new(new, of_netns(p->after));
	}
	json_put(j, "namespaces", both);
	json_put(j, "gone", gone);
	json_put(j, "new", new);
}

static void put_counters(json_t *j, const struct diff *d)
{
	json_t *counters, *one;
	uint64_t by;
	size_t i;

	if (!d->counters)
		return;
	counters = json_object();
	put_figures(j, "sockstat", sockstat_keys, N_SOCKSTAT,
		    d->before->sockstat, d->after->sockstat);
	for (i = 0; i < N_COUNTERS; i++) {
		if (!diff_counter(d, i))
			continue;
		by = d->after->counters[i].v - d->before->counters[i].v;
		one = json_object();
		json_put_int(one, "increase", by);
		if (d->has_interval && d->interval_ms)
			json_put(one, "per_s",
				 json_real((double)by * 1000 /
					   (double)d->interval_ms));
		json_put(counters, counter_keys[i].key, one);
	}
	json_put(j, "counters", counters);
}

static json_t *of_snapshot(const struct snapshot *s)
{
	json_t *j = json_object();

	put_figure(j, "time_ms", &s->time_ms);
	put_word(j, "hostname", s->hostname);
	put_word(j, "kernel", s->kernel);
	put_word(j, "boot_id", s->boot_id);
	put_word(j, "twctl", s->twctl);
	put_word(j, "module", s->module);
	json_put(j, "all_netns", json_boolean(s->all_netns));
	if (s->netns)
		json_put_int(j, "netns", s->netns);
	return j;
}

void json_diff(struct out *o, const struct diff *d)
{
	json_t *j = json_object(), *warnings = json_array();
	unsigned int i;

	json_put(j, "before", of_snapshot(d->before));
	json_put(j, "after", of_snapshot(d->after));
	if (d->has_interval)
		json_put_int(j, "interval_ms", d->interval_ms);
	for (i = 0; i < N_DIFF_WARNINGS; i++)
		if (d->warnings >> i & 1)
			json_array_append_new(warnings,
					      json_string(diff_warnings[i].name));
	json_put(j, "warnings", warnings);
	put_pairs(j, d);
	put_counters(j, d);
	json_emit(o, j);
}
