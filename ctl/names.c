// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE	/* __nss_configure_lookup() */
#include <arpa/inet.h>
#include <netdb.h>
#ifdef __GLIBC__
#include <nss.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

struct services {
	char *name[65536];
};

/*
 * A port that was handed out by chance says nothing of a service, even where
 * somebody registered it.
 */
static void drop_ephemeral(struct services *s)
{
	unsigned int low = 0, high = 0, port;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

	if (!f)
		return;
	if (fscanf(f, "%u %u", &low, &high) == 2) {
		for (port = low; port <= high && port < 65536; port++) {
			free(s->name[port]);
			s->name[port] = NULL;
		}
	}
	fclose(f);
}

/*
 * A directory service that is asked for them would have to be reached, by a
 * connect() as fails just now, and may take long to say so.
 */
static void ask_nobody_else(void)
{
#ifdef __GLIBC__
	(void)__nss_configure_lookup("services", "files");
#endif
}

struct services *services_load(void)
{
	struct services *s = calloc(1, sizeof(*s));
	const struct servent *e;
	uint16_t port;

	if (!s)
		return NULL;
	ask_nobody_else();
	setservent(1);
	while ((e = getservent())) {
		port = ntohs((uint16_t)e->s_port);
		if (!strcmp(e->s_proto, "tcp") && !s->name[port])
			s->name[port] = strdup(e->s_name);
	}
	endservent();
	drop_ephemeral(s);
	return s;
}

void services_free(struct services *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < sizeof(s->name) / sizeof(s->name[0]); i++)
		free(s->name[i]);
	free(s);
}

const char *services_name(const struct services *s, uint16_t port)
{
	return s ? s->name[port] : NULL;
}

int service_port(const char *name)
{
	const struct servent *e;

	ask_nobody_else();
	e = getservbyname(name, "tcp");
	return e ? ntohs((uint16_t)e->s_port) : -1;
}
