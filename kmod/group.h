/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_GROUP_H
#define TWSCOPE_GROUP_H

#include <linux/in6.h>
#include <linux/types.h>
#include <uapi/linux/twscope.h>

struct twscope_bucket;

/**
 * struct twscope_group_by - by what to group
 * @keys:	enum twscope_group_key, those that count
 * @local_len:	bits of a local IPv6 address that count
 * @local_len4:	bits of a local IPv4 address that count
 * @remote_len:	bits of a remote IPv6 address that count
 * @remote_len4: bits of a remote IPv4 address that count
 * @count_ports: different local ports are to be counted
 */
struct twscope_group_by {
	u32	keys;
	u8	local_len;
	u8	local_len4;
	u8	remote_len;
	u8	remote_len4;
	bool	count_ports;
};

/**
 * struct twscope_group_keys - what the buckets of a group have in common
 * @local:	without the bits that do not count, all 0 where it is no key
 * @remote:	likewise
 * @netns_id:	0, as is what follows, where it is no key
 * @netns:	inode number
 * @mark:	fwmark
 * @ifindex:	device
 * @local_port:	host byte order, as all here
 * @remote_port: host byte order
 * @family:	AF_INET or AF_INET6
 * @substate:	enum twscope_substate
 * @verdict:	enum twscope_verdict
 * @pad:	0: keys are compared as a whole
 *
 * Up to @substate laid out as struct twscope_bucket, whose first words are masked
 * to become a key.
 */
struct twscope_group_keys {
	struct in6_addr	local;
	struct in6_addr	remote;
	u64		netns_id;
	u32		netns;
	u32		mark;
	u32		ifindex;
	u16		local_port;
	u16		remote_port;
	u16		family;
	u8		substate;
	u8		verdict;
	u32		pad;
};

/**
 * struct twscope_group - what was counted of a group
 * @key:	what its buckets have in common
 * @hash:	of @key
 * @count:	buckets
 * @in_use:	full sockets
 * @in_use_searched: of these the ones at ports that the port search asks about
 * @n_ports:	bits set in @ports
 * @l3mdev:	L3 master device of the first of them, 0 for none
 * @has_blocked: the next is known
 * @blocked_ports: ports that the port search of sockets like these passes by
 * @earliest_ms: the least time left
 * @latest_ms:	the most
 * @verdicts:	buckets by enum twscope_verdict
 * @whatif:	the same under another policy
 * @closes:	as in a summary
 * @ports:	a bit for each local port, NULL where they are not counted
 */
struct twscope_group {
	struct twscope_group_keys	key;
	u64				hash;
	u32				count;
	u32				in_use;
	u32				in_use_searched;
	u32				n_ports;
	u32				l3mdev;
	bool				has_blocked;
	u32				blocked_ports;
	u32				earliest_ms;
	u32				latest_ms;
	u32				verdicts[TWSCOPE_N_VERDICTS];
	u32				whatif[TWSCOPE_N_VERDICTS];
	u32				closes[TWSCOPE_CLOSES_SLOTS];
	unsigned long			*ports;
};

/**
 * struct twscope_group_secret - what 8 bytes of a key are hashed with
 * @upper:	what their upper half is
 * @lower:	what their lower half is
 */
struct twscope_group_secret {
	u32	upper;
	u32	lower;
};

/**
 * struct twscope_group_word - 8 bytes of a key that are not the same in all
 * @secret:	what they are hashed with
 * @mask:	what of them counts, for IPv6 and for IPv4
 * @index:	which 8 bytes
 */
struct twscope_group_word {
	struct twscope_group_secret secret;
	u64		mask[2];
	unsigned int	index;
};

/* Groups that get their memory together. */
#define TWSCOPE_GROUPS_AT_ONCE	64

/**
 * struct twscope_groups - groups, found by their keys
 * @by:		by what is grouped
 * @by_verdict:	a verdict counts
 * @verdict_secret: what it is hashed with
 * @n_words:	words of a key that may differ
 * @words:	these
 * @key:	what is looked for
 * @n:		groups
 * @max:	as many as there may be
 * @size:	room in @index, a power of two
 * @index:	by hash, NULL where there is none
 * @chunks:	the groups
 * @other:	what came when there were @max of them
 */
struct twscope_groups {
	struct twscope_group_by	by;
	bool			by_verdict;
	struct twscope_group_secret verdict_secret;
	unsigned int		n_words;
	struct twscope_group_word
				words[sizeof(struct twscope_group_keys) / sizeof(u64)];
	struct twscope_group_keys key;
	unsigned int		n;
	unsigned int		max;
	unsigned int		size;
	struct twscope_group	**index;
	struct twscope_group	*chunks[TWSCOPE_MAX_GROUPS / TWSCOPE_GROUPS_AT_ONCE];
	struct twscope_group	other;
};

/* group.c */
struct twscope_groups *twscope_groups_alloc(const struct twscope_group_by *by,
					    u64 seed);
void twscope_groups_free(struct twscope_groups *gs);
struct twscope_group *twscope_groups_at(const struct twscope_groups *gs,
					unsigned int i);
bool twscope_groups_have_full(const struct twscope_groups *gs);
struct twscope_group *twscope_groups_find(struct twscope_groups *gs,
					  const struct twscope_bucket *b,
					  u8 verdict);
void twscope_group_add(struct twscope_group *g, const struct twscope_bucket *b,
		       u8 verdict, u32 timewait_len_ms);
void twscope_group_add_full(struct twscope_group *g,
			    const struct twscope_bucket *b, bool searched);
void twscope_group_sum(struct twscope_group *to, const struct twscope_group *g);
const struct twscope_group **
twscope_groups_sort(const struct twscope_groups *gs, u8 order);

#endif /* TWSCOPE_GROUP_H */
