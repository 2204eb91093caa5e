/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_EVENT_H
#define TWSCOPE_EVENT_H

#include <linux/in6.h>
#include <linux/sched.h>
#include <linux/types.h>

/**
 * struct twscope_event - what happened to a bucket
 * @time_ns:	CLOCK_MONOTONIC
 * @netns_id:	our number of its network namespace
 * @cgroup_id:	cgroup of the socket that was closed, 0 where it is not known
 * @local:	local address, in IPv4-mapped form for AF_INET
 * @remote:	remote address, likewise
 * @netns:	inode number of its network namespace
 * @pid:	process in whose context it happened, 0 for none
 * @count:	times, one after the other
 * @local_port:	host byte order
 * @remote_port: host byte order
 * @family:	AF_INET or AF_INET6
 * @type:	enum twscope_event_type
 * @substate:	enum twscope_substate
 * @reason:	enum twscope_decision or twscope_cause
 * @comm:	name of the process, where there is one
 */
struct twscope_event {
	u64		time_ns;
	u64		netns_id;
	u64		cgroup_id;
	struct in6_addr	local;
	struct in6_addr	remote;
	u32		netns;
	u32		pid;
	u32		count;
	u16		local_port;
	u16		remote_port;
	u8		family;
	u8		type;
	u8		substate;
	u8		reason;
	char		comm[TASK_COMM_LEN];
};

#endif /* TWSCOPE_EVENT_H */
