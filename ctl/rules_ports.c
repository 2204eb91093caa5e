// SPDX-License-Identifier: GPL-2.0
/* Destinations short of local ports, and what would give them some. */
#include <stdio.h>
#include <string.h>

#include "rules_parts.h"
#include "text.h"

/* Ports below are those by which servers are known. */
#define WIDE_FROM 10000
#define WIDE_TO 65535
/* What a cure must bring at least to be worth its while: a tenth. */
#define WORTH(gain, of) ((gain) && (gain) >= (of) / 10)

typedef bool (*which_fn)(const struct pressure *p);

/* Sums of the destinations of a namespace that are short of ports. */
struct shortage {
	unsigned int n;
	uint64_t waiting;
	uint64_t in_use;
	/* what tcp_tw_reuse=1 would give back */
	uint64_t gain;
	/* of the one that holds most: by the second, for good */
	double sustained;
	double sustained_reusing;
};

static struct shortage shortage_of(const struct machine *m, uint32_t netns,
				   which_fn is)
{
	const struct pressures *p = &m->pressures;
	struct shortage all = { 0 };
	const struct pressure_row *r;
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		r = &p->row[i];
		if (r->summary->netns != netns || !is(&r->now))
			continue;
		if (!all.n++) {
			all.sustained = r->now.sustained;
			all.sustained_reusing = r->whatif.sustained;
		}
		all.waiting += r->now.waiting;
		all.in_use += r->now.in_use;
		if (r->whatif.available > r->now.available)
			all.gain += r->whatif.available - r->now.available;
	}
	return all;
}

static void one_destination(const struct pressure_row *r, struct findings *f)
{
	char to[128], taken[32], ports[32], waiting[32], in_use[32];
	const struct pressure *p = &r->now;

	finding_evidence(f, "%s: %s of %s ports taken, %s by TIME_WAIT and %s in use; %.1f ports/s over %u s; %.1f/s can be sustained",
		destination_text(r->group, to, sizeof(to)),
		text_count(taken, sizeof(taken), p->ports - p->available),
		text_count(ports, sizeof(ports), p->ports),
		text_count(waiting, sizeof(waiting), p->waiting),
		text_count(in_use, sizeof(in_use), p->in_use), p->rate,
		p->rate_s, p->sustained);
}

static void the_destinations(const struct machine *m, uint32_t netns,
			     which_fn is, struct findings *f)
{
	const struct pressures *p = &m->pressures;
	unsigned int i, n = 0;
	char command[COMMAND_SIZE];

	for (i = 0; i < p->n; i++)
		if (p->row[i].summary->netns == netns && is(&p->row[i].now) &&
		    n++ < MAX_NAMED)
			one_destination(&p->row[i], f);
	if (n > MAX_NAMED)
		finding_evidence(f, "and %u more: %s", n - MAX_NAMED,
				 command_in(m, netns, "twctl pressure --top 0",
					    command, sizeof(command)));
}

/*
 * What ip_local_reserved_ports is to be before the range grows to @low..@high:
 * what it is, and where servers listen. False where that is not known, or long.
 */
static bool to_reserve(const struct machine *m, const struct tws_summary *s,
		       unsigned int low, unsigned int high, char *buf, size_t size)
{
	const struct tws_sysctls *c = &s->sysctls;
	unsigned int port;
	size_t len;

	if (s->netns != m->netns || !m->has_listening ||
	    m->reserved_ports[strspn(m->reserved_ports, "0123456789,-")])
		return false;
	len = (size_t)snprintf(buf, size, "%s", m->reserved_ports);
	for (port = low; port <= high && len < size; port++)
		if (machine_serves(m, (uint16_t)port) &&
		    (port < c->ip_local_port_range_min ||
		     port > c->ip_local_port_range_max))
			len += (size_t)snprintf(buf + len, size - len, "%s%u",
						len ? "," : "", port);
	return len < size;
}

static void reserve(const struct machine *m, const struct tws_summary *s,
		    unsigned int low, unsigned int high, struct findings *f)
{
	char ports[512], command[COMMAND_SIZE];

	if (!to_reserve(m, s, low, high, ports, sizeof(ports))) {
		finding_do(f, "put the ports of servers, TCP's and UDP's, from %u to %u into ip_local_reserved_ports before the range is widened as below: else another socket takes them while a server restarts",
			   low, high);
		return;
	}
	if (!strcmp(ports, m->reserved_ports))
		return;
	finding_command(f, sysctl_command(m, s->netns, "ip_local_reserved_ports",
					  ports, command, sizeof(command)),
			"before the range is widened: what is reserved now, and the ports of servers, TCP's and UDP's; else another socket takes them while they restart");
}

void advise_wider_range(const struct machine *m, const struct tws_summary *s,
			struct findings *f)
{
	unsigned int from = s->sysctls.ip_local_port_range_min;
	unsigned int to = s->sysctls.ip_local_port_range_max;
	unsigned int low = from > WIDE_FROM ? WIDE_FROM : from;
	/* the kernel wants one end even and the other odd */
	unsigned int high = WIDE_TO - (low & 1);
	char range[32], command[COMMAND_SIZE], a[32], b[32];

	if (high < to || !WORTH(high - low - (to - from), to - from + 1))
		return;
	reserve(m, s, low, high, f);
	snprintf(range, sizeof(range), "%u %u", low, high);
	finding_command(f, sysctl_command(m, s->netns, "ip_local_port_range",
					  range, command, sizeof(command)),
			"%s ports instead of %s. Those of servers that may yet start there belong in ip_local_reserved_ports",
			text_count(a, sizeof(a), high - low + 1),
			text_count(b, sizeof(b), to - from + 1));
}

static void reuse_command(const struct machine *m, uint32_t netns,
			  const struct shortage *all, struct findings *f)
{
	char command[COMMAND_SIZE], gain[32], waiting[32];

	finding_command(f, sysctl_command(m, netns, "tcp_tw_reuse", "1", command,
					  sizeof(command)),
			"%s of the %s ports that TIME_WAIT holds come free for connect() at once, and up to %.0f connections/s can be sustained instead of %.1f. It is for connections that this host opens, and does nothing for those it accepts; their timestamps tell late segments from new ones (RFC 6191)",
			text_count(gain, sizeof(gain), all->gain),
			text_count(waiting, sizeof(waiting), all->waiting),
			all->sustained_reusing, all->sustained);
}

/* Much comes free now, or would go on where all that is there is too young. */
static bool reuse_helps(const struct shortage *all)
{
	/* what open connections hold, no reuse gives back */
	if (!WORTH(all->waiting, all->waiting + all->in_use))
		return false;
	return WORTH(all->gain, all->waiting) ||
	       all->sustained_reusing >= 2 * all->sustained;
}

static void reuse(const struct machine *m, const struct tws_summary *s,
		  const struct shortage *all, struct findings *f)
{
	char gain[32], waiting[32];

	/* without rules there is no telling */
	if (s->sysctls.tcp_tw_reuse == 1 ||
	    m->info.rules == TWSCOPE_RULES_UNKNOWN)
		return;
	if (reuse_helps(all))
		reuse_command(m, s->netns, all, f);
	else if (!s->sysctls.tcp_timestamps)
		finding_do(f, "set tcp_timestamps=1 and tcp_tw_reuse=1, both: the ports of connections begun from then on come free after a second or so; the %s that TIME_WAIT holds do not",
			   text_count(waiting, sizeof(waiting), all->waiting));
	else
		finding_dont(f, "set tcp_tw_reuse=1: here it would free %s of the %s ports that TIME_WAIT holds",
			     text_count(gain, sizeof(gain), all->gain),
			     text_count(waiting, sizeof(waiting), all->waiting));
}

static void advise(const struct machine *m, const struct tws_summary *s,
		   which_fn is, struct findings *f)
{
	struct shortage all = shortage_of(m, s->netns, is);
	char command[COMMAND_SIZE];

	if (all.in_use > all.waiting)
		finding_do(f, "most of these ports are not in TIME_WAIT: connections hold them. See whose they are, '%s': a pool without a bound, connections that nobody uses, or sockets that a program does not close (CLOSE-WAIT)",
			   command_in(m, s->netns, "ss -tanp dst ADDRESS", command,
				      sizeof(command)));
	/* what helps within a second, then what cures */
	reuse(m, s, &all, f);
	advise_wider_range(m, s, f);
	if (all.in_use <= all.waiting)
		finding_do(f, "the cure: keep connections and use them again, by a pool in the client; in nginx by 'keepalive N;' in the upstream, with proxy_http_version 1.1 and proxy_set_header Connection \"\"");
	finding_do(f, "add addresses: each further source address, and each further address or port of the destination, brings as many ports again");
	dont_fight_buckets(f);
}

void look_ports_exhausted(const struct machine *m, struct findings *f)
{
	const struct pressures *p = &m->pressures;
	unsigned int i, n;

	for (i = 0; i < p->n_summaries; i++) {
		n = shortage_of(m, p->summary[i].netns, is_exhausted).n;
		if (!n)
			continue;
		finding_begin(f, p->summary[i].netns,
			      "no local port is left to %u destination%s: connect() fails with EADDRNOTAVAIL",
			      n, S(n));
		the_destinations(m, p->summary[i].netns, is_exhausted, f);
		advise(m, &p->summary[i], is_exhausted, f);
	}
}

/* The soonest, of those that have a time. */
static double soonest(const struct machine *m, uint32_t netns)
{
	const struct pressures *p = &m->pressures;
	double soon = -1;
	unsigned int i;

	for (i = 0; i < p->n; i++)
		if (p->row[i].summary->netns == netns &&
		    is_running_out(&p->row[i].now) &&
		    p->row[i].now.exhausted_s >= 0 &&
		    (soon < 0 || p->row[i].now.exhausted_s < soon))
			soon = p->row[i].now.exhausted_s;
	return soon;
}

void look_ports_running_out(const struct machine *m, struct findings *f)
{
	const struct pressures *p = &m->pressures;
	unsigned int i, n;
	char when[48];
	double soon;

	for (i = 0; i < p->n_summaries; i++) {
		n = shortage_of(m, p->summary[i].netns, is_running_out).n;
		if (!n)
			continue;
		soon = soonest(m, p->summary[i].netns);
		snprintf(when, sizeof(when), "none in %.1f s at this rate", soon);
		finding_begin(f, p->summary[i].netns,
			      "few local ports are left to %u destination%s, %s",
			      n, S(n), soon < 0 ? "though it lasts at this rate" : when);
		the_destinations(m, p->summary[i].netns, is_running_out, f);
		advise(m, &p->summary[i], is_running_out, f);
	}
}

static bool is_short(const struct pressure *p)
{
	return is_exhausted(p) || is_running_out(p);
}

/* One that is short of ports, half of which this verdict holds. */
static bool refused_by(const struct pressure_row *r, uint32_t netns,
		       unsigned int verdict)
{
	return r->summary->netns == netns && is_short(&r->now) &&
	       r->group->verdicts[verdict] &&
	       r->group->verdicts[verdict] * 2ULL >=
	       (uint64_t)r->now.waiting + r->now.in_use;
}

static unsigned int count_refused(const struct machine *m, uint32_t netns,
				  unsigned int verdict)
{
	unsigned int i, n = 0;

	for (i = 0; i < m->pressures.n; i++)
		n += refused_by(&m->pressures.row[i], netns, verdict);
	return n;
}

static void the_refused(const struct machine *m, uint32_t netns,
			unsigned int verdict, const char *why, struct findings *f)
{
	char to[128], n[32], all[32], then[32];
	const struct pressure_row *r;
	unsigned int i, told = 0;

	for (i = 0; i < m->pressures.n && told < MAX_NAMED; i++) {
		r = &m->pressures.row[i];
		if (!refused_by(r, netns, verdict))
			continue;
		told++;
		finding_evidence(f, "%s: %s of %s buckets %s; with tcp_tw_reuse=1 %s ports are available",
			destination_text(r->group, to, sizeof(to)),
			text_count(n, sizeof(n), r->group->verdicts[verdict]),
			text_count(all, sizeof(all), r->group->count), why,
			text_count(then, sizeof(then), r->whatif.available));
	}
}

void look_reuse_loopback_only(const struct machine *m, struct findings *f)
{
	const struct pressures *p = &m->pressures;
	const struct tws_summary *s;
	struct shortage all;
	unsigned int i, n;

	for (i = 0; i < p->n_summaries; i++) {
		s = &p->summary[i];
		n = count_refused(m, s->netns, TWSCOPE_VERDICT_NOT_LOOPBACK);
		if (!n)
			continue;
		finding_begin(f, s->netns,
			      "tcp_tw_reuse=2, the default, reuses on loopback only: not to %u destination%s short of ports",
			      n, S(n));
		the_refused(m, s->netns, TWSCOPE_VERDICT_NOT_LOOPBACK,
			    "refused as not loopback", f);
		all = shortage_of(m, s->netns, is_short);
		reuse_command(m, s->netns, &all, f);
		finding_dont(f, "take it for tcp_tw_recycle: tcp_tw_reuse touches nothing that comes in, so clients behind NAT are none of its concern");
	}
}

/* tcp_tw_reuse=2 would leave them out with timestamps as well. */
static bool short_beyond_loopback(const struct machine *m, uint32_t netns)
{
	const struct pressure_row *r;
	unsigned int i;

	for (i = 0; i < m->pressures.n; i++) {
		r = &m->pressures.row[i];
		if (refused_by(r, netns, TWSCOPE_VERDICT_NO_TIMESTAMP) &&
		    !pressure_on_loopback(r->group))
			return true;
	}
	return false;
}

static void timestamps_on(const struct machine *m, const struct tws_summary *s,
			  struct findings *f)
{
	bool beyond = s->sysctls.tcp_tw_reuse == 2 &&
		      short_beyond_loopback(m, s->netns);
	char command[COMMAND_SIZE];

	finding_command(f, sysctl_command(m, s->netns, "tcp_timestamps", "1",
					  command, sizeof(command)),
			"buckets of connections begun from then on can be reused%s; those that are there cannot",
			beyond ? ", with what follows" : "");
	if (beyond)
		finding_command(f, sysctl_command(m, s->netns, "tcp_tw_reuse", "1",
						  command, sizeof(command)),
				"as well, since 2, the default, reuses on loopback only");
	if (beyond)
		finding_dont(f, "set tcp_tw_reuse=1 alone: without timestamps no bucket is reused, whatever it is");
	else
		finding_dont(f, "set tcp_tw_reuse to another value for this: without timestamps no bucket is reused, whatever it is");
}

static void without_timestamps(const struct machine *m,
			       const struct tws_summary *s, unsigned int n,
			       struct findings *f)
{
	const struct tws_sysctls *c = &s->sysctls;

	if (!c->tcp_timestamps)
		finding_begin(f, s->netns,
			      "tcp_tw_reuse=%u does nothing with tcp_timestamps=0",
			      c->tcp_tw_reuse);
	else
		finding_begin(f, s->netns,
			      "tcp_tw_reuse=%u does nothing for connections without timestamps: those to %u destination%s short of ports",
			      c->tcp_tw_reuse, n, S(n));
	finding_evidence(f, "tcp_tw_reuse=%u, tcp_timestamps=%u; %u buckets refused for want of a timestamp",
			 c->tcp_tw_reuse, c->tcp_timestamps,
			 s->verdicts[TWSCOPE_VERDICT_NO_TIMESTAMP]);
	the_refused(m, s->netns, TWSCOPE_VERDICT_NO_TIMESTAMP,
		    "have no timestamp", f);
	if (!c->tcp_timestamps) {
		timestamps_on(m, s, f);
		return;
	}
	finding_do(f, "see who takes the timestamps off: the peer, a firewall or a load balancer in between, or tcp_timestamps here until a minute ago");
	finding_dont(f, "set tcp_tw_reuse to another value for this: without timestamps no bucket is reused, whatever it is");
}

void look_reuse_no_timestamps(const struct machine *m, struct findings *f)
{
	const struct pressures *p = &m->pressures;
	const struct tws_sysctls *c;
	unsigned int i, n;

	for (i = 0; i < p->n_summaries; i++) {
		c = &p->summary[i].sysctls;
		n = count_refused(m, p->summary[i].netns,
				  TWSCOPE_VERDICT_NO_TIMESTAMP);
		/* 2 is what nobody set */
		if ((c->tcp_tw_reuse && n) ||
		    (c->tcp_tw_reuse == 1 && !c->tcp_timestamps))
			without_timestamps(m, &p->summary[i], n, f);
	}
}
