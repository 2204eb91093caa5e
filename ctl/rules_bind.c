// SPDX-License-Identifier: GPL-2.0
/* Ports that bind() takes, and ports that it does not get. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "rules_parts.h"
#include "text.h"

/* A client that chose its port has a bucket or two there, a server many. */
#define SERVER_BUCKETS 5

static bool is_of(const struct pressure_row *r, uint32_t netns,
		  bool (*is)(const struct pressure *p))
{
	return r->summary->netns == netns && pressure_binds(&r->now) &&
	       is(&r->now);
}

static void one_source(const struct pressure_row *r, struct findings *f)
{
	char from[INET6_ADDRSTRLEN], taken[32], ports[32], waiting[32], bound[32];
	const struct pressure *p = &r->now;

	inet_ntop(r->group->local_family, r->group->local, from, sizeof(from));
	finding_evidence(f, "%s: %s of %s ports taken whatever the destination, %s by TIME_WAIT; %s of the buckets were bound before connect(); %.1f ports/s over %u s; %.1f/s can be sustained",
		from, text_count(taken, sizeof(taken), p->ports - p->available),
		text_count(ports, sizeof(ports), p->ports),
		text_count(waiting, sizeof(waiting), p->waiting),
		text_count(bound, sizeof(bound),
			   r->group->verdicts[TWSCOPE_VERDICT_BIND_BLOCKED]),
		p->rate, p->rate_s, p->sustained);
}

static void no_port(struct findings *f)
{
	finding_do(f, "set the socket option IP_BIND_ADDRESS_NO_PORT before a bind() to port 0: connect() then chooses the port, and one port does for many destinations. HAProxy and nginx (proxy_bind) do so");
	finding_do(f, "leave bind() out where a program need not choose its source address");
	finding_dont(f, "set tcp_tw_reuse for this: bind() knows no reuse, and a connect() that looks for a port skips those that bind() holds");
}

static unsigned int count_sources(const struct machine *m, uint32_t netns,
				  bool (*is)(const struct pressure *p))
{
	unsigned int i, n = 0;

	for (i = 0; i < m->pressures.n_sources; i++)
		n += is_of(&m->pressures.source[i], netns, is);
	return n;
}

static void the_sources(const struct machine *m, uint32_t netns,
			bool (*is)(const struct pressure *p), const char *what,
			struct findings *f)
{
	unsigned int n = count_sources(m, netns, is), i, told = 0;

	if (!n)
		return;
	finding_begin(f, netns, "%s at %u source address%s", what, n,
		      n == 1 ? "" : "es");
	for (i = 0; i < m->pressures.n_sources && told < MAX_NAMED; i++) {
		if (!is_of(&m->pressures.source[i], netns, is))
			continue;
		one_source(&m->pressures.source[i], f);
		told++;
	}
	no_port(f);
	advise_wider_range(m, pressures_summary(&m->pressures, netns), f);
	dont_fight_buckets(f);
}

void look_bind_pool_exhausted(const struct machine *m, struct findings *f)
{
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++)
		the_sources(m, m->pressures.summary[i].netns, is_exhausted,
			    "bind() to port 0 fails with EADDRINUSE", f);
}

void look_bind_pool_running_out(const struct machine *m, struct findings *f)
{
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++)
		the_sources(m, m->pressures.summary[i].netns, is_running_out,
			    "few ports are left for bind() to port 0", f);
}

void look_bind_blocked(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s;
	unsigned int i, range;
	char blocked[32], all[32];

	for (i = 0; i < m->pressures.n_summaries; i++) {
		s = &m->pressures.summary[i];
		range = s->sysctls.ip_local_port_range_max + 1u -
			s->sysctls.ip_local_port_range_min;
		if (!s->bind_blocked_ports || s->bind_blocked_ports < range / 2)
			continue;
		finding_begin(f, s->netns,
			      "bind() keeps at least half of the local ports from connect()");
		finding_evidence(f, "%s of %s ports of ip_local_port_range are bound, and skipped by connect() whatever the destination",
			text_count(blocked, sizeof(blocked), s->bind_blocked_ports),
			text_count(all, sizeof(all), range));
		no_port(f);
	}
}

static void no_listener(const struct machine *m, const struct tws_group *g,
			struct findings *f)
{
	char n[32], left[32];

	finding_begin(f, m->netns, "nobody listens at port %u, and buckets hold it",
		      g->local_port);
	finding_evidence(f, "%s buckets at local port %u, outside of ip_local_port_range; the last ends in %s",
		text_count(n, sizeof(n), g->count), g->local_port,
		text_time_words(left, sizeof(left), g->latest_ms));
	finding_do(f, "where a server is to start there and bind() fails with EADDRINUSE: have it set SO_REUSEADDR before bind(). If the one that ended had it as well, the new one starts at once; else when the last bucket has ended");
	finding_do(f, "where none is to start: nothing, they end by themselves");
	finding_dont(f, "end the buckets by force: it takes less to set SO_REUSEADDR, and what they keep off is kept off no more");
}

void look_server_port(const struct machine *m, struct findings *f)
{
	const struct tws_group *g;
	unsigned int i, n = 0;

	/* without the list nobody seems to listen */
	for (i = 0; m->has_listening && i < m->server_ports.n; i++) {
		g = &m->server_ports.row[i];
		/* a transparent proxy serves ports at which nobody listens */
		if (g->count >= SERVER_BUCKETS && !g->in_use &&
		    !machine_listens(m, g->local_port) && n++ < MAX_NAMED)
			no_listener(m, g, f);
	}
}
