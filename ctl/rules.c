// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules_parts.h"

const struct rule doctor_rules[N_DOCTOR_RULES] = {
	{ "ports-exhausted", SEVERITY_CRITICAL,
	  "connect() finds no local port to a destination", look_ports_exhausted },
	{ "bind-pool-exhausted", SEVERITY_CRITICAL,
	  "bind() finds no port at a source address", look_bind_pool_exhausted },
	{ "overflow", SEVERITY_CRITICAL,
	  "tcp_max_tw_buckets is reached: closes skip TIME_WAIT", look_overflow },
	{ "conntrack-full", SEVERITY_CRITICAL,
	  "the table of connection tracking is full", look_conntrack_full },
	{ "verdict-mismatch", SEVERITY_CRITICAL,
	  "the kernel decides otherwise than predicted", look_verdict_mismatch },
	{ "ports-running-out", SEVERITY_WARNING,
	  "connect() soon finds no local port to a destination",
	  look_ports_running_out },
	{ "bind-pool-running-out", SEVERITY_WARNING,
	  "bind() soon finds no port at a source address",
	  look_bind_pool_running_out },
	{ "bind-blocked", SEVERITY_WARNING,
	  "bind() keeps half of the local ports from connect()",
	  look_bind_blocked },
	{ "reuse-loopback-only", SEVERITY_WARNING,
	  "ports are short, and tcp_tw_reuse=2 leaves these buckets out",
	  look_reuse_loopback_only },
	{ "reuse-no-timestamps", SEVERITY_WARNING,
	  "tcp_tw_reuse is on, and without timestamps it does nothing",
	  look_reuse_no_timestamps },
	{ "netns-sysctls", SEVERITY_WARNING,
	  "a namespace in need has other sysctls than the initial one",
	  look_netns_sysctls },
	{ "overflow-near", SEVERITY_WARNING,
	  "tcp_max_tw_buckets is nearly reached", look_overflow_near },
	{ "overflow-counted", SEVERITY_WARNING,
	  "closes skipped TIME_WAIT", look_overflow_counted },
	{ "out-of-memory", SEVERITY_WARNING,
	  "closes skipped TIME_WAIT for want of memory", look_out_of_memory },
	{ "conntrack-near", SEVERITY_WARNING,
	  "the table of connection tracking is nearly full",
	  look_conntrack_near },
	{ "syns-refused", SEVERITY_WARNING,
	  "SYNs met buckets and were not accepted", look_syns_refused },
	{ "sysctl-recycle", SEVERITY_WARNING,
	  "a file sets tcp_tw_recycle, which is gone since 4.12",
	  look_sysctl_recycle },
	{ "rules-unknown", SEVERITY_WARNING,
	  "the kernel's rules of reuse are not known", look_rules_unknown },
	{ "hooks-missed", SEVERITY_WARNING,
	  "what was observed is incomplete", look_hooks_missed },
	{ "fin-wait2", SEVERITY_NOTE,
	  "peers do not close: FIN_WAIT2 piles up", look_fin_wait2 },
	{ "limit-lowered", SEVERITY_NOTE,
	  "tcp_max_tw_buckets was lowered", look_limit_lowered },
	{ "server-port", SEVERITY_NOTE,
	  "buckets hold a server's port, and nobody listens there",
	  look_server_port },
	{ "assassinated", SEVERITY_NOTE,
	  "RSTs end buckets before their time", look_assassinated },
	{ "sysctl-fin-timeout", SEVERITY_NOTE,
	  "a file lowers tcp_fin_timeout, which is not of TIME_WAIT",
	  look_sysctl_fin_timeout },
	{ "sysctl-unknown", SEVERITY_NOTE,
	  "a file sets what this kernel does not have", look_sysctl_unknown },
};

/* Stable, as an insertion is: the table's order is kept. */
static void sort(struct findings *f)
{
	struct finding one;
	unsigned int i, j;

	for (i = 1; i < f->n; i++) {
		one = f->row[i];
		for (j = i; j && f->row[j - 1].rule->severity >
			    one.rule->severity; j--)
			f->row[j] = f->row[j - 1];
		f->row[j] = one;
	}
}

void rules_look(const struct machine *m, struct findings *f)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < N_DOCTOR_RULES; i++) {
		f->rule = &doctor_rules[i];
		f->rule->look(m, f);
	}
	sort(f);
}

/* What a shell takes as it is. */
static bool is_plain(const char *name)
{
	return *name && *name != '-' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")];
}

char *command_in(const struct machine *m, uint32_t netns, const char *command,
		 char *buf, size_t size)
{
	const struct netns_label *l = netns_find(m->names, netns);

	if (netns == m->shell)
		snprintf(buf, size, "%s", command);
	else if (l && l->kind == NETNS_NAMED && is_plain(l->name))
		snprintf(buf, size, "ip netns exec %s %s", l->name, command);
	else if (l && l->pid)
		snprintf(buf, size, "nsenter -t %u -n %s", l->pid, command);
	else
		/* a file that there is not: better than in the wrong namespace */
		snprintf(buf, size, "nsenter --net=NETNS_%u %s", netns, command);
	return buf;
}

char *sysctl_command(const struct machine *m, uint32_t netns, const char *name,
		     const char *value, char *buf, size_t size)
{
	const char *quote = strchr(value, ' ') ? "\"" : "";
	char command[900];

	snprintf(command, sizeof(command), "sysctl -w net.ipv4.%s=%s%s%s", name,
		 quote, value, quote);
	return command_in(m, netns, command, buf, size);
}

char *destination_text(const struct tws_group *g, char *buf, size_t size)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	bool v6 = g->remote_family == AF_INET6;

	inet_ntop(g->local_family, g->local, from, sizeof(from));
	inet_ntop(g->remote_family, g->remote, to, sizeof(to));
	snprintf(buf, size, "%s -> %s%s%s:%u", from, v6 ? "[" : "", to,
		 v6 ? "]" : "", g->remote_port);
	return buf;
}

bool is_exhausted(const struct pressure *p)
{
	return !p->available;
}

bool is_running_out(const struct pressure *p)
{
	if (!p->available)
		return false;
	return p->available < p->ports / 10 || pressure_foretold(p);
}

bool is_short_of_ports(const struct machine *m, uint32_t netns)
{
	const struct pressures *p = &m->pressures;
	unsigned int i;

	for (i = 0; i < p->n; i++)
		if (p->row[i].summary->netns == netns &&
		    (is_exhausted(&p->row[i].now) ||
		     is_running_out(&p->row[i].now)))
			return true;
	return false;
}

void dont_fight_buckets(struct findings *f)
{
	finding_dont(f, "lower tcp_max_tw_buckets: what closes beyond it skips TIME_WAIT, and a late segment may reach the next connection of the same ports");
	finding_dont(f, "close with SO_LINGER set to 0, or by ss -K: instead of a close the peer gets an RST, and what was on its way is lost");
	finding_dont(f, "lower tcp_fin_timeout for this: it bounds FIN_WAIT2; TIME_WAIT takes 60 s whatever it says");
	finding_dont(f, "look for a way to have tcp_tw_recycle: it dropped the SYNs of clients behind NAT, and is gone since 4.12");
}
