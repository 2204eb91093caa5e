// SPDX-License-Identifier: GPL-2.0
/* ctl/netns.c, ctl/names.c: what is said of namespaces that are none. */
#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#include "names.h"
#include "netns.h"
#include "test.h"

static void refused(const char *what, const char *says)
{
	char err[2600] = "";

	assert_int_equal(netns_enter(what, err, sizeof(err)), -1);
	if (!strstr(err, says))
		fail_msg("'%s': says '%s', not '%s'", what, err, says);
}

static void unknown_ones(void **state)
{
	(void)state;
	refused("there-is-no-such", "no network namespace is named 'there-is-no-such'");
	refused("/nonexistent/netns", "there is no file /nonexistent/netns");
	refused("999999999", "no process has that number");
	refused("", "");
	refused("/dev/null", "'/dev/null' is not a network namespace");
}

/* Found by its number or its path; to enter it may still take a privilege. */
static void found(const char *what)
{
	char err[2600] = "";

	if (netns_enter(what, err, sizeof(err)) < 0 &&
	    !strstr(err, "needs CAP_SYS_ADMIN"))
		fail_msg("'%s': %s", what, err);
}

static void processes_and_paths(void **state)
{
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	found(pid);
	found("/proc/self/ns/net");
}

static void handed_out_ports_have_none(const struct services *s)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned int low = 0, high = 0;
	const struct servent *e;
	uint16_t port;

	if (!f)
		return;
	assert_int_equal(fscanf(f, "%u %u", &low, &high), 2);
	fclose(f);
	setservent(1);
	while ((e = getservent())) {
		port = ntohs((uint16_t)e->s_port);
		if (port >= low && port <= high)
			assert_null(services_name(s, port));
		else if (!strcmp(e->s_proto, "tcp"))
			assert_non_null(services_name(s, port));
	}
	endservent();
}

static void services(void **state)
{
	struct services *s = services_load();

	(void)state;
	assert_non_null(s);
	/* absent where there is no /etc/services, but never another */
	if (services_name(s, 22))
		assert_string_equal(services_name(s, 22), "ssh");
	assert_null(services_name(s, 0));
	assert_null(services_name(NULL, 22));
	handed_out_ports_have_none(s);
	services_free(s);
	services_free(NULL);
	assert_int_equal(service_port("there-is-no-such"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_ones),
		cmocka_unit_test(processes_and_paths),
		cmocka_unit_test(services),
	};

	return cmocka_run_group_tests_name("netns", tests, NULL, NULL);
}
