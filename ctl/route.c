// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "route.h"

union address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

unsigned int route_device(const char *dev, char *err, size_t size)
{
	unsigned int ifindex = if_nametoindex(dev);

	if (!ifindex)
		snprintf(err, size,
			 "there is no device '%s' in this network namespace", dev);
	return ifindex;
}

static int fail(char *err, size_t size, const char *what, const char *hint)
{
	snprintf(err, size, "%s: %s; %s", what, strerror(errno), hint);
	return -1;
}

static socklen_t address_of(const struct endpoint *e, const char *dev,
			    union address *a)
{
	memset(a, 0, sizeof(*a));
	if (e->family == AF_INET) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(e->port);
		memcpy(&a->v4.sin_addr, e->addr, 4);
		return sizeof(a->v4);
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(e->port);
	a->v6.sin6_scope_id = *dev ? if_nametoindex(dev) : 0;
	memcpy(&a->v6.sin6_addr, e->addr, 16);
	return sizeof(a->v6);
}

/* connect() of UDP looks the route up and sends nothing. */
static int ask_route(int fd, const struct endpoint *to, const char *dev,
		     union address *a, char *err, size_t size)
{
	static const char hint[] = "give the source address with --from";
	socklen_t len = address_of(to, dev, a);

	if (*dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev,
			       (socklen_t)strlen(dev) + 1) < 0)
		return fail(err, size, "cannot look up a route through the device",
			    errno == EPERM ?
			    "before Linux 5.7 this needs CAP_NET_RAW, or --from ADDR" :
			    hint);
	if (connect(fd, &a->sa, len) < 0)
		return fail(err, size, "no route to the destination", hint);
	len = sizeof(*a);
	if (getsockname(fd, &a->sa, &len) < 0)
		return fail(err, size, "cannot ask for the source address", hint);
	return 0;
}

int route_source(const struct endpoint *to, const char *dev,
		 struct endpoint *from, char *err, size_t size)
{
	int fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;
	union address a;

	if (fd < 0)
		return fail(err, size, "cannot open a socket to look up the route",
			    "give the source address with --from");
	ret = ask_route(fd, to, dev, &a, err, size);
	close(fd);
	if (ret < 0)
		return -1;
	*from = (struct endpoint){ .has_addr = true, .family = to->family };
	if (to->family == AF_INET)
		memcpy(from->addr, &a.v4.sin_addr, 4);
	else
		memcpy(from->addr, &a.v6.sin6_addr, 16);
	return 0;
}
