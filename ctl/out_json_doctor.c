// SPDX-License-Identifier: GPL-2.0
#include "machine.h"
#include "out_json.h"
#include "rules.h"

static json_t *strings(char *const *line, unsigned int n)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < n; i++)
		json_array_append_new(array, json_string(line[i]));
	return array;
}

static json_t *advice(const struct finding *one)
{
	json_t *array = json_array(), *j;
	unsigned int i;

	for (i = 0; i < one->n_do; i++) {
		j = json_object();
		if (one->to_do[i].command)
			json_put_string(j, "command", one->to_do[i].command);
		json_put_string(j, "text", one->to_do[i].text);
		json_array_append_new(array, j);
	}
	return array;
}

static json_t *finding(const struct out *o, const struct finding *one)
{
	json_t *j = json_object();

	json_put_string(j, "id", one->rule->id);
	json_put_string(j, "severity", severity_name(one->rule->severity));
	/* else it is of the machine */
	if (one->netns)
		json_put_netns(o, j, one->netns);
	json_put_string(j, "title", one->title);
	json_put(j, "evidence", strings(one->evidence, one->n_evidence));
	json_put(j, "do", advice(one));
	json_put(j, "do_not", strings(one->dont, one->n_dont));
	return j;
}

static json_t *looked_at(const struct machine *m)
{
	json_t *j = json_object();

	json_put_int(j, "namespaces", m->pressures.n_summaries);
	json_put_int(j, "destinations", m->pressures.n);
	json_put_int(j, "bind_pools", m->pressures.n_sources);
	json_put_int(j, "sysctl_lines", m->files.n);
	json_put(j, "observed", json_boolean(m->has_stats));
	json_put(j, "hooks", json_boolean(m->has_hooks));
	json_put(j, "listeners", json_boolean(m->has_listening));
	json_put(j, "counters", json_boolean(m->counters.has));
	json_put(j, "conntrack", json_boolean(m->conntrack.has));
	return j;
}

void json_doctor(struct out *o, const struct doctor_report *r)
{
	json_t *j = json_object(), *rows = json_array();
	unsigned int i;

	for (i = 0; i < r->findings->n; i++)
		json_array_append_new(rows, finding(o, &r->findings->row[i]));
	json_put(j, "findings", rows);
	json_put(j, "looked_at", looked_at(r->machine));
	json_emit(o, j);
}
