/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module says, as plain structs. The pointers in them lead into the
 * message that is being read: they are good until the callback that was given
 * the struct returns.
 */
#ifndef TWCTL_TYPES_H
#define TWCTL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/twscope.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct tws_info {
	char version[64];
	char kernel[80];
	char built_for[80];
	uint32_t features;
	uint32_t timewait_len_ms;
	uint32_t bucket_bytes;
	uint32_t hz;
	/* an enum twscope_rules, or what a newer module has beyond it */
	uint32_t rules;
	bool rules_told;
	bool observing;
};

struct tws_hist {
	const uint32_t *slot;
	unsigned int n;
};

/* What-if: sysctls to judge by instead of those of the namespace. */
struct tws_policy {
	uint32_t tcp_tw_reuse;
	uint32_t tcp_tw_reuse_delay;
	uint32_t tcp_timestamps;
	bool has_tcp_tw_reuse;
	bool has_tcp_tw_reuse_delay;
	bool has_tcp_timestamps;
};

/* A SYN of the peer, to be judged. */
struct tws_syn {
	uint32_t seq;
	uint32_t tsval;
	bool has_tsval;
};

struct tws_sysctls {
	uint32_t tcp_tw_reuse;
	uint32_t tcp_tw_reuse_delay;
	uint32_t tcp_timestamps;
	uint32_t tcp_max_tw_buckets;
	uint32_t tcp_fin_timeout;
	uint32_t tcp_rfc1337;
	uint32_t tcp_invalid_ratelimit;
	uint32_t tcp_child_ehash_entries;
	uint16_t ip_local_port_range_min;
	uint16_t ip_local_port_range_max;
	uint32_t ip_local_reserved_ports;
	uint32_t ip_autobind_reuse;
	bool has_tcp_tw_reuse_delay;
	bool has_tcp_child_ehash_entries;
};

/*
 * Arrays by verdict are indexed by enum twscope_verdict. What a newer module
 * has beyond that is counted as TWSCOPE_VERDICT_UNKNOWN.
 */
struct tws_summary {
	uint32_t netns;
	uint32_t total;
	uint32_t timewait;
	uint32_t fin_wait2;
	uint32_t ipv4;
	uint32_t ipv6;
	uint32_t ipv4_mapped;
	uint32_t kernel_count;
	uint32_t kernel_count_before;
	uint32_t walk_us;
	uint32_t limit;
	uint64_t bytes;
	struct tws_hist remaining;
	struct tws_hist closes;
	uint32_t ehash_entries;
	bool ehash_pernet;
	uint32_t bind_blocked_ports;
	struct tws_sysctls sysctls;
	uint32_t verdicts[TWSCOPE_N_VERDICTS];
	uint32_t bound_verdicts[TWSCOPE_N_VERDICTS];
	struct tws_hist wait;
	/* where a policy was given: [verdict now][verdict under it] */
	bool has_changes;
	uint32_t changes[TWSCOPE_N_VERDICTS][TWSCOPE_N_VERDICTS];
	struct tws_hist whatif_wait;
};

struct tws_bucket {
	uint32_t netns;
	uint16_t family;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t substate;
	bool has_age;
	bool has_ts_recent;
	bool has_ts_recent_age;
	bool has_rcv_nxt;
	bool has_snd_nxt;
	bool has_mark;
	uint8_t local[16];
	uint8_t remote[16];
	uint32_t remaining_ms;
	uint32_t age_ms;
	uint32_t ts_recent;
	uint32_t ts_recent_age_s;
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
	uint32_t mark;
	uint32_t ifindex;
	/* an enum twscope_verdict, or what a newer module has beyond it */
	uint32_t verdict;
	uint32_t bound_verdict;
	uint32_t wait_ms;
	bool has_wait;
	/* where a policy was given */
	bool has_whatif;
	bool has_whatif_wait;
	uint32_t whatif_verdict;
	uint32_t whatif_wait_ms;
	/* where a SYN was given: an enum twscope_syn_verdict */
	bool has_syn_verdict;
	uint32_t syn_verdict;
	/* where an explanation was asked for */
	bool has_conditions;
	bool has_syn_seq;
	bool has_syn_tsval;
	bool has_rcv_wnd;
	bool has_answer_in;
	uint32_t conditions_asked;
	uint32_t conditions_held;
	uint32_t syn_seq;
	uint32_t syn_tsval;
	uint32_t rcv_wnd;
	uint32_t answer_in_ms;
};

/* By what to group: enum twscope_group_key, and how many bits of addresses. */
struct tws_group_by {
	uint32_t keys;
	uint8_t local_len;
	uint8_t local_len4;
	uint8_t remote_len;
	uint8_t remote_len4;
	/* of group_keys[], as they were asked for */
	unsigned int n;
	uint8_t order[10];
};

enum tws_group_kind {
	/* what all groups are together: count, in_use, groups, walk_us */
	GROUP_TOTALS,
	GROUP_ONE,
	/* groups that were told of in one: groups says how many */
	GROUP_REST,
	/* what came when there were as many groups as there may be */
	GROUP_OTHER,
};

/* Of the keys those that were asked for. */
struct tws_group {
	enum tws_group_kind kind;
	uint32_t groups;
	uint32_t walk_us;
	uint32_t netns;
	uint16_t family;
	/* AF_INET for IPv4 through IPv6 sockets, too */
	uint16_t local_family;
	uint16_t remote_family;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t local[16];
	uint8_t remote[16];
	uint32_t ifindex;
	uint32_t mark;
	/* an enum twscope_substate, and an enum twscope_verdict */
	uint32_t substate;
	uint32_t verdict;

	uint32_t count;
	uint32_t verdicts[TWSCOPE_N_VERDICTS];
	bool has_whatif;
	uint32_t whatif[TWSCOPE_N_VERDICTS];
	unsigned int n_closes;
	uint32_t closes[TWSCOPE_CLOSES_SLOTS];
	/* 0 where count is */
	uint32_t earliest_ms;
	uint32_t latest_ms;
	bool has_in_use;
	uint32_t in_use;
	uint32_t in_use_searched;
	bool has_local_ports;
	uint32_t local_ports;
	/* of the range, for connect() from under its L3 master device */
	bool has_bind_blocked_ports;
	uint32_t bind_blocked_ports;
};

struct tws_port_query {
	uint16_t family;
	uint16_t remote_port;
	uint8_t local[16];
	uint8_t remote[16];
	/* 0: the socket is bound to no device */
	uint32_t ifindex;
	/* 0: as many as the module likes */
	uint32_t cells;
	/* or NULL */
	const struct tws_policy *policy;
};

/* What connect() would find at the ports of the local range. */
struct tws_ports {
	uint16_t range_min;
	uint16_t range_max;
	/* indexed by enum twscope_port_state; adds up to the range */
	uint32_t state[TWSCOPE_N_PORT_STATES];
	/* by verdict, as in a summary; TWS_NEVER where there is none */
	uint32_t waiting_verdicts[TWSCOPE_N_VERDICTS];
	uint32_t waiting_next_ms[TWSCOPE_N_VERDICTS];
	uint32_t bind_blocked_in_use;
	uint32_t bind_blocked_waiting;
	unsigned int n_cells;
	uint32_t cell[TWSCOPE_MAX_CELLS][TWSCOPE_N_PORT_STATES];
	uint32_t walk_us;
};

#define TWS_NEVER UINT32_MAX

/* more than any enum will have */
#define TWS_MAX_COUNTS 64

/*
 * A count for each value of an enum, as many as the module has: an older one has
 * fewer than are known here, a newer one more.
 */
struct tws_counts {
	unsigned int n;
	uint64_t v[TWS_MAX_COUNTS];
};

/* What was observed in a network namespace, or in those that ended. */
struct tws_stats {
	uint32_t netns;
	bool has_netns;
	bool ended_netns;
	bool before_unsettled;
	/* segments, answered and segment_mismatch: for CAP_NET_ADMIN */
	bool has_segments;
	uint64_t observed_ms;
	uint64_t before;
	uint64_t created_time_wait;
	uint64_t created_fin_wait2;
	/* by enum twscope_cause */
	struct tws_counts ended;
	uint64_t present;
	uint64_t overflow;
	uint64_t out_of_memory;
	uint64_t restarted;
	/* by enum twscope_decision */
	struct tws_counts decisions;
	uint64_t segments;
	uint64_t answered;
	uint64_t segment_mismatch;
	uint64_t verdict_mismatch;
	uint64_t verdict_boundary;
	uint64_t missed;
};

struct tws_hook {
	char symbol[128];
	/* an enum twscope_mechanism, or what a newer module has beyond it */
	uint32_t mechanism;
	uint64_t hits;
	uint64_t missed;
};

struct tws_event {
	uint64_t time_ns;
	/* enums of twscope_, or what a newer module has beyond them */
	uint32_t type;
	uint32_t decision;
	uint32_t cause;
	uint32_t netns;
	uint16_t family;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t substate;
	bool has_decision;
	bool has_cause;
	bool has_count;
	bool has_pid;
	bool has_comm;
	bool has_cgroup_id;
	uint8_t local[16];
	uint8_t remote[16];
	uint32_t count;
	uint32_t pid;
	uint64_t cgroup_id;
	char comm[64];
};

/* a position for each of some thousand processors */
#define TWS_MAX_CURSOR 32768

/* Where a reader of events is; of length 0 before it began. */
struct tws_cursor {
	unsigned int len;
	uint8_t data[TWS_MAX_CURSOR];
};

/* What a message of an event dump brings: one of these at least. */
struct tws_news {
	bool has_event;
	struct tws_event event;
	/* 0 for none */
	uint64_t lost;
	/* of length 0 for none */
	const uint8_t *cursor;
	unsigned int cursor_len;
};

#endif /* TWCTL_TYPES_H */
