// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "laws.h"
#include "text.h"
#include "verdicts.h"

static bool add_up(const char *what, uint64_t sum, const char *to,
		   uint64_t wanted, char *err, size_t size)
{
	if (sum == wanted)
		return true;
	snprintf(err, size, "%s add up to %llu, not to %s, %llu", what,
		 (unsigned long long)sum, to, (unsigned long long)wanted);
	return false;
}

uint64_t verdicts_sum(const uint32_t v[TWSCOPE_N_VERDICTS])
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		sum += v[i];
	return sum;
}

static bool laws_of_wait(const struct tws_summary *s, char *err, size_t size)
{
	return add_up("the waits", hist_sum(&s->wait), "the too-young ones",
		      s->verdicts[TWSCOPE_VERDICT_TOO_YOUNG], err, size);
}

static bool laws_of_changes(const struct tws_summary *s, char *err, size_t size)
{
	char what[64], to[64];
	unsigned int i;

	for (i = 0; s->has_changes && i < TWSCOPE_N_VERDICTS; i++) {
		snprintf(what, sizeof(what), "the changes of %s",
			 verdicts[i].name);
		snprintf(to, sizeof(to), "those that are %s now",
			 verdicts[i].name);
		if (!add_up(what, verdicts_sum(s->changes[i]), to,
			    s->verdicts[i], err, size))
			return false;
	}
	return true;
}

bool laws_of_verdicts(const struct tws_summary *s, char *err, size_t size)
{
	return add_up("the verdicts", verdicts_sum(s->verdicts), "the total",
		      s->total, err, size) &&
	       add_up("the verdicts of a bound port",
		      verdicts_sum(s->bound_verdicts), "the total", s->total,
		      err, size) &&
	       laws_of_wait(s, err, size) && laws_of_changes(s, err, size);
}

uint32_t ports_in_range(const struct tws_ports *p)
{
	return p->range_max < p->range_min ? 0 :
	       p->range_max - p->range_min + 1u;
}

static bool laws_of_cells(const struct tws_ports *p, char *err, size_t size)
{
	unsigned int i, state;
	char what[64], to[64];
	uint64_t sum;

	for (state = 0; p->n_cells && state < TWSCOPE_N_PORT_STATES; state++) {
		sum = 0;
		for (i = 0; i < p->n_cells; i++)
			sum += p->cell[i][state];
		snprintf(what, sizeof(what), "the %s ports of the map's cells",
			 port_states[state].name);
		snprintf(to, sizeof(to), "those of the range");
		if (!add_up(what, sum, to, p->state[state], err, size))
			return false;
	}
	return true;
}

bool laws_of_ports(const struct tws_ports *p, char *err, size_t size)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_PORT_STATES; i++)
		sum += p->state[i];
	return add_up("free, reusable, waiting, in-use, bind-blocked and reserved ports",
		      sum, "the ports of the range", ports_in_range(p), err,
		      size) &&
	       add_up("the reasons to wait", verdicts_sum(p->waiting_verdicts),
		      "the waiting ports", p->state[TWSCOPE_PORT_STATE_WAITING],
		      err, size) &&
	       laws_of_cells(p, err, size);
}

static bool laws_of_group(const struct tws_group *g, char *err, size_t size)
{
	return add_up("the verdicts of a group", verdicts_sum(g->verdicts),
		      "its buckets", g->count, err, size) &&
	       (!g->has_whatif ||
		add_up("the what-if verdicts of a group", verdicts_sum(g->whatif),
		       "its buckets", g->count, err, size));
}

bool laws_of_groups(const struct groups *g, char *err, size_t size)
{
	uint64_t buckets = (uint64_t)g->rest.count + g->other.count;
	uint64_t in_use = (uint64_t)g->rest.in_use + g->other.in_use;
	unsigned int i;

	for (i = 0; i < g->n; i++) {
		if (!laws_of_group(&g->row[i], err, size))
			return false;
		buckets += g->row[i].count;
		in_use += g->row[i].in_use;
	}
	return laws_of_group(&g->rest, err, size) &&
	       laws_of_group(&g->other, err, size) &&
	       add_up("the groups", buckets, "the total", g->totals.count, err,
		      size) &&
	       add_up("the groups' sockets in use", in_use, "their total",
		      g->totals.in_use, err, size);
}
