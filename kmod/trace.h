/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, for perf, trace-cmd and bpftrace. Addresses are as in the
 * tracepoints of TCP: 4 bytes, and 16 bytes, in mapped form for IPv4.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM twscope

#if !defined(TWSCOPE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TWSCOPE_TRACE_H

#include <linux/socket.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <uapi/linux/twscope.h>

#include "event.h"
#include "names.h"

/* Makes the numbers known to those who read the format in user space. */
#undef NAME
#undef LAST
#define NAME(a, b)	TRACE_DEFINE_ENUM(a);
#define LAST(a, b)	TRACE_DEFINE_ENUM(a);

TWSCOPE_NAMES_OF_SUBSTATES
TWSCOPE_NAMES_OF_DECISIONS
TWSCOPE_NAMES_OF_CAUSES

#undef NAME
#undef LAST
#define NAME(a, b)	{ a, b },
#define LAST(a, b)	{ a, b }

#define TWSCOPE_TRACE_WHO						\
	__field(u32, netns)						\
	__field(u16, family)						\
	__field(u16, sport)						\
	__field(u16, dport)						\
	__field(u8, substate)						\
	__array(u8, saddr, 4)						\
	__array(u8, daddr, 4)						\
	__array(u8, saddr_v6, 16)					\
	__array(u8, daddr_v6, 16)

#define TWSCOPE_TRACE_ASSIGN_WHO					\
	__entry->netns = ev->netns;					\
	__entry->family = ev->family;					\
	__entry->sport = ev->local_port;				\
	__entry->dport = ev->remote_port;				\
	__entry->substate = ev->substate;				\
	memcpy(__entry->saddr, &ev->local.s6_addr32[3], 4);		\
	memcpy(__entry->daddr, &ev->remote.s6_addr32[3], 4);		\
	memcpy(__entry->saddr_v6, &ev->local, 16);			\
	memcpy(__entry->daddr_v6, &ev->remote, 16);

#define TWSCOPE_TRACE_FORMAT						\
	"netns=%u family=%s sport=%u dport=%u saddrv6=%pI6c daddrv6=%pI6c substate=%s"

#define TWSCOPE_TRACE_ARGS						\
	__entry->netns,							\
	__print_symbolic(__entry->family, { AF_INET, "AF_INET" },	\
			 { AF_INET6, "AF_INET6" }),			\
	__entry->sport, __entry->dport,					\
	__entry->saddr_v6, __entry->daddr_v6,				\
	__print_symbolic(__entry->substate, TWSCOPE_NAMES_OF_SUBSTATES)

TRACE_EVENT(twscope_created,
	TP_PROTO(const struct twscope_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		TWSCOPE_TRACE_WHO
		__field(u64, cgroup_id)
	),
	TP_fast_assign(
		TWSCOPE_TRACE_ASSIGN_WHO
		__entry->cgroup_id = ev->cgroup_id;
	),
	TP_printk(TWSCOPE_TRACE_FORMAT " cgroup_id=%llu",
		  TWSCOPE_TRACE_ARGS, __entry->cgroup_id)
);

TRACE_EVENT(twscope_decision,
	TP_PROTO(const struct twscope_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		TWSCOPE_TRACE_WHO
		__field(u8, decision)
	),
	TP_fast_assign(
		TWSCOPE_TRACE_ASSIGN_WHO
		__entry->decision = ev->reason;
	),
	TP_printk(TWSCOPE_TRACE_FORMAT " decision=%s", TWSCOPE_TRACE_ARGS,
		  __print_symbolic(__entry->decision, TWSCOPE_NAMES_OF_DECISIONS))
);

TRACE_EVENT(twscope_ended,
	TP_PROTO(const struct twscope_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		TWSCOPE_TRACE_WHO
		__field(u8, cause)
	),
	TP_fast_assign(
		TWSCOPE_TRACE_ASSIGN_WHO
		__entry->cause = ev->reason;
	),
	TP_printk(TWSCOPE_TRACE_FORMAT " cause=%s", TWSCOPE_TRACE_ARGS,
		  __print_symbolic(__entry->cause, TWSCOPE_NAMES_OF_CAUSES))
);

#endif /* TWSCOPE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
