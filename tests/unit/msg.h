/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink messages put together by hand, so that what libnl and nl.c make of
 * them is tested against something else than libnl.
 */
#ifndef TWSCOPE_UNIT_MSG_H
#define TWSCOPE_UNIT_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

struct msg {
	size_t len;
	/* attributes that are left out, or cut or grown to another length */
	int without;
	int resize;
	int resize_to;
	unsigned char buf[65536] __attribute__((aligned(8)));
};

void msg_put(struct msg *m, int type, const void *data, size_t len);
void msg_u8(struct msg *m, int type, uint8_t v);
void msg_u16(struct msg *m, int type, uint16_t v);
void msg_u32(struct msg *m, int type, uint32_t v);
void msg_u64(struct msg *m, int type, uint64_t v);
void msg_str(struct msg *m, int type, const char *s);
size_t msg_nest(struct msg *m, int type);
void msg_nest_end(struct msg *m, size_t start);

/* A header; its length is set by msg_end() with what this returned. */
size_t msg_begin(struct msg *m, uint16_t type, uint16_t flags, uint32_t seq);
size_t msg_genl(struct msg *m, uint16_t family, uint16_t flags, uint32_t seq,
		uint8_t cmd);
void msg_end(struct msg *m, size_t start);
/* What ends a "do": @error is 0 or a negative errno, @text may be NULL. */
void msg_ack(struct msg *m, uint32_t seq, int error, const char *text,
	     bool capped);
void msg_done(struct msg *m, uint32_t seq, int error, const char *text);

/* Full replies of the module. */
void msg_info(struct msg *m, const char *version);
/* @without and @resize of @m reach into the sysctls where @in_sysctls is set */
void msg_summary(struct msg *m, unsigned int closes_slots, bool in_sysctls);
/* what a policy adds to it */
void msg_whatif(struct msg *m);
void msg_bucket(struct msg *m, unsigned int i);
/* what "explain" adds to it */
void msg_explanation(struct msg *m);
void msg_ports(struct msg *m, unsigned int cells);
/* of @n groups as below */
void msg_group_totals(struct msg *m, unsigned int n);
/* 1,000 buckets to 198.51.100.@i:443 */
void msg_group(struct msg *m, unsigned int i);
/* as much, marked with @mark; @groups: 0 for no number of them */
void msg_group_sum(struct msg *m, int mark, unsigned int groups);
/* what a policy adds to both */
void msg_group_whatif(struct msg *m);
/* @n counts of an enum, twice as high each: @first, 2 * @first ... */
void msg_counts(struct msg *m, int type, unsigned int n, uint64_t first);
/*
 * Balanced and without a fault after @round rounds of the same; @admin: with what
 * is told to CAP_NET_ADMIN.
 */
void msg_stats(struct msg *m, uint64_t round, bool admin);
void msg_hook(struct msg *m, unsigned int i);
/* by turns: created, refused three times, reused, a segment, ended */
void msg_event(struct msg *m, unsigned int i);
void msg_lost(struct msg *m, uint64_t n);
/* where it was read @n times */
void msg_cursor(struct msg *m, uint32_t n);

#endif /* TWSCOPE_UNIT_MSG_H */
