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
	TWSCOPE_TERM_VERDICT,
	TWSCOPE_TERM_REMAINING,
	TWSCOPE_TERM_AGE,
	TWSCOPE_TERM_MARK,
	TWSCOPE_TERM_IFINDEX,
};

/**
 * struct twscope_term - one condition on a bucket
 * @kind:	which of the fields below hold the condition
 * @negate:	the condition must not hold
 * @last:	the last condition of its clause
 * @value:	TWSCOPE_TERM_FAMILY: AF_*; _SUBSTATE, _VERDICT: the enum's;
 *		_IFINDEX: the device
 * @prefix:	TWSCOPE_TERM_LOCAL, _REMOTE: address, IPv4 in mapped form
 * @prefix_len:	bits of @prefix that count, 96 and more for IPv4
 * @ipv4:	the prefix is one of IPv4
 * @port_min:	TWSCOPE_TERM_LOCAL_PORT, _REMOTE_PORT: lowest, host byte order
 * @port_max:	highest, included
 * @ms_min:	TWSCOPE_TERM_REMAINING, _AGE: least, milliseconds
 * @ms_max:	most, included
 * @mark:	TWSCOPE_TERM_MARK
 * @mark_mask:	bits of @mark that count
 */
struct twscope_term {
	u8			kind;
	bool			negate;
	bool			last;
	u8			prefix_len;
	bool			ipv4;
	union {
		u32		value;
		struct in6_addr	prefix;
		struct {
			u16	port_min;
			u16	port_max;
		};
		struct {
			u32	ms_min;
			u32	ms_max;
		};
		struct {
			u32	mark;
			u32	mark_mask;
		};
	};
};

/**
 * struct twscope_filter - clauses, one of which has to hold
 * @n:		terms in use; none lets every bucket pass
 * @asks_verdict: there is a term on the verdict
 * @terms:	the clauses one after the other
 */
struct twscope_filter {
	unsigned int		n;
	bool			asks_verdict;
	struct twscope_term	terms[TWSCOPE_MAX_TERMS];
};

/* filter.c */
bool twscope_filter_match(const struct twscope_filter *f,
			  const struct twscope_bucket *b, u8 verdict);

#endif /* TWSCOPE_FILTER_H */
