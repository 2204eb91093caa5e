// SPDX-License-Identifier: GPL-2.0
/* ctl/out_text_sysctls.c: where namespaces differ, below the table of them. */
#include "printed.h"
#include "test.h"

static uint32_t slots[61];

static struct tws_summary of(uint32_t netns)
{
	return (struct tws_summary){
		.netns = netns, .limit = 262144,
		.remaining = { slots, 61 }, .closes = { slots, 60 },
		.sysctls = {
			.tcp_tw_reuse = 2, .tcp_timestamps = 1,
			.tcp_max_tw_buckets = 262144, .tcp_fin_timeout = 60,
			.tcp_invalid_ratelimit = 500,
			.ip_local_port_range_min = 32768,
			.ip_local_port_range_max = 60999,
			.has_tcp_child_ehash_entries = true,
		},
	};
}

/* What follows the table's last line. */
static char *below(const struct out_options *opt, const struct tws_summary *s,
		   size_t n)
{
	struct out *o = open_out(false, opt, OUT_SUMMARIES);
	char *text, *at, *rest;
	size_t i;

	for (i = 0; i < n; i++)
		out_summary(o, &s[i]);
	text = close_out(o, false);
	at = strstr(text, " namespace");
	assert_non_null(at);
	rest = strdup(strchr(at, '\n') + 1);
	assert_non_null(rest);
	free(text);
	return rest;
}

static void all_alike(void **state)
{
	struct tws_summary s[] = { of(1), of(2), of(3) };

	(void)state;
	/* what is no sysctl does not count */
	s[1].total = 5;
	s[1].limit = 7;
	is_text(below(&plain, s, 3), "\nsysctls: the same in all of them\n");
	/* and one alone differs from none */
	is_text(below(&plain, s, 1), "");
}

static void some_differ(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct tws_summary s[] = { of(7), of(0xeffffff9U), of(8), of(9) };

	(void)state;
	s[0].sysctls.tcp_tw_reuse = 1;
	s[2].sysctls.ip_local_port_range_min = 1024;
	s[2].sysctls.tcp_max_tw_buckets = 5;
	/* the initial one is first whenever it comes; 9 is like it */
	is_text(below(&plain, s, 4),
"\nsysctls that differ from those of the initial one (=: the same)\n"
"tcp_tw_reuse  tcp_max_tw_buckets  ip_local_port_range  NETNS\n"
"           2              262144          32768-60999  4026531833\n"
"           1                   =                    =  7\n"
"           =                   5           1024-60999  8\n"
"a new namespace begins with the kernel's defaults, whatever others have set\n");
	is_text(below(&bare, s, 4), "");
}

static void not_known_which_is_initial(void **state)
{
	struct tws_summary s[] = { of(7), of(8) };

	(void)state;
	s[1].sysctls.has_tcp_tw_reuse_delay = true;
	s[1].sysctls.tcp_tw_reuse_delay = 1000;
	is_text(below(&plain, s, 2),
"\nsysctls that differ from those of the first one\n"
"tcp_tw_reuse_delay  NETNS\n"
"                 -  7\n"
"              1000  8\n"
"a new namespace begins with the kernel's defaults, whatever others have set\n");
}

/* As many columns as a screen has room for, then the rows again. */
static void all_differ(void **state)
{
	struct tws_summary s[] = { of(0xeffffff9U), of(8), of(9) };
	struct tws_sysctls *c = &s[1].sysctls;

	(void)state;
	c->tcp_tw_reuse = c->tcp_timestamps = c->tcp_rfc1337 = 0;
	c->tcp_rfc1337 = c->ip_autobind_reuse = 1;
	c->tcp_max_tw_buckets = c->tcp_fin_timeout = UINT32_MAX;
	c->has_tcp_tw_reuse_delay = true;
	c->tcp_tw_reuse_delay = c->tcp_invalid_ratelimit = UINT32_MAX;
	c->tcp_child_ehash_entries = c->ip_local_reserved_ports = 65536;
	c->ip_local_port_range_min = 1;
	s[2].sysctls.ip_autobind_reuse = 1;
	fits(below(&plain, s, 3));
	is_text(below(&plain, s, 3),
"\nsysctls that differ from those of the initial one\n"
"tcp_tw_reuse  tcp_tw_reuse_delay  tcp_timestamps  NETNS\n"
"           2                   -               1  4026531833\n"
"           0          4294967295               0  8\n"
"tcp_max_tw_buckets  tcp_fin_timeout  tcp_rfc1337  NETNS\n"
"            262144               60            0  4026531833\n"
"        4294967295       4294967295            1  8\n"
"tcp_invalid_ratelimit  tcp_child_ehash_entries  NETNS\n"
"                  500                        0  4026531833\n"
"           4294967295                    65536  8\n"
"ip_local_port_range  ip_local_reserved_ports  NETNS\n"
"        32768-60999                        0  4026531833\n"
"            1-60999                    65536  8\n"
"ip_autobind_reuse  NETNS\n"
"                0  4026531833\n"
"                1  8\n"
"                1  9\n"
"a new namespace begins with the kernel's defaults, whatever others have set\n");
}

static void dim(void **state)
{
	const struct out_options color = { .color = true };
	struct tws_summary s[] = { of(0xeffffff9U), of(8), of(9) };
	char *got;

	(void)state;
	s[1].sysctls.tcp_tw_reuse = 1;
	s[2].sysctls.tcp_rfc1337 = 1;
	got = below(&color, s, 3);
	assert_non_null(strstr(got, "\033[36m          =\033[0m  8\n"));
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_alike),
		cmocka_unit_test(some_differ),
		cmocka_unit_test(not_known_which_is_initial),
		cmocka_unit_test(all_differ),
		cmocka_unit_test(dim),
	};

	return cmocka_run_group_tests_name("sysctls", tests, NULL, NULL);
}
