// SPDX-License-Identifier: GPL-2.0
/* ctl/endpoint.c and ctl/route.c: the ends of a connection. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "endpoint.h"
#include "route.h"
#include "test.h"
#include "types.h"

static char err[512];

static int services(const char *name)
{
	return !strcmp(name, "https") ? 443 : -1;
}

/* The endpoint as text: "inet 192.0.2.1 port 443 dev eth0" */
static void is(const char *text, const char *want)
{
	char got[256] = "", ip[INET6_ADDRSTRLEN];
	struct endpoint e;
	size_t n = 0;

	if (endpoint_parse(text, services, &e, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	if (e.has_addr) {
		inet_ntop(e.family, e.addr, ip, sizeof(ip));
		n += (size_t)snprintf(got, sizeof(got), "%s %s ",
				      e.family == AF_INET ? "inet" : "inet6", ip);
	}
	if (e.has_port)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "port %u ", e.port);
	if (e.dev[0])
		snprintf(got + n, sizeof(got) - n, "dev %s ", e.dev);
	got[strlen(got) - 1] = '\0';
	assert_string_equal(got, want);
}

static void good_ones(void **state)
{
	(void)state;
	is("192.0.2.1:443", "inet 192.0.2.1 port 443");
	is("192.0.2.1:https", "inet 192.0.2.1 port 443");
	is("192.0.2.1", "inet 192.0.2.1");
	is(":443", "port 443");
	is("*:443", "port 443");
	is(":0", "port 0");
	is(":65535", "port 65535");
	is("[2001:db8::1]:443", "inet6 2001:db8::1 port 443");
	is("[2001:db8::1]", "inet6 2001:db8::1");
	is("2001:db8::1", "inet6 2001:db8::1");
	/* no port without brackets */
	is("2001:db8::1:80", "inet6 2001:db8::1:80");
	is("[::ffff:192.0.2.1]:80", "inet6 ::ffff:192.0.2.1 port 80");
	is("[fe80::1%eth0]:80", "inet6 fe80::1 port 80 dev eth0");
	is("fe80::1%eth0", "inet6 fe80::1 dev eth0");
	is("[febf::1%fifteen-letters]:80",
	   "inet6 febf::1 port 80 dev fifteen-letters");
}

static void wrong_ones(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{ "", "'': expected ADDR:PORT, such as 192.0.2.1:443 or [2001:db8::1]:443" },
		{ "localhost:80", "'localhost:80': expected an address in numbers: 192.0.2.1:443 or" },
		{ "192.0.2:80", "expected an address in numbers" },
		{ "192.0.2.010:80", "expected an address in numbers" },
		{ "192.0.2.256", "expected an address in numbers" },
		{ "10.0.0.0/8", "expected one address, not a prefix" },
		{ "[::]/0", "expected ':PORT' after ']'" },
		{ "[::/0]:80", "expected one address, not a prefix" },
		{ "[::1", "the ']' after the address is missing" },
		{ "[::1]80", "expected ':PORT' after ']'" },
		{ "[192.0.2.1]:80", "expected an address in numbers" },
		{ "192.0.2.1:65536", "a port is at most 65535" },
		{ "192.0.2.1:99999999999999999999", "a port is at most 65535" },
		{ "192.0.2.1:", "expected a port after ':'" },
		{ "192.0.2.1:-1", "expected a port after ':'" },
		{ "192.0.2.1:http", "expected a port after ':', a number or the name of a TCP service" },
		{ "[::1]:", "expected a port after ':'" },
		{ "fe80::1%", "expected the name of a device after '%'" },
		{ "[fe80::1%]:80", "expected the name of a device after '%'" },
		{ "[fe80::1%sixteen-letters-]:80", "expected the name of a device after '%'" },
		{ "[2001:db8::1%eth0]:80", "only link-local IPv6 addresses have a device after '%'" },
		{ "192.0.2.1%eth0:80", "'192.0.2.1%eth0:80': " },
		{ ":80%eth0", "':80%eth0': only link-local" },
		{ "1:2:3:4:5:6:7:8:9", "expected an address in numbers" },
	};
	char longest[400];
	struct endpoint e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(err, "no error");
		if (endpoint_parse(cases[i].text, services, &e, err,
				   sizeof(err)) != -1 ||
		    !strstr(err, cases[i].says))
			fail_msg("'%s': %s", cases[i].text, err);
	}
	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(endpoint_parse(longest, services, &e, err, sizeof(err)), -1);
	/* without a list of services there are numbers only */
	assert_int_equal(endpoint_parse(":https", NULL, &e, err, sizeof(err)), -1);
}

static void unlike_a_filter(void **state)
{
	static const char *const ends[] = {
		"1.2.3.4:5", ":5", "[::1]:5", "*:5", "fe80::1", "::1", "2001:db8::",
	};
	static const char *const filters[] = {
		"dport", "src", "not", "(", "!", "substate", "family", "", "dst=[::1]:80",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		assert_true(endpoint_like(ends[i]));
	for (i = 0; i < ARRAY_SIZE(filters); i++)
		if (endpoint_like(filters[i]))
			fail_msg("%s", filters[i]);
}

static struct endpoint end(const char *text)
{
	struct endpoint e;

	if (endpoint_parse(text, services, &e, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	return e;
}

static void mapped_addresses(void **state)
{
	struct endpoint e = end("[::ffff:192.0.2.1]:80");

	(void)state;
	endpoint_unmap(&e);
	assert_int_equal(e.family, AF_INET);
	assert_memory_equal(e.addr, ((uint8_t[16]){ 192, 0, 2, 1 }), 16);
	assert_int_equal(e.port, 80);
	e = end("[::fffe:192.0.2.1]:80");
	endpoint_unmap(&e);
	assert_int_equal(e.family, AF_INET6);
	e = end("192.0.2.1:80");
	endpoint_unmap(&e);
	assert_int_equal(e.addr[0], 192);
}

/* The same terms as those of the filter that says it in words. */
static void filter_is(const char *local, const char *remote, const char *text)
{
	const struct endpoint l = end(local), r = end(remote);
	const struct filter_names names = { .port = services };
	struct filter_error ferr;
	struct filter_expr *x = filter_parse(text, &names, &ferr);
	struct tws_filter want, got;

	assert_non_null(x);
	assert_int_equal(filter_compile(x, 0, &want, &ferr), 0);
	filter_expr_free(x);
	endpoint_filter(&l, &r, &got);
	assert_int_equal(got.n_clauses, 1);
	assert_int_equal(got.n_terms, want.n_terms);
	assert_int_equal(got.clause_end[0], want.clause_end[0]);
	assert_memory_equal(got.term, want.term,
			    got.n_terms * sizeof(got.term[0]));
}

static void filters(void **state)
{
	(void)state;
	filter_is("192.0.2.1:1", "198.51.100.7:443",
		  "src 192.0.2.1 and sport 1 and dst 198.51.100.7 and dport 443");
	filter_is("[2001:db8::1]:1", "[2001:db8::2]:2",
		  "src [2001:db8::1] and sport 1 and dst [2001:db8::2] and dport 2");
	filter_is(":1", ":2", "sport 1 and dport 2");
	filter_is("192.0.2.1", ":2", "src 192.0.2.1 and dport 2");
}

/* Loopback is there wherever tests run. */
static void routes(void **state)
{
	struct endpoint to = end("127.0.0.1:80"), from;

	(void)state;
	if (route_source(&to, "", &from, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	assert_true(from.has_addr);
	assert_false(from.has_port);
	assert_int_equal(from.family, AF_INET);
	assert_memory_equal(from.addr, ((uint8_t[]){ 127, 0, 0, 1 }), 4);
	to = end("127.9.9.9:80");
	assert_int_equal(route_source(&to, "", &from, err, sizeof(err)), 0);
	to = end("240.0.0.1:80");
	to.addr[0] = 255;
	memset(to.addr, 255, 4);
	assert_int_equal(route_source(&to, "", &from, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "no route to the destination: "));
	assert_non_null(strstr(err, "give the source address with --from"));
	assert_int_equal(route_source(&to, "no-such-dev", &from, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "cannot look up a route through the device: "));
	assert_int_equal(route_device("lo", err, sizeof(err)), 1);
	assert_int_equal(route_device("no-such-dev", err, sizeof(err)), 0);
	assert_string_equal(err, "there is no device 'no-such-dev' in this network namespace");
}

static void routes_of_ipv6(void **state)
{
	struct endpoint to = end("[::1]:80"), from;

	(void)state;
	if (route_source(&to, "", &from, err, sizeof(err)) < 0)
		skip();
	assert_int_equal(from.family, AF_INET6);
	assert_memory_equal(from.addr, ((uint8_t[16]){ [15] = 1 }), 16);
	assert_int_equal(route_source(&to, "lo", &from, err, sizeof(err)), 0);
	assert_memory_equal(from.addr, ((uint8_t[16]){ [15] = 1 }), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(wrong_ones),
		cmocka_unit_test(unlike_a_filter),
		cmocka_unit_test(mapped_addresses),
		cmocka_unit_test(filters),
		cmocka_unit_test(routes),
		cmocka_unit_test(routes_of_ipv6),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
