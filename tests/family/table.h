/* SPDX-License-Identifier: GPL-2.0 */
/* The spec as tables; tables.py makes them of docs/netlink/specs/twscope.yaml. */
#ifndef FAMILY_TABLE_H
#define FAMILY_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum kind {
	KIND_PAD,
	KIND_FLAG,
	KIND_U32,
	KIND_U64,
	KIND_STRING,
	KIND_U32S,
	KIND_U64S,
	KIND_ADDRESS,
	KIND_CURSOR,
	KIND_NEST,
};

/* What a number is likely to be. */
enum hint { HINT_ANY, HINT_PORT, HINT_FAMILY, HINT_MS };

struct set;

/**
 * struct attr - an attribute
 * @name: its name, NULL where there is none of that number
 * @kind: its type
 * @nested: what is in it
 * @min: the least that the policy lets pass
 * @max: the most, or all bits of a mask; 0 where it has nothing to say
 * @hint: what it is likely to be
 * @side: attributes of a set that belong to one condition have the same
 * @usual: a request without it is refused
 * @secret: who has not CAP_NET_ADMIN over the namespace is not told
 * @netns: says which namespace is told of
 */
struct attr {
	const char		*name;
	enum kind		kind;
	const struct set	*nested;
	uint32_t		min, max;
	enum hint		hint;
	unsigned int		side;
	bool			usual, secret, netns;
};

/* @attr by number, from 0 to @last; 0 is none. */
struct set {
	const char		*name;
	const struct attr	*attr;
	unsigned int		last;
};

/* What may stand in a request and in its answer, by number, each ends with 0. */
struct half {
	bool			there;
	const uint8_t		*request, *reply;
};

enum { DO, DUMP };

/* @admin: of the initial user namespace only, @net_admin: of the network namespace. */
struct op {
	const char		*name;
	uint8_t			cmd;
	bool			admin, net_admin;
	const struct set	*set;
	struct half		half[2];
};

extern const struct op ops[];
extern const unsigned int n_ops;
extern const struct set *const sets[];
extern const unsigned int n_sets;

#endif /* FAMILY_TABLE_H */
