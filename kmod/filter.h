/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_FILTER_H
#define TWSCOPE_FILTER_H

#include <linux/in6.h>
#include <linux/types.h>
#include <uapi/linux/twscope.h>

struct twscope_bucket;

enum twscope_term_kind {
	TWSCOPE_TERM_FAMILY,
	TWSCOPE_TERM_SUBSTATE,
	TWSCOPE_TERM_LOCAL,
	TWSCOPE_TERM_REMOTE,
	TWSCOPE_TERM_LOCAL_PORT,
	TWSCOPE_TERM_REMOTE_PORT,
};

/**
 * struct twscope_term - one condition on a bucket
 * @kind:	which of the fields below hold the condition
 * @negate:	the condition must not hold
 * @last:	the last condition of its clause
 * @value:	TWSCOPE_TERM_FAMILY: AF_*; TWSCOPE_TERM_SUBSTATE: the substate
 * @prefix:	TWSCOPE_TERM_LOCAL, _REMOTE: address, IPv4 in mapped form
 * @prefix_len:	bits of @prefix that count, 96 and more for IPv4
 * @ipv4:	the prefix is one of IPv4
 * @port_min:	TWSCOPE_TERM_LOCAL_PORT, _REMOTE_PORT: lowest, host byte order
 * @port_max:	highest, included
 */
struct twscope_term {
	u8			kind;
	bool			negate;
	bool			last;
	u8			prefix_len;
	bool			ipv4;
	union {
		u16		value;
		struct in6_addr	prefix;
		struct {
			u16	port_min;
			u16	port_max;
		};
	};
};

/**
 * struct twscope_filter - clauses, one of which has to hold
 * @n:		terms in use; none lets every bucket pass
 * @terms:	the clauses one after the other
 */
struct twscope_filter {
	unsigned int		n;
	struct twscope_term	terms[TWSCOPE_MAX_TERMS];
};

/* filter.c */
bool twscope_filter_match(const struct twscope_filter *f,
			  const struct twscope_bucket *b);

#endif /* TWSCOPE_FILTER_H */
