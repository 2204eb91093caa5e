/* SPDX-License-Identifier: GPL-2.0 */
/* Everything that is known of the machine at one moment, for rules.h to judge. */
#ifndef TWCTL_MACHINE_H
#define TWCTL_MACHINE_H

#include "hooks.h"
#include "netns.h"
#include "pressures.h"
#include "sysctl_files.h"

#define N_PORTS 65536

struct conntrack {
	bool has;
	uint64_t count;
	uint64_t max;
	bool has_timeout;
	/* of entries of connections that it believes in TIME_WAIT */
	uint64_t time_wait_s;
};

/* TcpExt of /proc/net/netstat, since the namespace or the machine began */
struct counters {
	bool has;
	/* closes that left a bucket, and those that did not */
	uint64_t time_wait;
	uint64_t overflow;
};

struct machine {
	/* with observing as it was when its counts were asked for */
	struct tws_info info;
	/* the namespace that we are in, and the initial one; 0 where not known */
	uint32_t netns;
	uint32_t initial;
	/* where commands are typed: with -N another than the one that we are in */
	uint32_t shell;
	/* or NULL; not ours to free */
	const struct netns_names *names;
	uint64_t memory_bytes;
	uint64_t uptime_ms;

	/* of each namespace that was asked about */
	struct pressures pressures;
	/* while observing, and for who may see it: of each as well */
	bool has_stats;
	unsigned int n_stats;
	struct tws_stats *stats;
	bool has_hooks;
	struct hooks hooks;

	/* what follows is of our own namespace */
	struct counters counters;
	struct conntrack conntrack;
	/* buckets by local port, of ports outside ip_local_port_range */
	struct groups server_ports;
	bool has_listening;
	uint8_t listening[N_PORTS / 8];
	/* of UDP what has no peer; ip_local_port_range is for UDP as well */
	uint8_t udp[N_PORTS / 8];
	/* ip_local_reserved_ports as it stands, without a newline */
	char reserved_ports[512];

	bool has_files;
	struct sysctl_lines files;
};

/*
 * Fills @m, to be freed with machine_free() in any case; of all namespaces with
 * o->all_netns. What may not be seen, or is not there, is left out. Returns as the
 * calls of nl.h do.
 */
int machine_take(const struct session *s, const struct options *o,
		 struct machine *m);
void machine_free(struct machine *m);

/*
 * The part of machine_take() that reads files, below @root, which is "" but for
 * tests. Returns 0, or -1 without memory.
 */
int machine_read_files(const char *root, struct machine *m);

/* Of TCP; or of TCP or UDP. */
bool machine_listens(const struct machine *m, uint16_t port);
bool machine_serves(const struct machine *m, uint16_t port);

#endif /* TWCTL_MACHINE_H */
