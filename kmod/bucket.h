/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_BUCKET_H
#define TWSCOPE_BUCKET_H

#include <linux/in6.h>
#include <linux/types.h>

/**
 * struct twscope_bucket - what one TIME_WAIT bucket was at one moment
 * @netns_id:		our number of its network namespace, never used again
 *			while the module is loaded (an inode number may be)
 * @netns:		inode number of its network namespace
 * @local:		local address, in IPv4-mapped form for AF_INET
 * @remote:		remote address, likewise
 * @local_port:		host byte order, as all here
 * @remote_port:	host byte order
 * @family:		AF_INET or AF_INET6
 * @substate:		enum twscope_substate
 * @has_age:		the kernel keeps the time of entry: @age_ms is valid
 * @has_ts:		the connection used timestamps: @ts_recent is valid
 * @remaining_ms:	until its timer is due, 0 when it is
 * @age_ms:		since it was entered
 * @ts_recent:		last TSval seen from the peer
 * @ts_recent_age_s:	seconds since @ts_recent was taken
 * @rcv_nxt:		next sequence number expected
 * @snd_nxt:		next sequence number to send
 * @mark:		fwmark of the socket
 * @ifindex:		device the socket was bound to, 0 for none
 *
 * A copy without a pointer: whatever gets one may sleep, keep it, or be a test.
 */
struct twscope_bucket {
	u64		netns_id;
	struct in6_addr	local;
	struct in6_addr	remote;
	u32		netns;
	u16		local_port;
	u16		remote_port;
	u16		family;
	u8		substate;
	bool		has_age : 1,
			has_ts : 1;
	u32		remaining_ms;
	u32		age_ms;
	u32		ts_recent;
	u32		ts_recent_age_s;
	u32		rcv_nxt;
	u32		snd_nxt;
	u32		mark;
	u32		ifindex;
};

#endif /* TWSCOPE_BUCKET_H */
