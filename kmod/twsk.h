/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_TWSK_H
#define TWSCOPE_TWSK_H

#include <linux/in6.h>
#include <linux/types.h>

struct inet_timewait_sock;
struct net;
struct sk_buff;
struct sock;
struct tcphdr;
struct twscope_bucket;
struct twscope_clock;
struct twscope_event;
struct twscope_segment;

/**
 * struct twscope_route - all of a 4-tuple but the local port, and the device
 * @local:	source address, IPv4 in mapped form
 * @remote:	destination address, likewise
 * @remote_port: network byte order
 * @ipv4:	it is IPv4 traffic
 * @dif:	device the connecting socket is bound to, 0 for none
 * @sdif:	L3 master device of @dif, 0 for none
 */
struct twscope_route {
	struct in6_addr	local;
	struct in6_addr	remote;
	__be16		remote_port;
	bool		ipv4;
	int		dif;
	int		sdif;
};

/* twsk.c */
void twscope_clock_read(struct twscope_clock *now);
void twscope_twsk_snapshot_reuse(const struct inet_timewait_sock *tw,
				 const struct twscope_clock *now,
				 struct twscope_bucket *b);
void twscope_twsk_snapshot_segment(const struct inet_timewait_sock *tw,
				   const struct twscope_clock *now,
				   struct twscope_bucket *b);
void twscope_twsk_snapshot(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now, bool brief,
			   struct twscope_bucket *b);
bool twscope_twsk_has_netns(const struct sock *sk);
void twscope_twsk_snapshot_full(const struct sock *sk,
				struct twscope_bucket *b);
void twscope_twsk_event(const struct inet_timewait_sock *tw,
			struct twscope_event *ev);
bool twscope_twsk_is_tcp(const struct inet_timewait_sock *tw);
const u32 *twscope_twsk_answer_stamp(const struct inet_timewait_sock *tw);
void twscope_twsk_segment(const struct inet_timewait_sock *tw,
			  const struct sk_buff *skb, const struct tcphdr *th,
			  struct twscope_segment *s);
bool twscope_twsk_on_route(const struct sock *sk, struct net *net,
			   const struct twscope_route *r);
u32 twscope_twsk_bytes(void);
u32 twscope_twsk_timewait_len_ms(void);

#endif /* TWSCOPE_TWSK_H */
