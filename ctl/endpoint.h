/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_ENDPOINT_H
#define TWCTL_ENDPOINT_H

#include <net/if.h>

#include "filter.h"

/* One end of a connection, or what is given of it. */
struct endpoint {
	bool has_addr;
	bool has_port;
	uint16_t family;
	uint16_t port;
	uint8_t addr[16];
	/* "" where none is given; only IPv6 link-local addresses have one */
	char dev[IF_NAMESIZE];
};

/*
 * ADDR:PORT, [ADDR]:PORT, ADDR, or :PORT. Returns -1 with the reason in @err
 * where @text is none of these.
 */
int endpoint_parse(const char *text, filter_port_fn port_by_name,
		   struct endpoint *e, char *err, size_t size);

/* What looks like an endpoint and like no word of a filter. */
bool endpoint_like(const char *text);

/* fe80::/10, which means nothing without a device */
bool endpoint_link_local(const struct endpoint *e);

/* ::ffff:192.0.2.1 to 192.0.2.1: both are IPv4 on the wire */
void endpoint_unmap(struct endpoint *e);

/*
 * The filter of the buckets between @local and @remote; what is not given of
 * them may be anything.
 */
void endpoint_filter(const struct endpoint *local, const struct endpoint *remote,
		     struct tws_filter *f);

#endif /* TWCTL_ENDPOINT_H */
