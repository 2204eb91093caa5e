// SPDX-License-Identifier: GPL-2.0
/* Namespaces in need that have worse sysctls than the initial one. */
#include <stdio.h>

#include "rules_parts.h"

#define MAX_DIFFERENCES 5

struct differences {
	unsigned int n;
	char line[MAX_DIFFERENCES][120];
};

static void differ(struct differences *d, const char *name, unsigned int here,
		   unsigned int there)
{
	snprintf(d->line[d->n++], sizeof(d->line[0]),
		 "%s is %u here, and %u in the initial namespace", name, here,
		 there);
}

static unsigned int range(const struct tws_sysctls *c)
{
	return c->ip_local_port_range_max - c->ip_local_port_range_min;
}

/* Those only that make its need worse. */
static void compare(const struct tws_sysctls *here,
		    const struct tws_sysctls *there, struct differences *d)
{
	d->n = 0;
	if (here->tcp_tw_reuse != 1 && there->tcp_tw_reuse == 1)
		differ(d, "tcp_tw_reuse", here->tcp_tw_reuse, there->tcp_tw_reuse);
	if (here->has_tcp_tw_reuse_delay &&
	    here->tcp_tw_reuse_delay > there->tcp_tw_reuse_delay)
		differ(d, "tcp_tw_reuse_delay", here->tcp_tw_reuse_delay,
		       there->tcp_tw_reuse_delay);
	if (!here->tcp_timestamps && there->tcp_timestamps)
		differ(d, "tcp_timestamps", here->tcp_timestamps,
		       there->tcp_timestamps);
	if (here->tcp_max_tw_buckets < there->tcp_max_tw_buckets)
		differ(d, "tcp_max_tw_buckets", here->tcp_max_tw_buckets,
		       there->tcp_max_tw_buckets);
	if (range(here) < range(there))
		snprintf(d->line[d->n++], sizeof(d->line[0]),
			 "ip_local_port_range is %u-%u here, and %u-%u in the initial namespace",
			 here->ip_local_port_range_min,
			 here->ip_local_port_range_max,
			 there->ip_local_port_range_min,
			 there->ip_local_port_range_max);
}

void look_netns_sysctls(const struct machine *m, struct findings *f)
{
	const struct pressures *p = &m->pressures;
	const struct tws_summary *initial = pressures_summary(&m->pressures, m->initial), *s;
	struct differences d;
	unsigned int i, j;

	for (i = 0; initial && i < p->n_summaries; i++) {
		s = &p->summary[i];
		if (s == initial || !(is_short_of_ports(m, s->netns) ||
				      is_at_limit(s) || is_near_limit(s)))
			continue;
		compare(&s->sysctls, &initial->sysctls, &d);
		if (!d.n)
			continue;
		finding_begin(f, s->netns,
			      "a network namespace in need has other sysctls than the initial one");
		for (j = 0; j < d.n; j++)
			finding_evidence(f, "%s", d.line[j]);
		finding_do(f, "set them where the namespace is made: 'sysctls' of the container or of the pod's securityContext, docker run --sysctl, or with the commands of the other findings");
		finding_dont(f, "rely on the host's /etc/sysctl.d for this: a new network namespace begins with the kernel's own values");
	}
}
