// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"

/* Whose listener is gone has many, and of the others nobody needs the rest. */
#define TOP_PORTS 64
/* Those that hold most; beyond, nobody is short of ports. */
#define TOP_DESTINATIONS 1000

struct adding {
	struct machine *m;
	bool no_memory;
};

static int add_stats(const struct tws_stats *stats, void *ctx)
{
	struct adding *a = ctx;
	struct machine *m = a->m;
	struct tws_stats *more;

	more = reallocarray(m->stats, m->n_stats + 1, sizeof(*more));
	if (!more) {
		a->no_memory = true;
		return 1;
	}
	m->stats = more;
	m->stats[m->n_stats++] = *stats;
	return 0;
}

/* Who may not see it has none. */
static int take_observed(const struct session *s, const struct options *o,
			 struct machine *m)
{
	struct adding a = { .m = m };
	int ret;

	if (!s->info.observing)
		return 0;
	ret = o->all_netns ? twnl_stats_dump(s->nl, add_stats, &a) :
			     twnl_stats_get(s->nl, add_stats, &a);
	if (a.no_memory)
		return twnl_out_of_memory(s->nl);
	/* turned off since we were told that it is on: nobody lacks anything */
	if (ret < 0 && twnl_errno(s->nl) == ENODATA) {
		m->info.observing = false;
		return 0;
	}
	m->has_stats = !ret;
	if (ret <= 0) {
		ret = hooks_read(s->nl, &m->hooks);
		m->has_hooks = !ret;
	}
	return ret > 0 ? ret : 0;
}

/* Buckets of servers: at ports that connect() does not hand out. */
static int take_server_ports(const struct session *s, struct machine *m)
{
	const struct tws_summary *own = pressures_summary(&m->pressures, m->netns);
	const struct tws_group_by by = { .keys = TWSCOPE_GROUP_KEY_LOCAL_PORT };
	struct tws_filter f = {
		.n_clauses = 1, .n_terms = 1, .clause_end = { 1 },
		.term = { { .kind = TERM_LOCAL_PORT, .negate = 1 } },
	};
	const struct tws_group_query q = {
		.filter = &f, .by = &by, .limit = TOP_PORTS,
		.sort = TWSCOPE_GROUP_SORT_COUNT,
	};

	if (!own)
		return 0;
	f.term[0].port_min = own->sysctls.ip_local_port_range_min;
	f.term[0].port_max = own->sysctls.ip_local_port_range_max;
	return groups_take(s->nl, &q, &m->server_ports);
}

/* 0 where it is not among those that have a name. */
static uint32_t initial_of(const struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++)
		if (netns_is_initial(m->names, m->pressures.summary[i].netns))
			return m->pressures.summary[i].netns;
	return 0;
}

static void take_system(const struct session *s, struct machine *m)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	struct stat st;

	m->info = s->info;
	m->names = s->netns_names;
	m->uptime_ms = now_ns(CLOCK_BOOTTIME) / 1000000;
	if (pages > 0 && size > 0)
		m->memory_bytes = (uint64_t)pages * (uint64_t)size;
	if (!stat("/proc/self/ns/net", &st))
		m->netns = (uint32_t)st.st_ino;
	m->shell = netns_came_from() ? netns_came_from() : m->netns;
}

int machine_take(const struct session *s, const struct options *o,
		 struct machine *m)
{
	int ret;

	memset(m, 0, sizeof(*m));
	take_system(s, m);
	ret = pressures_take(s, o, 0, NULL, TOP_DESTINATIONS, &m->pressures);
	if (!ret)
		ret = take_observed(s, o, m);
	if (!ret)
		ret = take_server_ports(s, m);
	if (ret)
		return ret;
	m->initial = initial_of(m);
	return machine_read_files("", m) ? twnl_out_of_memory(s->nl) : 0;
}

void machine_free(struct machine *m)
{
	pressures_free(&m->pressures);
	free(m->stats);
	hooks_free(&m->hooks);
	groups_free(&m->server_ports);
	sysctl_lines_free(&m->files);
}
