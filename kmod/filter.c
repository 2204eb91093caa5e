// SPDX-License-Identifier: GPL-2.0

#include <linux/kernel.h>
#include <net/ipv6.h>

#include "bucket.h"
#include "filter.h"

static bool port_in(u16 port, const struct twscope_term *t)
{
	return t->port_min <= port && port <= t->port_max;
}

/*
 * Addresses of both families are compared in their 128-bit form, so an IPv4
 * prefix matches IPv4 traffic through IPv6 sockets too, as in ss. An IPv6 one
 * must not match the other way round: ::/0 is not all of IPv4.
 */
static bool addr_in(const struct in6_addr *addr, u16 family,
		    const struct twscope_term *t)
{
	if (family == AF_INET && !t->ipv4)
		return false;

	return ipv6_prefix_equal(addr, &t->prefix, t->prefix_len);
}

static bool term_holds(const struct twscope_term *t,
		       const struct twscope_bucket *b)
{
	switch (t->kind) {
	case TWSCOPE_TERM_FAMILY:
		return b->family == t->value;
	case TWSCOPE_TERM_SUBSTATE:
		return b->substate == t->value;
	case TWSCOPE_TERM_LOCAL:
		return addr_in(&b->local, b->family, t);
	case TWSCOPE_TERM_REMOTE:
		return addr_in(&b->remote, b->family, t);
	case TWSCOPE_TERM_LOCAL_PORT:
		return port_in(b->local_port, t);
	case TWSCOPE_TERM_REMOTE_PORT:
		return port_in(b->remote_port, t);
	}
	return false;
}

/**
 * twscope_filter_match() - does a bucket pass
 * @f: the filter
 * @b: the bucket
 *
 * Context: any; takes no lock.
 * Return: true when there is no clause, or one whose terms all hold.
 */
bool twscope_filter_match(const struct twscope_filter *f,
			  const struct twscope_bucket *b)
{
	bool holds = true;
	unsigned int i;

	if (!f->n)
		return true;

	for (i = 0; i < f->n; i++) {
		const struct twscope_term *t = &f->terms[i];

		holds = holds && term_holds(t, b) != t->negate;
		if (t->last) {
			if (holds)
				return true;
			holds = true;
		}
	}
	return false;
}
