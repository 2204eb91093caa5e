// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "filter_parts.h"
#include "text.h"

/* A decimal number of the whole span, at most @max; -1 where it is none. */
static long span_number(const struct parser *p, struct span s, long max)
{
	long v = 0;
	size_t i;

	if (!s.len)
		return -1;
	for (i = 0; i < s.len; i++) {
		char c = p->text[s.off + i];

		if (c < '0' || c > '9')
			return -1;
		v = v * 10 + (c - '0');
		if (v > max)
			return -1;
	}
	return v;
}

static bool span_all_digits(const struct parser *p, struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)p->text[s.off + i]))
			return false;
	return s.len > 0;
}

static bool span_copy(const struct parser *p, struct span s, char *buf,
		      size_t size)
{
	if (s.len >= size)
		return false;
	memcpy(buf, p->text + s.off, s.len);
	buf[s.len] = '\0';
	return true;
}

int filter_parse_port(struct parser *p, struct span s)
{
	char name[64];
	long port;

	if (span_all_digits(p, s)) {
		port = span_number(p, s, 65535);
		if (port < 0)
			return fail_span(p, s, "a port is at most 65535");
		return (int)port;
	}
	port = -1;
	if (s.len && p->names->port && span_copy(p, s, name, sizeof(name)))
		port = p->names->port(name);
	if (port < 0)
		return fail_span(p, s, s.len ?
			"expected a port: a number, or the name of a TCP service" :
			"expected a port after ':'");
	return (int)port;
}

/* "10/8" and "172.16/12" are read as 10.0.0.0/8 and 172.16.0.0/12. */
static bool parse_ipv4(const struct parser *p, struct span s, bool partial,
		       uint8_t *addr)
{
	struct span rest = { 0 };
	unsigned int i;
	long byte;

	memset(addr, 0, 4);
	for (i = 0; i < 4; i++) {
		bool more = span_cut(p, &s, '.', &rest);

		byte = s.len > 3 ? -1 : span_number(p, s, 255);
		/* 010 is 8 to some and 10 to others */
		if (byte < 0 || (s.len > 1 && p->text[s.off] == '0'))
			return false;
		addr[i] = (uint8_t)byte;
		if (!more)
			return i == 3 || partial;
		s = rest;
	}
	return false;
}

static bool parse_ipv6(const struct parser *p, struct span s, uint8_t *addr)
{
	char buf[INET6_ADDRSTRLEN];

	return span_copy(p, s, buf, sizeof(buf)) &&
	       inet_pton(AF_INET6, buf, addr) == 1;
}

static void clear_host_bits(struct tws_term *t)
{
	unsigned int i;

	for (i = t->prefix_len; i < t->addr_len * 8u; i++)
		t->addr[i / 8] &= (uint8_t)~(0x80 >> i % 8);
}

/* ADDR or ADDR/LEN; @len is set where the length stands elsewhere */
static int parse_prefix(struct parser *p, struct span s, const struct span *len,
			bool ipv6, struct tws_term *t)
{
	struct span bits = { 0 };
	bool has_len = span_cut(p, &s, '/', &bits);
	long v;

	if (len && has_len)
		return fail_span(p, *len, "the prefix length is given twice");
	if (len) {
		bits = *len;
		has_len = true;
	}
	t->addr_len = ipv6 ? 16 : 4;
	if (ipv6 ? !parse_ipv6(p, s, t->addr) :
		   !parse_ipv4(p, s, has_len, t->addr))
		return fail_span(p, s,
			"expected an address in numbers, such as 10.0.0.0/8, "
			"192.0.2.1:80, [2001:db8::]/32, [::1]:443 or :443");
	t->prefix_len = (uint8_t)(t->addr_len * 8);
	if (has_len) {
		v = span_number(p, bits, t->addr_len * 8);
		if (v < 0)
			return fail_span(p, bits, ipv6 ?
				"expected a prefix length from 0 to 128" :
				"expected a prefix length from 0 to 32");
		t->prefix_len = (uint8_t)v;
	}
	clear_host_bits(t);
	return 0;
}

static int parse_host_port(struct parser *p, struct span s, struct host *h)
{
	h->has_port = true;
	h->port = filter_parse_port(p, s);
	return h->port < 0 ? -1 : 0;
}

/* [ADDR], [ADDR]:PORT, [ADDR]/LEN, [ADDR]/LEN:PORT, [ADDR/LEN]:PORT */
static int parse_bracketed(struct parser *p, struct span s, struct host *h)
{
	struct span inner = { s.off + 1, s.len - 1 };
	struct span tail, port, len;
	bool has_len = false;

	if (!span_cut(p, &inner, ']', &tail))
		return fail_span(p, s, "the ']' after the address is missing");
	h->has_addr = true;
	if (tail.len && p->text[tail.off] == '/') {
		has_len = true;
		len = (struct span){ tail.off + 1, tail.len - 1 };
		if (span_cut(p, &len, ':', &port) &&
		    parse_host_port(p, port, h) < 0)
			return -1;
	} else if (tail.len && p->text[tail.off] == ':') {
		port = (struct span){ tail.off + 1, tail.len - 1 };
		if (parse_host_port(p, port, h) < 0)
			return -1;
	} else if (tail.len) {
		return fail_span(p, tail, "expected ':PORT' or '/LENGTH' after ']'");
	}
	return parse_prefix(p, inner, has_len ? &len : NULL, true, &h->addr);
}

int filter_parse_host(struct parser *p, struct span s, struct host *h)
{
	struct span addr = s, port, more;

	if (p->text[s.off] == '[')
		return parse_bracketed(p, s, h);
	if (!span_cut(p, &addr, ':', &port)) {
		h->has_addr = true;
		return parse_prefix(p, s, NULL, false, &h->addr);
	}
	more = port;
	if (span_cut(p, &more, ':', &more)) {
		/* without brackets nothing tells a port from an address' end */
		h->has_addr = true;
		return parse_prefix(p, s, NULL, true, &h->addr);
	}
	if (addr.len && !span_is(p, addr, "*")) {
		h->has_addr = true;
		if (parse_prefix(p, addr, NULL, false, &h->addr) < 0)
			return -1;
	}
	return parse_host_port(p, port, h);
}

int filter_parse_time(struct parser *p, struct span s, uint32_t *ms)
{
	char text[32];

	if (span_copy(p, s, text, sizeof(text)) && text_to_ms(text, ms))
		return 0;
	return fail_span(p, s, "expected a time, such as 5, 5s, 0.5s, 500ms, 2m or 1h");
}

/* Decimal, or hexadecimal with 0x; 010 is 8 to ss and 10 to others. */
static bool span_u32(const struct parser *p, struct span s, uint32_t *v)
{
	const char *text = p->text + s.off;
	uint64_t n = 0;
	size_t i = 0;
	int base = 10;

	if (s.len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		i = 2;
	} else if (!s.len || (s.len > 1 && text[0] == '0')) {
		return false;
	}
	for (; i < s.len && n <= UINT32_MAX; i++) {
		int c = tolower((unsigned char)text[i]);

		if (c >= '0' && c <= '9')
			n = n * (unsigned int)base + (unsigned int)(c - '0');
		else if (base == 16 && c >= 'a' && c <= 'f')
			n = n * 16 + 10 + (unsigned int)(c - 'a');
		else
			return false;
	}
	*v = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* MARK or MARK/MASK */
int filter_parse_mark(struct parser *p, struct span s, struct tws_term *t)
{
	struct span mark = s, mask;
	bool has_mask = span_cut(p, &mark, '/', &mask);

	t->mark_mask = UINT32_MAX;
	if (!span_u32(p, mark, &t->mark))
		return fail_span(p, mark,
			"expected a mark: a number, decimal or with 0x, up to 0xffffffff");
	if (has_mask && !span_u32(p, mask, &t->mark_mask))
		return fail_span(p, mask,
			"expected a mask: a number, decimal or with 0x, up to 0xffffffff");
	if (t->mark & ~t->mark_mask)
		return fail_span(p, s,
			"the mark has bits that its mask leaves out, so it can match nothing");
	return 0;
}

/* A name goes first, as with ss: a device may be called "3". */
int filter_parse_device(struct parser *p, struct span s, uint32_t *ifindex)
{
	char name[IF_NAMESIZE];

	*ifindex = 0;
	if (p->names->device && span_copy(p, s, name, sizeof(name)))
		*ifindex = p->names->device(name);
	if (*ifindex || (span_u32(p, s, ifindex) && *ifindex <= INT32_MAX))
		return 0;
	return fail_span(p, s, p->names->device ?
		"there is no such device in this network namespace" :
		"expected the number of a device: which name it has differs from one network namespace to the next");
}
