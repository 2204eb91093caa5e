// SPDX-License-Identifier: GPL-2.0
/* What was observed, and whether our own judgement can be trusted. */
#include <stdio.h>

#include "decisions.h"
#include "rules_parts.h"
#include "stats.h"
#include "text.h"

/* Fewer say nothing; and of all SYNs that met a bucket, one in a hundred. */
#define SYNS_MANY 20
#define SYNS_PART 100
/* RSTs end buckets of healthy servers, too: of clients that leave in a hurry. */
#define RSTS_MANY 100
#define RSTS_PART 10

static uint64_t decided(const struct tws_stats *t, unsigned int decision)
{
	return counts_get(&t->decisions, decision);
}

static void named(const struct tws_stats *t, unsigned int decision,
		  struct findings *f)
{
	uint64_t v = decided(t, decision);
	char n[32];

	if (v)
		finding_evidence(f, "%s: %s times: %s", decisions[decision].name,
				 text_count(n, sizeof(n), v),
				 decisions[decision].why);
}

static void refused_syns(const struct machine *m, const struct tws_stats *t,
			 struct findings *f)
{
	char command[COMMAND_SIZE], span[32], n[32], all[32];
	/* the latter is of other old segments as well, which are few */
	uint64_t refused = decided(t, TWSCOPE_DECISION_CHALLENGE_ACK) +
			   decided(t, TWSCOPE_DECISION_PAWS_REJECT);
	uint64_t met = refused + decided(t, TWSCOPE_DECISION_SYN_SEQUENCE) +
		       decided(t, TWSCOPE_DECISION_SYN_TIMESTAMP);

	if (refused < SYNS_MANY || refused < met / SYNS_PART)
		return;
	finding_begin(f, t->netns,
		      "SYNs met buckets and were not accepted: clients come back too soon, with older numbers");
	finding_evidence(f, "observed for %s: %s of %s SYNs that met a bucket were older than what it had seen, and answered with an ACK",
		text_span(span, sizeof(span), t->observed_ms),
		text_count(n, sizeof(n), refused),
		text_count(all, sizeof(all), met));
	named(t, TWSCOPE_DECISION_CHALLENGE_ACK, f);
	named(t, TWSCOPE_DECISION_PAWS_REJECT, f);
	named(t, TWSCOPE_DECISION_RATE_LIMITED, f);
	finding_command(f, command_in(m, t->netns, "twctl monitor --last 60s",
				      command, sizeof(command)),
			"shows the addresses, those of a NAT most likely: 'twctl explain' with --syn tells what one needs");
	finding_do(f, "give the NAT or balancer in front more addresses or ports, so that one is not used again within 60 s; and let it leave timestamps as the clients send them");
	finding_do(f, "let the client close first: TIME_WAIT is then at its end, where no SYN meets it");
	finding_dont(f, "look for tcp_tw_recycle, or set tcp_timestamps=0: with timestamps a SYN is accepted by its clock, without them by its sequence number alone");
}

void look_syns_refused(const struct machine *m, struct findings *f)
{
	unsigned int i;

	for (i = 0; i < m->n_stats; i++)
		if (m->stats[i].has_netns && m->stats[i].has_segments)
			refused_syns(m, &m->stats[i], f);
}

static void ended_by_rst(const struct machine *m, const struct tws_stats *t,
			 struct findings *f)
{
	const struct tws_summary *s = pressures_summary(&m->pressures, t->netns);
	uint64_t rst = counts_get(&t->ended, TWSCOPE_CAUSE_RST);
	uint64_t all = stats_ended(t);
	char command[COMMAND_SIZE], span[32], a[32], b[32];

	if (!s || s->sysctls.tcp_rfc1337 || rst < RSTS_MANY ||
	    rst < all / RSTS_PART)
		return;
	finding_begin(f, t->netns, "RSTs end buckets before their time");
	finding_evidence(f, "observed for %s: of %s buckets that ended, %s ended by an RST of the peer; tcp_rfc1337=0",
		text_span(span, sizeof(span), t->observed_ms),
		text_count(a, sizeof(a), all), text_count(b, sizeof(b), rst));
	finding_command(f, command_in(m, t->netns, "twctl monitor --last 60s",
				      command, sizeof(command)),
			"shows whose they are: a peer that closes with an RST, or one whose SYN was answered with an ACK, which an RST follows");
	finding_command(f, sysctl_command(m, t->netns, "tcp_rfc1337", "1",
					  command, sizeof(command)),
			"only where they are none of your peers': TIME_WAIT then ignores RSTs (RFC 1337), but a client that comes back from the same port waits until the bucket ends");
	finding_dont(f, "send RSTs to be rid of TIME_WAIT (SO_LINGER with 0): old segments then reach new connections, which is what RFC 1337 is about");
}

void look_assassinated(const struct machine *m, struct findings *f)
{
	unsigned int i;

	for (i = 0; i < m->n_stats; i++)
		if (m->stats[i].has_netns)
			ended_by_rst(m, &m->stats[i], f);
}

void look_rules_unknown(const struct machine *m, struct findings *f)
{
	if (m->info.rules != TWSCOPE_RULES_UNKNOWN)
		return;
	finding_begin(f, 0, "by which rules this kernel reuses buckets is not known");
	finding_evidence(f, "kernel %s, module %s, built for %s: each verdict is unknown",
		m->info.kernel, m->info.version, m->info.built_for);
	finding_do(f, "try a newer twscope, which may know them; where you know them: the module parameter rules=, then 'twctl verify'");
	finding_dont(f, "trust what is said of reuse above: only the counts are to be relied on");
}

void look_verdict_mismatch(const struct machine *m, struct findings *f)
{
	const struct tws_stats *t;
	char a[32], b[32];
	unsigned int i;

	for (i = 0; i < m->n_stats; i++) {
		t = &m->stats[i];
		if (!t->verdict_mismatch && !t->segment_mismatch)
			continue;
		finding_begin(f, t->has_netns ? t->netns : 0,
			      "the kernel decided otherwise than predicted");
		finding_evidence(f, "%s answers to connect() and %s to segments were not those predicted; kernel %s, rules %u%s",
			text_count(a, sizeof(a), t->verdict_mismatch),
			text_count(b, sizeof(b), t->segment_mismatch),
			m->info.kernel, m->info.rules,
			m->info.rules_told ? ", told by the module's parameter" : "");
		finding_command(f, "twctl verify",
				"compares predictions with real connections in namespaces of its own");
		finding_do(f, "report what it says, with 'twctl info' and 'twctl stats'");
		finding_dont(f, "trust the verdicts meanwhile, in list, whatif, ports and pressure");
	}
}

void look_hooks_missed(const struct machine *m, struct findings *f)
{
	const struct tws_hook *h;
	uint64_t sum = 0;
	char n[32];
	unsigned int i;

	for (i = 0; i < m->hooks.n; i++)
		sum += m->hooks.hook[i].missed;
	if (!sum)
		return;
	finding_begin(f, 0, "what was observed is incomplete: hooks could not run");
	for (i = 0; i < m->hooks.n; i++) {
		h = &m->hooks.hook[i];
		if (h->missed)
			finding_evidence(f, "%s: missed %s times", h->symbol,
				text_count(n, sizeof(n), h->missed));
	}
	finding_do(f, "look for what else probes these functions: 'bpftool prog', /sys/kernel/debug/kprobes/list, kernel.ftrace_enabled; only what ftrace does misses nothing");
	finding_dont(f, "take the counts of 'twctl stats' for exact: they are too low by as many");
}
