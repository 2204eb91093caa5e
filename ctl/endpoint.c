// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "endpoint.h"

/* longer than the longest address, with a device and a service name */
#define TEXT_SIZE 256

#define EXAMPLES "192.0.2.1:443 or [2001:db8::1]:443"

struct parse {
	char text[TEXT_SIZE];
	/* within text; NULL where it is not there */
	char *addr;
	char *port;
	const char *why;
};

static bool fail(struct parse *p, const char *why)
{
	p->why = why;
	return false;
}

/* Cuts "%DEV" out. */
static bool cut_device(struct parse *p, struct endpoint *e)
{
	char *at = strchr(p->text, '%');
	size_t len;

	if (!at)
		return true;
	len = strcspn(at + 1, "]");
	if (!len || len >= sizeof(e->dev))
		return fail(p, "expected the name of a device after '%'");
	memcpy(e->dev, at + 1, len);
	memmove(at, at + 1 + len, strlen(at + 1 + len) + 1);
	return true;
}

/* Cuts the text into address and port. */
static bool cut(struct parse *p, struct endpoint *e)
{
	char *colon = strchr(p->text, ':'), *end;

	e->family = AF_INET;
	if (p->text[0] == '[') {
		end = strchr(p->text, ']');
		if (!end)
			return fail(p, "the ']' after the address is missing");
		if (end[1] && end[1] != ':')
			return fail(p, "expected ':PORT' after ']'");
		e->family = AF_INET6;
		p->addr = p->text + 1;
		p->port = end[1] ? end + 2 : NULL;
		*end = '\0';
		return true;
	}
	/* without brackets nothing tells a port from an address' end */
	if (colon && strchr(colon + 1, ':')) {
		e->family = AF_INET6;
		p->addr = p->text;
		return true;
	}
	p->port = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
	p->addr = p->text[0] && strcmp(p->text, "*") ? p->text : NULL;
	return true;
}

static bool parse_addr(struct parse *p, struct endpoint *e)
{
	if (!p->addr)
		return true;
	if (strchr(p->addr, '/'))
		return fail(p, "expected one address, not a prefix");
	if (inet_pton(e->family, p->addr, e->addr) != 1)
		return fail(p, "expected an address in numbers: " EXAMPLES);
	e->has_addr = true;
	return true;
}

static bool parse_port(struct parse *p, filter_port_fn port_by_name,
		       struct endpoint *e)
{
	int port = 0;

	if (!p->port)
		return true;
	if (p->port[0] && !p->port[strspn(p->port, "0123456789")]) {
		if (strlen(p->port) > 5 || sscanf(p->port, "%d", &port) != 1 ||
		    port > UINT16_MAX)
			return fail(p, "a port is at most 65535");
	} else {
		port = port_by_name && p->port[0] ? port_by_name(p->port) : -1;
		if (port < 0)
			return fail(p, "expected a port after ':', a number or the name of a TCP service");
	}
	e->has_port = true;
	e->port = (uint16_t)port;
	return true;
}

bool endpoint_link_local(const struct endpoint *e)
{
	return e->family == AF_INET6 && e->addr[0] == 0xfe &&
	       (e->addr[1] & 0xc0) == 0x80;
}

static bool check_device(struct parse *p, const struct endpoint *e)
{
	if (!e->dev[0] || endpoint_link_local(e))
		return true;
	return fail(p, "only link-local IPv6 addresses have a device after '%'; else it is given with --dev");
}

int endpoint_parse(const char *text, filter_port_fn port_by_name,
		   struct endpoint *e, char *err, size_t size)
{
	struct parse p = { .why = "expected ADDR:PORT, such as " EXAMPLES };

	memset(e, 0, sizeof(*e));
	snprintf(p.text, sizeof(p.text), "%s", text);
	if (*text && strlen(text) < sizeof(p.text) && cut_device(&p, e) &&
	    cut(&p, e) && parse_addr(&p, e) && parse_port(&p, port_by_name, e) &&
	    check_device(&p, e))
		return 0;
	snprintf(err, size, "'%.*s': %s", TEXT_SIZE, text, p.why);
	return -1;
}

bool endpoint_like(const char *text)
{
	size_t hex = strspn(text, "0123456789abcdefABCDEF");

	return isdigit((unsigned char)*text) || *text == '[' || *text == '*' ||
	       text[hex] == ':';
}

void endpoint_unmap(struct endpoint *e)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (e->family != AF_INET6 || memcmp(e->addr, prefix, sizeof(prefix)))
		return;
	e->family = AF_INET;
	memmove(e->addr, e->addr + 12, 4);
	memset(e->addr + 4, 0, 12);
}

static void add_term(struct tws_filter *f, const struct tws_term *t)
{
	f->term[f->n_terms++] = *t;
	f->clause_end[0] = f->n_terms;
	f->n_clauses = 1;
}

static void add_end(struct tws_filter *f, const struct endpoint *e,
		    enum tws_term_kind addr, enum tws_term_kind port)
{
	uint8_t len = e->family == AF_INET6 ? 16 : 4;
	struct tws_term t = { .kind = (uint8_t)addr };

	if (e->has_addr) {
		t.addr_len = len;
		t.prefix_len = (uint8_t)(8 * len);
		memcpy(t.addr, e->addr, len);
		add_term(f, &t);
	}
	if (e->has_port) {
		t = (struct tws_term){
			.kind = (uint8_t)port,
			.port_min = e->port, .port_max = e->port,
		};
		add_term(f, &t);
	}
}

void endpoint_filter(const struct endpoint *local, const struct endpoint *remote,
		     struct tws_filter *f)
{
	memset(f, 0, sizeof(*f));
	add_end(f, local, TERM_LOCAL, TERM_LOCAL_PORT);
	add_end(f, remote, TERM_REMOTE, TERM_REMOTE_PORT);
}
