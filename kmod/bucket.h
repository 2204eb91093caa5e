/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_BUCKET_H
#define TWSCOPE_BUCKET_H

#include <linux/in6.h>
#include <linux/types.h>

/**
 * struct twscope_bucket - what one TIME_WAIT bucket was at one moment
 * @local:		local address, in IPv4-mapped form for AF_INET
 * @remote:		remote address, likewise
 * @netns_id:		our number of its network namespace, never used again
 *			while the module is loaded (an inode number may be)
 * @netns:		inode number of its network namespace
 * @mark:		fwmark of the socket
 * @ifindex:		device the socket was bound to, 0 for none
 * @local_port:		host byte order, as all here
 * @remote_port:	host byte order
 * @family:		AF_INET or AF_INET6
 * @substate:		enum twscope_substate
 * @has_age:		the kernel keeps the time of entry: @age_ms is valid
 * @has_ts:		the connection used timestamps: @ts_recent is valid
 * @has_answered:	it answered a segment out of turn: @answered_ms is valid
 * @full:		no bucket but a full socket: of what follows it has
 *			@l3mdev only, and no @substate
 * @remaining_ms:	until its timer is due, 0 when it is
 * @age_ms:		since it was entered, modulo 2^32; negative when that was
 *			after the clock was read
 * @answered_ms:	since it answered a segment out of turn
 * @ts_recent:		last TSval seen from the peer
 * @ts_recent_age_ms:	since the second in which @ts_recent was taken began;
 *			negative as above
 * @rcv_nxt:		next sequence number expected
 * @rcv_wnd:		receive window, in bytes
 * @snd_nxt:		next sequence number to send
 * @l3mdev:		L3 master device under which its port is bound, 0 for none
 *
 * A copy without a pointer: whatever gets one may sleep, keep it, or be a test.
 * It begins as struct twscope_group_keys does.
 */
struct twscope_bucket {
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
	bool		has_age : 1,
			has_ts : 1,
			has_answered : 1,
			full : 1;
	u32		remaining_ms;
	s32		age_ms;
	s32		answered_ms;
	s64		ts_recent_age_ms;
	u32		ts_recent;
	u32		rcv_nxt;
	u32		rcv_wnd;
	u32		snd_nxt;
	u32		l3mdev;
};

#endif /* TWSCOPE_BUCKET_H */
