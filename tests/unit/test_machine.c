// SPDX-License-Identifier: GPL-2.0
/* ctl/machine_files.c, ctl/sysctl_files.c: from a root directory that is made up. */
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "test.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/twctl-machine-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* A file of the root, and the directories above it. */
static void file(const char *path, const char *text)
{
	char full[512], command[600];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", dir, path);
	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", full);
	assert_int_equal(system(command), 0);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void linked(const char *path, const char *to)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", dir, path);
	assert_int_equal(symlink(to, full), 0);
}

static void parses(const char *text, const char *key, const char *value)
{
	struct sysctl_line line = { 0 };

	if (!sysctl_line_parse(text, &line))
		fail_msg("'%s' is no line", text);
	assert_string_equal(line.key, key);
	assert_string_equal(line.value, value);
}

static void is_no_line(const char *text)
{
	struct sysctl_line line = { 0 };

	if (sysctl_line_parse(text, &line))
		fail_msg("'%s' is a line: '%s'", text, line.key);
}

static void lines(void **state)
{
	(void)state;
	parses("net.ipv4.tcp_tw_reuse = 1\n", "net.ipv4.tcp_tw_reuse", "1");
	parses("  net.ipv4.tcp_tw_reuse=1", "net.ipv4.tcp_tw_reuse", "1");
	parses("\t-net/ipv4/tcp_tw_reuse\t=\t1 \r\n", "net.ipv4.tcp_tw_reuse", "1");
	parses("net/ipv4/conf/eth0.1/x=1", "net.ipv4.conf.eth0/1.x", "1");
	parses("net.ipv4.conf.eth0/1.x=1", "net.ipv4.conf.eth0/1.x", "1");
	parses("net.ipv4.ip_local_port_range = 1024 65535\n",
	       "net.ipv4.ip_local_port_range", "1024 65535");
	parses("a.b =", "a.b", "");
	parses("a.b = c = d", "a.b", "c = d");
	/* nothing that a terminal would obey */
	parses("a.b = \033[2J\xc3\xa9", "a.b", "?[2J??");
	is_no_line("");
	is_no_line("\n");
	is_no_line("# net.ipv4.tcp_tw_reuse = 1\n");
	is_no_line("  ; net.ipv4.tcp_tw_reuse = 1\n");
	is_no_line("-net.ipv4.conf.eth0.*\n");
	is_no_line("= 1\n");
	is_no_line("- = 1\n");
}

static void long_lines(void **state)
{
	struct sysctl_line line = { 0 };
	char text[3000];

	(void)state;
	memset(text, 'k', 1000);
	text[1000] = '=';
	memset(text + 1001, 'v', 1500);
	text[2501] = '\0';
	assert_true(sysctl_line_parse(text, &line));
	assert_int_equal(strlen(line.key), sizeof(line.key) - 1);
	assert_int_equal(strlen(line.value), sizeof(line.value) - 1);
}

/* "FILE:NUMBER KEY=VALUE, ..." of all that is read; "!" where the key is not. */
static void reads(const char *wanted)
{
	struct sysctl_lines l;
	char got[2000] = "";
	size_t i;

	assert_int_equal(sysctl_lines_read(dir, &l), 0);
	for (i = 0; i < l.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
			 "%s%s:%u %s%s=%s", i ? ", " : "", l.line[i].file,
			 l.line[i].number, l.line[i].exists ? "" : "!",
			 l.line[i].key, l.line[i].value);
	sysctl_lines_free(&l);
	assert_string_equal(got, wanted);
}

static void directories(void **state)
{
	(void)state;
	reads("");
	file("/etc/sysctl.conf", "# a\n\nx.y = 1\nx.z=2\n");
	file("/etc/sysctl.d/20-b.conf", "b=1");
	file("/etc/sysctl.d/10-a.conf", "a=1\n");
	file("/etc/sysctl.d/README", "no=1\n");
	file("/etc/sysctl.d/.conf", "no=1\n");
	file("/usr/lib/sysctl.d/10-a.conf", "a=shadowed\n");
	file("/usr/lib/sysctl.d/50-u.conf", "u=1\n");
	file("/usr/local/lib/sysctl.d/l.conf", "l=1\n");
	file("/run/sysctl.d/r.conf", "r=1\n");
	reads("/etc/sysctl.conf:3 x.y=1, /etc/sysctl.conf:4 x.z=2, "
	      "/etc/sysctl.d/10-a.conf:1 a=1, /etc/sysctl.d/20-b.conf:1 b=1, "
	      "/run/sysctl.d/r.conf:1 r=1, /usr/local/lib/sysctl.d/l.conf:1 l=1, "
	      "/usr/lib/sysctl.d/50-u.conf:1 u=1");
}

/* Links: to what was read, to what hides others, to nowhere; and a pipe. */
static void odd_files(void **state)
{
	char path[200];

	(void)state;
	file("/etc/sysctl.conf", "x=1\n");
	file("/etc/sysctl.d/sysctl.conf", "d=1\n");
	linked("/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
	linked("/etc/sysctl.d/50-a.conf", "/dev/null");
	linked("/etc/sysctl.d/60-b.conf", "/dev/null");
	linked("/etc/sysctl.d/70-c.conf", "nowhere");
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/80-d.conf", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/etc/sysctl.d/85-e.conf", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	file("/usr/lib/sysctl.d/50-a.conf", "a=1\n");
	file("/usr/lib/sysctl.d/60-b.conf", "b=1\n");
	file("/usr/lib/sysctl.d/90-e.conf", "e=1\n");
	snprintf(path, sizeof(path), "%s/lib", dir);
	assert_int_equal(symlink("usr/lib", path), 0);
	reads("/etc/sysctl.conf:1 x=1, /etc/sysctl.d/sysctl.conf:1 d=1, "
	      "/usr/lib/sysctl.d/90-e.conf:1 e=1");
}

static void what_exists(void **state)
{
	(void)state;
	file("/proc/sys/net/ipv4/tcp_tw_reuse", "2\n");
	file("/proc/sys/net/ipv4/conf/eth0.1/x", "2\n");
	file("/etc/sysctl.conf",
	     "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_tw_recycle = 1\n"
	     "net/ipv4/conf/eth0.1/x = 1\nnet.ipv4.conf.*.y = 1\n"
	     "vm.no_such = 1\nnet.ipv4.../../x = 1\n");
	reads("/etc/sysctl.conf:1 net.ipv4.tcp_tw_reuse=1, "
	      "/etc/sysctl.conf:2 !net.ipv4.tcp_tw_recycle=1, "
	      "/etc/sysctl.conf:3 net.ipv4.conf.eth0/1.x=1, "
	      "/etc/sysctl.conf:4 net.ipv4.conf.*.y=1, "
	      "/etc/sysctl.conf:5 vm.no_such=1, "
	      "/etc/sysctl.conf:6 !net.ipv4.../../x=1");
}

static void without_anything(void **state)
{
	struct machine m = { 0 };

	(void)state;
	assert_int_equal(machine_read_files(dir, &m), 0);
	assert_false(m.conntrack.has || m.conntrack.has_timeout);
	assert_false(m.has_listening || m.counters.has);
	assert_true(m.has_files);
	assert_string_equal(m.reserved_ports, "");
	machine_free(&m);
}

static void figures(void **state)
{
	struct machine m = { 0 };

	(void)state;
	file("/proc/sys/net/netfilter/nf_conntrack_count", "12345\n");
	file("/proc/sys/net/netfilter/nf_conntrack_max", "262144\n");
	file("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait", "120\n");
	file("/proc/sys/net/ipv4/ip_local_reserved_ports", "8080,9000-9010\n");
	file("/proc/net/netstat",
	     "TcpExt: SyncookiesSent TW TCPTimeWaitOverflow\nTcpExt: 1 20 300\n"
	     "IpExt: TW TCPTimeWaitOverflow\nIpExt: 7 7\n");
	assert_int_equal(machine_read_files(dir, &m), 0);
	assert_true(m.conntrack.has && m.conntrack.has_timeout);
	assert_int_equal(m.conntrack.count, 12345);
	assert_int_equal(m.conntrack.max, 262144);
	assert_int_equal(m.conntrack.time_wait_s, 120);
	assert_string_equal(m.reserved_ports, "8080,9000-9010");
	assert_true(m.counters.has);
	assert_int_equal(m.counters.time_wait, 20);
	assert_int_equal(m.counters.overflow, 300);
	machine_free(&m);
}

static void listeners(void **state)
{
	struct machine m = { 0 };

	(void)state;
	file("/proc/net/tcp",
	     "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	     "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
	     "   1: 00000000:FFFF 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
	     "   2: 0100007F:0016 0100007F:9C40 06 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
	     "   3: 0100007F:0017 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n");
	file("/proc/net/tcp6",
	     "  sl  local_address                         remote_address                        st\n"
	     "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n");
	assert_int_equal(machine_read_files(dir, &m), 0);
	assert_true(m.has_listening);
	assert_true(machine_listens(&m, 8080));
	assert_true(machine_listens(&m, 65535));
	assert_true(machine_listens(&m, 80));
	assert_false(machine_listens(&m, 22));
	assert_false(machine_listens(&m, 0));
	/* the kernel puts none behind others */
	assert_false(machine_listens(&m, 23));
	machine_free(&m);

	m = (struct machine){ 0 };
	file("/proc/net/udp",
	     "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
	     "  123: 00000000:FCE2 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000000000000000 0\n"
	     "  456: 0100007F:C000 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 1 2 0000000000000000 0\n"
	     "  789: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0000000000000000 0\n");
	assert_int_equal(machine_read_files(dir, &m), 0);
	assert_true(machine_serves(&m, 0xfce2));
	assert_true(machine_serves(&m, 0x14e9));
	assert_true(machine_serves(&m, 8080));
	/* a client, with a peer */
	assert_false(machine_serves(&m, 0xc000));
	assert_false(machine_listens(&m, 0x14e9));
	machine_free(&m);
}

static void odd_figures(void **state)
{
	struct machine m = { 0 };

	(void)state;
	file("/proc/sys/net/netfilter/nf_conntrack_count", "-1\n");
	file("/proc/sys/net/netfilter/nf_conntrack_max", "262144\n");
	file("/proc/net/netstat", "TcpExt: TW\n");
	file("/proc/net/tcp", "nonsense\n   0: 0100007F:1F9");
	assert_int_equal(machine_read_files(dir, &m), 0);
	assert_false(m.conntrack.has);
	assert_false(m.counters.has);
	machine_free(&m);
}

#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(long_lines),
		IN_A_ROOT(directories),
		IN_A_ROOT(odd_files),
		IN_A_ROOT(what_exists),
		IN_A_ROOT(without_anything),
		IN_A_ROOT(figures),
		IN_A_ROOT(listeners),
		IN_A_ROOT(odd_figures),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
