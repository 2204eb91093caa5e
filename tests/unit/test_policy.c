// SPDX-License-Identifier: GPL-2.0
/* ctl/policy.c: SYSCTL=VALUE. */
#include "policy.h"
#include "test.h"

static char err[512];

static void takes(const char *word, const char *shown)
{
	struct tws_policy p = { 0 };
	char buf[128];

	if (policy_take(&p, word, err, sizeof(err)) != 1)
		fail_msg("%s: %s", word, err);
	assert_string_equal(policy_text(buf, sizeof(buf), &p), shown);
	assert_false(policy_is_empty(&p));
}

static void good_ones(void **state)
{
	struct tws_policy p = { 0 };
	char buf[128];

	(void)state;
	assert_true(policy_is_empty(&p));
	assert_string_equal(policy_text(buf, sizeof(buf), &p), "");
	takes("tcp_tw_reuse=0", "tcp_tw_reuse=0");
	takes("tcp_tw_reuse=2", "tcp_tw_reuse=2");
	takes("net.ipv4.tcp_tw_reuse=1", "tcp_tw_reuse=1");
	takes("net/ipv4/tcp_tw_reuse=1", "tcp_tw_reuse=1");
	takes("tcp_timestamps=2", "tcp_timestamps=2");
	takes("net.ipv4.tcp_timestamps=0", "tcp_timestamps=0");
	/* its bounds are the kernel's to know */
	takes("tcp_tw_reuse_delay=0", "tcp_tw_reuse_delay=0");
	takes("tcp_tw_reuse_delay=4294967295", "tcp_tw_reuse_delay=4294967295");
	assert_int_equal(policy_take(&p, "tcp_timestamps=1", err, sizeof(err)), 1);
	assert_int_equal(policy_take(&p, "tcp_tw_reuse_delay=77", err, sizeof(err)), 1);
	assert_int_equal(policy_take(&p, "tcp_tw_reuse=1", err, sizeof(err)), 1);
	assert_string_equal(policy_text(buf, sizeof(buf), &p),
			    "tcp_tw_reuse=1 tcp_tw_reuse_delay=77 tcp_timestamps=1");
}

static void refuses(const char *word, const char *says)
{
	struct tws_policy p = { 0 };

	strcpy(err, "no error");
	if (policy_take(&p, word, err, sizeof(err)) != -1 || !strstr(err, says))
		fail_msg("%s: '%s', not '%s'", word, err, says);
	assert_true(policy_is_empty(&p));
}

static void wrong_values(void **state)
{
	static const char *const values[] = {
		"3", "-1", "+1", " 1", "1 ", "0x1", "on", "1.0", "", "01234567890",
	};
	struct tws_policy p = { 0 };
	char word[64], want[96];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(word, sizeof(word), "tcp_tw_reuse=%s", values[i]);
		snprintf(want, sizeof(want), "tcp_tw_reuse is 0, 1 or 2, not '%s'",
			 values[i]);
		refuses(word, want);
	}
	refuses("tcp_timestamps=3", "tcp_timestamps is 0, 1 or 2, not '3'");
	refuses("tcp_tw_reuse_delay=4294967296",
		"tcp_tw_reuse_delay is a number of milliseconds, not '4294967296'");
	refuses("tcp_tw_reuse_delay=1s",
		"tcp_tw_reuse_delay is a number of milliseconds, not '1s'");
	refuses("tcp_tw_reuse",
		"tcp_tw_reuse needs a value: tcp_tw_reuse=VALUE, which is 0, 1 or 2");
	assert_int_equal(policy_take(&p, "tcp_tw_reuse=1", err, sizeof(err)), 1);
	assert_int_equal(policy_take(&p, "net.ipv4.tcp_tw_reuse=1", err,
				     sizeof(err)), -1);
	assert_string_equal(err, "tcp_tw_reuse is given twice");
}

/* What is refused is told what is accepted, and why not the former. */
static void other_sysctls(void **state)
{
	(void)state;
	refuses("tcp_wmem=1",
		"no bucket is judged by 'tcp_wmem'. What may be tried: tcp_tw_reuse=0|1|2, tcp_tw_reuse_delay=MS, tcp_timestamps=0|1|2");
	refuses("net.ipv4.foo=1", "'foo'. What may be tried: ");
	refuses("net.core.rmem_max=1", "'rmem_max'. What may be tried: ");
	refuses("net.core.somaxconn=1", "'somaxconn': it is of connections that a listener");
	refuses("tcp_max_syn_backlog=1", "has nothing to do with TIME_WAIT. What may be");
	refuses("tcp_syncookies=1", "has nothing to do with TIME_WAIT. What may be");
	refuses("net.ipv4.tcp_keepalive_time=60", "'tcp_keepalive_time': it finds out");
	refuses("net.netfilter.nf_conntrack_tcp_timeout_time_wait=30",
		"neither timer knows of the other");
	refuses("tcp_time_wait_interval=30000", "it is Solaris's, where it is 60000 ms");
	refuses("tcp_tw_timeout=5", "it is Alibaba's kernel's");
	refuses("tcp_tw_reuse_=1", "'tcp_tw_reuse_'. What may be tried: ");
	refuses("TCP_TW_REUSE=1", "'TCP_TW_REUSE'. What may be tried: ");
	refuses("tcp_fin_timeout=10", "'tcp_fin_timeout': it bounds FIN_WAIT2");
	refuses("net.ipv4.tcp_fin_timeout=10", "'tcp_fin_timeout': it bounds FIN_WAIT2");
	refuses("tcp_tw_recycle=1", "removed in Linux 4.12. What may be tried: tcp_tw_reuse");
	refuses("tcp_tw_recycle", "removed in Linux 4.12. What may be tried: tcp_tw_reuse");
	refuses("tcp_max_tw_buckets=1", "not on those that are there. Do not lower it");
	refuses("ip_local_port_range=1", "twctl ports");
}

/* The words of a filter are left to the filter. */
static void no_sysctls(void **state)
{
	static const char *const words[] = {
		"dport", "=", ":443", "dport=443", "sport=:1", "src=10.0.0.0/8",
		"10.0.0.0/8", "[2001:db8::]/32", "dst=[::1]:443", "(", "and",
		"substate=time-wait", "family=inet6", "", "=1", "dport!=443",
		"my_service", "src 10.0.0.0/8 and dport=my_service",
	};
	struct tws_policy p = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (policy_take(&p, words[i], err, sizeof(err)))
			fail_msg("'%s': %s", words[i], err);
	assert_true(policy_is_empty(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(other_sysctls),
		cmocka_unit_test(no_sysctls),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
