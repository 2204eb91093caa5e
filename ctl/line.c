// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>

#include "line.h"

/* "0." to "255.", and how long each is. */
struct octet {
	char text[4];
	uint8_t len;
};

static const struct octet *octets(void)
{
	static struct octet table[256];
	char text[8];
	int i;

	for (i = 0; !table[255].len && i < 256; i++) {
		table[i].len = (uint8_t)snprintf(text, sizeof(text), "%d.", i);
		memcpy(table[i].text, text, sizeof(table[i].text));
	}
	return table;
}

static void ipv4(struct line *l, const uint8_t *addr)
{
	const struct octet *table = octets();
	char *at = l->buf + l->n;
	unsigned int i;

	if (LINE_SIZE - l->n < INET_ADDRSTRLEN)
		return;
	for (i = 0; i < 4; i++) {
		memcpy(at, table[addr[i]].text, 4);
		at += table[addr[i]].len;
	}
	/* but for the last point */
	l->n = (size_t)(at - 1 - l->buf);
}

void line_address(struct line *l, uint16_t family, const uint8_t *addr)
{
	char buf[INET6_ADDRSTRLEN];

	if (family != AF_INET6) {
		ipv4(l, addr);
		return;
	}
	inet_ntop(AF_INET6, addr, buf, sizeof(buf));
	line_str(l, buf);
}

void line_endpoint(struct line *l, uint16_t family, const uint8_t *addr,
		   uint16_t port, const char *service)
{
	if (family == AF_INET6)
		line_char(l, '[');
	line_address(l, family, addr);
	if (family == AF_INET6)
		line_char(l, ']');
	line_char(l, ':');
	if (service)
		line_str(l, service);
	else
		line_number(l, port);
}

static void tenths(struct line *l, uint32_t v)
{
	line_number(l, v / 10);
	line_char(l, '.');
	line_char(l, (char)('0' + v % 10));
	line_char(l, 's');
}

void line_seconds(struct line *l, uint32_t ms)
{
	tenths(l, ms / 100);
}

void line_wait(struct line *l, uint32_t ms)
{
	if (ms < 1000) {
		line_number(l, ms);
		LINE_LIT(l, "ms");
	} else {
		tenths(l, ms / 100 + !!(ms % 100));
	}
}
