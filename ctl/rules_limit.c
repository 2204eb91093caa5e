// SPDX-License-Identifier: GPL-2.0
/* Tables that are full, nearly so, or of what should not be there. */
#include <stdio.h>

#include "rules_parts.h"
#include "text.h"

/*
 * Buckets end some hundred milliseconds' worth at a time, so at the limit there
 * may be a few less.
 */
#define AT_LIMIT_PERCENT	98
#define NEAR_LIMIT_PERCENT	90
/* Closes without a bucket, of a thousand: fewer are of a moment long ago. */
#define SKIPPED_PERMILLE	1
/* FIN_WAIT2 is part of each close, for as long as the peer takes. */
#define FIN_WAIT2_MANY		1000
#define FIN_WAIT2_PART		4
#define CONNTRACK_FULL_PERCENT	98
#define CONNTRACK_NEAR_PERCENT	90

static bool is_filled(uint64_t n, uint64_t limit, unsigned int percent)
{
	return n * 100 >= limit * percent;
}

bool is_at_limit(const struct tws_summary *s)
{
	return is_filled(s->kernel_count, s->limit, AT_LIMIT_PERCENT);
}

bool is_near_limit(const struct tws_summary *s)
{
	return !is_at_limit(s) &&
	       is_filled(s->kernel_count, s->limit, NEAR_LIMIT_PERCENT);
}

/* What the kernel starts with: net/ipv4/tcp_ipv4.c */
static uint32_t default_limit(const struct tws_summary *s)
{
	return s->ehash_entries / 2;
}

static void raise_limit(const struct machine *m, const struct tws_summary *s,
			struct findings *f)
{
	uint32_t wanted = default_limit(s);
	char value[16], command[COMMAND_SIZE], bytes[32], memory[32];

	if (wanted < s->limit * 2ULL)
		wanted = s->limit < UINT32_MAX / 4 ? s->limit * 2 : s->limit;
	/* it is as high as the kernel takes it */
	if (wanted <= s->limit)
		return;
	snprintf(value, sizeof(value), "%u", wanted);
	finding_command(f, sysctl_command(m, s->netns, "tcp_max_tw_buckets", value,
					  command, sizeof(command)),
			"raise it: so many buckets take %s of this machine's %s, if they are ever there",
			text_bytes(bytes, sizeof(bytes),
				   (uint64_t)wanted * m->info.bucket_bytes),
			text_bytes(memory, sizeof(memory), m->memory_bytes));
}

static void limit_evidence(const struct tws_summary *s, struct findings *f)
{
	char n[32], limit[32], usual[32], percent[16];

	finding_evidence(f, "%s buckets by the kernel's own count, tcp_max_tw_buckets is %s (%s); the kernel's default here is %s",
		text_count(n, sizeof(n), s->kernel_count),
		text_count(limit, sizeof(limit), s->limit),
		text_percent(percent, sizeof(percent), s->kernel_count, s->limit),
		text_count(usual, sizeof(usual), default_limit(s)));
}

/* What is known of closes that left no bucket, if it is of this namespace. */
static void skipped_evidence(const struct machine *m, const struct tws_summary *s,
			     struct findings *f)
{
	char n[32];

	if (m->counters.has && m->counters.overflow && s->netns == m->netns)
		finding_evidence(f, "TCPTimeWaitOverflow: %s closes left no bucket since this namespace began",
			text_count(n, sizeof(n), m->counters.overflow));
}

/* Runbooks tell to look for it there. */
static void log_evidence(struct findings *f)
{
	finding_evidence(f, "the kernel's log has no line of it: 'time wait bucket table overflow' was one of older kernels; what counts it is TCPTimeWaitOverflow, nstat -asz TcpExtTCPTimeWaitOverflow");
}

static void limit_advice(const struct machine *m, const struct tws_summary *s,
			 struct findings *f)
{
	char command[COMMAND_SIZE];

	raise_limit(m, s, f);
	finding_command(f, command_in(m, s->netns,
				      "twctl group remote,remote-port --sort rate",
				      command, sizeof(command)),
			"shows who makes so many; keep-alive and pools leave fewer");
	finding_dont(f, "lower tcp_max_tw_buckets, or leave it so: what closes beyond it skips TIME_WAIT, and a late segment may reach the next connection of the same ports");
	finding_dont(f, "lower tcp_fin_timeout for this: TIME_WAIT takes 60 s whatever it says");
}

static void observed_evidence(const struct tws_stats *t, struct findings *f)
{
	char n[32], made[32], span[32];

	finding_evidence(f, "observed for %s: %s closes left no bucket at the limit, %s left one",
		text_span(span, sizeof(span), t->observed_ms),
		text_count(n, sizeof(n), t->overflow),
		text_count(made, sizeof(made), t->created_time_wait +
					       t->created_fin_wait2));
}

static void what_was_observed(const struct machine *m, uint32_t netns,
			      struct findings *f)
{
	unsigned int i;

	for (i = 0; i < m->n_stats; i++)
		if (m->stats[i].has_netns && m->stats[i].netns == netns &&
		    m->stats[i].overflow)
			observed_evidence(&m->stats[i], f);
}

void look_overflow(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s;
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++) {
		s = &m->pressures.summary[i];
		if (!is_at_limit(s))
			continue;
		finding_begin(f, s->netns,
			      "tcp_max_tw_buckets is reached: closes skip TIME_WAIT");
		limit_evidence(s, f);
		skipped_evidence(m, s, f);
		what_was_observed(m, s->netns, f);
		log_evidence(f);
		limit_advice(m, s, f);
	}
}

void look_overflow_near(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s;
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++) {
		s = &m->pressures.summary[i];
		if (!is_near_limit(s))
			continue;
		finding_begin(f, s->netns, "tcp_max_tw_buckets is nearly reached");
		limit_evidence(s, f);
		limit_advice(m, s, f);
	}
}

static bool is_over_permille(uint64_t skipped, uint64_t closes)
{
	return skipped && skipped * 1000 >= closes * SKIPPED_PERMILLE;
}

static void observed_overflow(const struct machine *m, const struct tws_stats *t,
			      struct findings *f)
{
	const struct tws_summary *s = pressures_summary(&m->pressures, t->netns);

	/* what is going on has been said */
	if (!s || is_at_limit(s) ||
	    !is_over_permille(t->overflow, t->created_time_wait +
					       t->created_fin_wait2))
		return;
	finding_begin(f, t->netns,
		      "closes skipped TIME_WAIT, as tcp_max_tw_buckets was reached");
	observed_evidence(t, f);
	limit_evidence(s, f);
	log_evidence(f);
	limit_advice(m, s, f);
}

/* Of our namespace, where nobody told the two causes apart. */
static void counted_overflow(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s = pressures_summary(&m->pressures, m->netns);
	const struct counters *c = &m->counters;
	char n[32], made[32];

	if (!s || !c->has || !is_over_permille(c->overflow, c->time_wait))
		return;
	finding_begin(f, m->netns, "closes skipped TIME_WAIT at some time");
	finding_evidence(f, "since this namespace began: %s closes left no bucket (TCPTimeWaitOverflow), %s did (TW)",
		text_count(n, sizeof(n), c->overflow),
		text_count(made, sizeof(made), c->time_wait));
	limit_evidence(s, f);
	log_evidence(f);
	finding_command(f, "twctl observe on",
			"tells the next ones apart: the limit, or no memory; then twctl doctor again, or twctl stats");
	limit_advice(m, s, f);
}

void look_overflow_counted(const struct machine *m, struct findings *f)
{
	const struct tws_summary *own = pressures_summary(&m->pressures, m->netns);
	unsigned int i;

	for (i = 0; i < m->n_stats; i++)
		if (m->stats[i].has_netns)
			observed_overflow(m, &m->stats[i], f);
	if (!m->has_stats && own && !is_at_limit(own))
		counted_overflow(m, f);
}

void look_out_of_memory(const struct machine *m, struct findings *f)
{
	const struct tws_stats *t;
	char n[32], span[32];
	unsigned int i;

	for (i = 0; i < m->n_stats; i++) {
		t = &m->stats[i];
		if (!t->has_netns || !t->out_of_memory)
			continue;
		finding_begin(f, t->netns, "closes skipped TIME_WAIT for want of memory");
		finding_evidence(f, "observed for %s: %s closes left no bucket though tcp_max_tw_buckets was not reached",
			text_span(span, sizeof(span), t->observed_ms),
			text_count(n, sizeof(n), t->out_of_memory));
		finding_do(f, "look for who takes the memory: free -m, slabtop, and the memory limits of the cgroups");
		finding_dont(f, "raise tcp_max_tw_buckets for it: that limit was not the reason");
	}
}

void look_limit_lowered(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s;
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++) {
		s = &m->pressures.summary[i];
		/* a newer twctl may not know the size of the hash */
		if (!default_limit(s) || s->limit >= default_limit(s) / 2)
			continue;
		finding_begin(f, s->netns,
			      "tcp_max_tw_buckets was lowered, which is no cure");
		limit_evidence(s, f);
		raise_limit(m, s, f);
		finding_dont(f, "keep it low against many TIME_WAIT: they take %u bytes each, and closes beyond the limit skip TIME_WAIT",
			     m->info.bucket_bytes);
	}
}

void look_fin_wait2(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s;
	char n[32], all[32], command[COMMAND_SIZE];
	unsigned int i;

	for (i = 0; i < m->pressures.n_summaries; i++) {
		s = &m->pressures.summary[i];
		if (s->fin_wait2 < FIN_WAIT2_MANY ||
		    s->fin_wait2 < s->total / FIN_WAIT2_PART)
			continue;
		finding_begin(f, s->netns, "FIN_WAIT2 piles up: peers do not close");
		finding_evidence(f, "%s of %s buckets are in FIN_WAIT2, each for up to tcp_fin_timeout, %u s; ss -s and sockstat count them as timewait",
			text_count(n, sizeof(n), s->fin_wait2),
			text_count(all, sizeof(all), s->total),
			s->sysctls.tcp_fin_timeout);
		finding_command(f, command_in(m, s->netns,
			"twctl group remote,remote-port substate fin-wait2",
			command, sizeof(command)), "shows whose peers these are");
		finding_do(f, "cure it at the peer: one that got our FIN is to close its end, too; in a server or pool an idle timeout does");
		finding_dont(f, "set tcp_tw_reuse for this: from 6.12 on no bucket is reused in FIN_WAIT2; they end by tcp_fin_timeout");
	}
}

static void conntrack(const struct machine *m, const char *title,
		      struct findings *f)
{
	const struct conntrack *c = &m->conntrack;
	char n[32], max[32], percent[16], command[COMMAND_SIZE];

	finding_begin(f, m->netns, "%s", title);
	finding_evidence(f, "nf_conntrack_count %s of nf_conntrack_max %s (%s)",
		text_count(n, sizeof(n), c->count),
		text_count(max, sizeof(max), c->max),
		text_percent(percent, sizeof(percent), c->count, c->max));
	if (c->has_timeout)
		finding_evidence(f, "nf_conntrack_tcp_timeout_time_wait is %llu s: for so long an entry stays after a close, whatever TIME_WAIT of the socket does",
			(unsigned long long)c->time_wait_s);
	finding_command(f, command_in(m, m->netns,
			"conntrack -L -p tcp -o extended | awk '{ print $6 }' | sort | uniq -c",
			command, sizeof(command)),
			"shows of which TCP states they are");
	finding_do(f, "raise net.netfilter.nf_conntrack_max (some 300 bytes an entry) in the initial namespace, or leave what needs no tracking untracked: a rule 'notrack'");
	finding_dont(f, "set the sysctls of TIME_WAIT for this: they change no entry of connection tracking, and its timeouts no bucket");
}

void look_conntrack_full(const struct machine *m, struct findings *f)
{
	const struct conntrack *c = &m->conntrack;

	if (c->has && c->max && is_filled(c->count, c->max, CONNTRACK_FULL_PERCENT))
		conntrack(m, c->count < c->max ?
			  "the table of connection tracking is all but full: once it is, new connections are dropped" :
			  "the table of connection tracking is full: new connections are dropped", f);
}

void look_conntrack_near(const struct machine *m, struct findings *f)
{
	const struct conntrack *c = &m->conntrack;

	if (c->has && c->max &&
	    is_filled(c->count, c->max, CONNTRACK_NEAR_PERCENT) &&
	    !is_filled(c->count, c->max, CONNTRACK_FULL_PERCENT))
		conntrack(m, "the table of connection tracking is nearly full", f);
}
