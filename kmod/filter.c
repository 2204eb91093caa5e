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

static bool ms_in(u32 ms, const struct twscope_term *t)
{
	return t->ms_min <= ms && ms <= t->ms_max;
}

static bool term_holds(const struct twscope_term *t,
		       const struct twscope_bucket *b, u8 verdict)
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
	case TWSCOPE_TERM_VERDICT:
		return verdict == t->value;
	case TWSCOPE_TERM_REMAINING:
		return ms_in(b->remaining_ms, t);
	case TWSCOPE_TERM_AGE:
		return b->has_age && ms_in(max(b->age_ms, 0), t);
	case TWSCOPE_TERM_MARK:
		return !((b->mark ^ t->mark) & t->mark_mask);
	case TWSCOPE_TERM_IFINDEX:
		return b->ifindex == t->value;
	}
	return false;
}

/* Is the condition on what only a bucket has. */
static bool is_of_buckets(const struct twscope_term *t)
{
	switch (t->kind) {
	case TWSCOPE_TERM_SUBSTATE:
	case TWSCOPE_TERM_VERDICT:
	case TWSCOPE_TERM_REMAINING:
	case TWSCOPE_TERM_AGE:
		return true;
	}
	return false;
}

/* A full socket has no verdict: neither this one nor another. */
static bool lets_pass(const struct twscope_term *t,
		      const struct twscope_bucket *b, u8 verdict)
{
	if (b->full && is_of_buckets(t))
		return false;
	return term_holds(t, b, verdict) != t->negate;
}

/**
 * twscope_filter_match() - does a bucket pass
 * @f: the filter
 * @b: the bucket, or a full socket
 * @verdict: enum twscope_verdict of the bucket, any where the filter does not ask
 *
 * Context: any; takes no lock.
 * Return: true when there is no clause, or one whose terms all hold.
 */
bool twscope_filter_match(const struct twscope_filter *f,
			  const struct twscope_bucket *b, u8 verdict)
{
	bool holds = true;
	unsigned int i;

	if (!f->n)
		return true;

	for (i = 0; i < f->n; i++) {
		const struct twscope_term *t = &f->terms[i];

		holds = holds && lets_pass(t, b, verdict);
		if (t->last) {
			if (holds)
				return true;
			holds = true;
		}
	}
	return false;
}
