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
};

struct tws_hist {
	const uint32_t *slot;
	unsigned int n;
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
	struct tws_sysctls sysctls;
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
};

#endif /* TWCTL_TYPES_H */
