// SPDX-License-Identifier: GPL-2.0
/* Files that set sysctls to what does not help, or is not there. */
#include <stdlib.h>
#include <string.h>

#include "rules_parts.h"

#define FIN_TIMEOUT "net.ipv4.tcp_fin_timeout"
/* the kernel's default, in seconds */
#define FIN_TIMEOUT_S 60
/* So many in TIME_WAIT make somebody think of it. */
#define TIME_WAIT_MANY 1000

typedef bool (*line_fn)(const struct sysctl_line *l);

static bool is_recycle(const struct sysctl_line *l)
{
	return !strcmp(l->key, "net.ipv4.tcp_tw_recycle");
}

static bool is_lowered_fin_timeout(const struct sysctl_line *l)
{
	return !strcmp(l->key, FIN_TIMEOUT) && *l->value &&
	       atol(l->value) < FIN_TIMEOUT_S;
}

static bool is_unknown_tcp(const struct sysctl_line *l)
{
	return !l->exists && !l->may_fail &&
	       !strncmp(l->key, "net.ipv4.tcp_", 13) && !is_recycle(l);
}

/* Begins a finding with a line for each that @is one; how many they are. */
static unsigned int the_lines(const struct machine *m, line_fn is,
			      const char *title, struct findings *f)
{
	const struct sysctl_line *l;
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < m->files.n; i++) {
		l = &m->files.line[i];
		if (!is(l))
			continue;
		if (!n++)
			finding_begin(f, 0, "%s", title);
		finding_evidence(f, "%s:%u: %s = %s", l->file, l->number, l->key,
				 l->value);
	}
	return n;
}

void look_sysctl_recycle(const struct machine *m, struct findings *f)
{
	if (!the_lines(m, is_recycle, "a file sets tcp_tw_recycle, which is gone since 4.12", f))
		return;
	finding_do(f, "take the line out: here it does nothing but make sysctl complain at boot");
	finding_do(f, "ask twctl whatif tcp_tw_reuse=1 what that would do for connections that this host opens");
	finding_dont(f, "look for a kernel that still has it, or a module that brings it back: it compared timestamps by address, so it dropped the SYNs of clients behind NAT");
}

void look_sysctl_fin_timeout(const struct machine *m, struct findings *f)
{
	const struct tws_summary *s = pressures_summary(&m->pressures, m->netns);

	/* else it is likely meant for what it does */
	if (!s || s->timewait < TIME_WAIT_MANY || s->fin_wait2 > s->timewait)
		return;
	if (!the_lines(m, is_lowered_fin_timeout, "a file lowers tcp_fin_timeout, which does not shorten TIME_WAIT", f))
		return;
	finding_do(f, "leave it where it is meant for FIN_WAIT2, which it bounds; take it out where it is meant for TIME_WAIT, which takes 60 s whatever it says");
	finding_dont(f, "lower it further: a peer that needs longer to close than that is answered with an RST");
}

void look_sysctl_unknown(const struct machine *m, struct findings *f)
{
	/* some sysctls are the initial namespace's alone */
	if (!m->initial || m->netns != m->initial)
		return;
	if (!the_lines(m, is_unknown_tcp, "a file sets what this kernel does not have", f))
		return;
	finding_do(f, "take the line out, or correct its name: sysctl -a --pattern '^net.ipv4.tcp_' has those that there are");
	finding_dont(f, "rely on it: tcp_tw_timeout, say, is of another vendor's kernel, and mainline has no sysctl for how long TIME_WAIT lasts");
}
