// SPDX-License-Identifier: GPL-2.0
/* What files and /proc tell of the machine. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "proc.h"
#include "snapshot_make.h"
#include "text.h"

/* of /proc/net/tcp: TCP_LISTEN */
#define STATE_LISTEN 0x0a

static char *slurp(const char *root, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/%s", root, name);
	proc_slurp(path, buf, size);
	return buf;
}

static bool read_number(const char *root, const char *name, uint64_t *v)
{
	char buf[32];

	slurp(root, name, buf, sizeof(buf));
	buf[strcspn(buf, "\n")] = '\0';
	return proc_number(buf, v);
}

static void read_conntrack(const char *root, struct conntrack *c)
{
	c->has = read_number(root, "sys/net/netfilter/nf_conntrack_count",
			     &c->count) &&
		 read_number(root, "sys/net/netfilter/nf_conntrack_max", &c->max);
	c->has_timeout = read_number(root,
		"sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait",
		&c->time_wait_s);
}

static void read_counters(const char *root, struct counters *c)
{
	c->has = tcpext_counter(root, "TW", &c->time_wait) &&
		 tcpext_counter(root, "TCPTimeWaitOverflow", &c->overflow);
}

/*
 * Sets the local ports of the sockets without a peer: those that listen, and of
 * UDP those that serve. TCP's come first, and a machine in need of a doctor has
 * many others.
 */
static bool read_servers(const char *root, const char *name, uint8_t *ports)
{
	bool tcp = name[strlen("net/")] == 't';
	unsigned int port, peer, state;
	char path[PATH_MAX], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/%s", root, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%4x %2x",
			   &port, &peer, &state) != 3)
			continue;
		if (tcp && state != STATE_LISTEN)
			break;
		if (!peer)
			ports[port / 8] |= (uint8_t)(1u << port % 8);
	}
	fclose(f);
	return true;
}

static bool has_port(const uint8_t *ports, uint16_t port)
{
	return ports[port / 8] >> port % 8 & 1;
}

bool machine_listens(const struct machine *m, uint16_t port)
{
	return has_port(m->listening, port);
}

bool machine_serves(const struct machine *m, uint16_t port)
{
	return has_port(m->listening, port) || has_port(m->udp, port);
}

int machine_read_files(const char *root, struct machine *m)
{
	char reserved[sizeof(m->reserved_ports)];
	bool v4, v6;

	read_conntrack(root, &m->conntrack);
	v4 = read_servers(root, "net/tcp", m->listening);
	v6 = read_servers(root, "net/tcp6", m->listening);
	m->has_listening = v4 || v6;
	read_servers(root, "net/udp", m->udp);
	read_servers(root, "net/udp6", m->udp);
	slurp(root, "sys/net/ipv4/ip_local_reserved_ports", reserved,
	      sizeof(reserved));
	reserved[strcspn(reserved, "\n")] = '\0';
	text_harmless(m->reserved_ports, sizeof(m->reserved_ports), reserved);
	read_counters(root, &m->counters);
	if (sysctl_lines_read(root, &m->files))
		return -1;
	m->has_files = true;
	return 0;
}
