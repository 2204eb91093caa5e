// SPDX-License-Identifier: GPL-2.0
/* ctl/rules*.c: what is found in machines made by hand, and what is not. */
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printed.h"
#include "rules.h"
#include "test.h"

#define HERE 4026531840u
#define OTHER 4026532999u

/* A machine with two namespaces, of which the first is ours and the initial one. */
struct scene {
	struct machine m;
	struct tws_summary summary[2];
	struct tws_group group[3];
	struct pressure_row row[3];
	struct tws_group pool;
	struct pressure_row source;
	struct tws_group port;
	struct tws_stats stats[3];
	struct tws_hook hook[2];
	struct sysctl_line line[2];
};

static struct tws_summary a_summary(uint32_t netns)
{
	return (struct tws_summary){
		.netns = netns, .total = 20000, .timewait = 19700,
		.fin_wait2 = 300, .kernel_count = 20000, .limit = 131072,
		.ehash_entries = 262144,
		.sysctls = {
			.tcp_tw_reuse = 2, .tcp_timestamps = 1,
			.tcp_fin_timeout = 60, .tcp_max_tw_buckets = 131072,
			.ip_local_port_range_min = 32768,
			.ip_local_port_range_max = 60999,
		},
	};
}

/* So many closes in each of the last seconds, to another host. */
static struct tws_group a_group(unsigned int seconds, uint32_t closes)
{
	struct tws_group g = {
		.local_family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote_family = AF_INET, .remote = { 198, 51, 100, 7 },
		.remote_port = 443, .count = seconds * closes,
		.n_closes = TWSCOPE_CLOSES_SLOTS,
	};
	unsigned int i;

	for (i = 0; i < seconds; i++)
		g.closes[i] = closes;
	g.verdicts[TWSCOPE_VERDICT_NOT_LOOPBACK] = g.count;
	g.whatif[TWSCOPE_VERDICT_REUSABLE] = g.count - closes;
	g.whatif[TWSCOPE_VERDICT_TOO_YOUNG] = closes;
	return g;
}

/* Of group @i, in namespace @n. */
static void judge(struct scene *s, unsigned int i, unsigned int n)
{
	struct pressure_row *r = &s->row[i];

	r->group = &s->group[i];
	r->summary = &s->summary[n];
	pressure_of_destination(r->group, r->summary, &s->m.info, false, &r->now);
	pressure_of_destination(r->group, r->summary, &s->m.info, true,
				&r->whatif);
}

/* Busy, and well: 300 closes a second, all that a minute holds of them. */
static void healthy(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->m.info = (struct tws_info){
		.version = "0.1", .kernel = "6.12", .built_for = "6.12",
		.timewait_len_ms = 60000, .bucket_bytes = 264, .hz = 250,
		.rules = TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2,
	};
	s->m.netns = s->m.initial = s->m.shell = HERE;
	s->m.memory_bytes = 8ULL << 30;
	s->summary[0] = a_summary(HERE);
	s->summary[1] = a_summary(OTHER);
	s->m.pressures.summary = s->summary;
	s->m.pressures.n_summaries = 2;
	s->group[0] = a_group(60, 300);
	judge(s, 0, 0);
	s->m.pressures.row = s->row;
	s->m.pressures.n = 1;
	s->m.counters = (struct counters){
		.has = true, .time_wait = 1000000, .overflow = 999,
	};
	s->m.conntrack = (struct conntrack){
		.has = true, .count = 200000, .max = 262144,
		.has_timeout = true, .time_wait_s = 120,
	};
	s->m.has_listening = s->m.has_files = true;
}

/* "do not" is printed before it: what comes first is a verb, no name of a thing. */
static void goes_on_from_do_not(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (!n || text[n] != ' ' || !strncmp(text, "do ", 3))
		fail_msg("do not - %s", text);
}

static void has_no_bad_advice(const char *command)
{
	static const char *const bad[] = {
		"recycle", "LINGER", "ss -K", "tcp_fin_timeout",
		"tcp_timestamps=0", "tcp_max_tw_buckets=0",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (strstr(command, bad[i]))
			fail_msg("advised: %s", command);
}

/* Whatever is found says all that it is to say. */
static void is_whole(const struct finding *one)
{
	unsigned int i;

	assert_true(*one->title);
	assert_true(one->n_evidence);
	assert_true(one->n_do);
	assert_true(one->n_dont);
	for (i = 0; i < one->n_do; i++)
		if (one->to_do[i].command)
			has_no_bad_advice(one->to_do[i].command);
	for (i = 0; i < one->n_dont; i++)
		goes_on_from_do_not(one->dont[i]);
}

/* The ids, set apart by blanks. */
static void finds(const struct scene *s, const char *ids)
{
	char got[1000] = "";
	struct findings f;
	unsigned int i;

	rules_look(&s->m, &f);
	assert_false(f.no_memory);
	for (i = 0; i < f.n; i++) {
		is_whole(&f.row[i]);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
			 i ? " " : "", f.row[i].rule->id);
	}
	findings_free(&f);
	assert_string_equal(got, ids);
}

static char *all_of(const struct finding *one)
{
	char *text;
	size_t len;
	FILE *fp = open_memstream(&text, &len);
	unsigned int i;

	fprintf(fp, "%s\n", one->title);
	for (i = 0; i < one->n_evidence; i++)
		fprintf(fp, "%s\n", one->evidence[i]);
	for (i = 0; i < one->n_do; i++)
		fprintf(fp, "%s\n%s\n", one->to_do[i].command ?
			one->to_do[i].command : "", one->to_do[i].text);
	for (i = 0; i < one->n_dont; i++)
		fprintf(fp, "%s\n", one->dont[i]);
	fclose(fp);
	return text;
}

/*
 * Of the findings of that id one has @words somewhere; with "!" before, none has.
 */
static void says(const struct scene *s, const char *id, const char *words)
{
	bool wanted = *words != '!', seen = false;
	char *text = NULL;
	struct findings f;
	unsigned int i;

	rules_look(&s->m, &f);
	for (i = 0; i < f.n; i++) {
		if (strcmp(f.row[i].rule->id, id))
			continue;
		free(text);
		text = all_of(&f.row[i]);
		seen |= !!strstr(text, words + !wanted);
	}
	findings_free(&f);
	if (!text || seen != wanted)
		fail_msg("%s: '%s' and not:\n%s", id, words, text);
	free(text);
}

static void busy_and_idle(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	finds(&s, "");
	s.m.pressures.n = 0;
	s.summary[0].total = s.summary[0].kernel_count = 0;
	s.summary[0].fin_wait2 = 0;
	s.m.counters = (struct counters){ .has = true };
	finds(&s, "");
	/* a kernel without any of it, and nothing that may be looked at */
	s.m.counters.has = s.m.conntrack.has = s.m.has_listening = false;
	s.m.pressures.n_summaries = 0;
	finds(&s, "");
}

static void exhausted(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.group[0] = a_group(60, 470);
	s.group[0].in_use_searched = 100;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted reuse-loopback-only");
	says(&s, "ports-exhausted", "192.0.2.1 -> 198.51.100.7:443: 28,232 of 28,232 ports taken, 28,200 by TIME_WAIT and 100 in use; 470.0 ports/s over 10 s; 453.4/s");
	says(&s, "ports-exhausted", "27,662 of the 28,200 ports");
	says(&s, "ports-exhausted", "sysctl -w net.ipv4.tcp_tw_reuse=1");
	says(&s, "ports-exhausted", "sysctl -w net.ipv4.ip_local_port_range=\"10000 65535\"");
	says(&s, "ports-exhausted", "55,536 ports instead of 28,232");
	says(&s, "ports-exhausted", "!ip_local_reserved_ports=");
	says(&s, "reuse-loopback-only", "28,200 of 28,200 buckets refused as not loopback");
	/* 0 was somebody's choice: no default is to blame */
	s.summary[0].sysctls.tcp_tw_reuse = 0;
	s.group[0].verdicts[TWSCOPE_VERDICT_DISABLED] = s.group[0].count;
	s.group[0].verdicts[TWSCOPE_VERDICT_NOT_LOOPBACK] = 0;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted");
	says(&s, "ports-exhausted", "net.ipv4.tcp_tw_reuse=1");
}

static void exhausted_where_reuse_is_no_help(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	/* full sockets hold the ports */
	s.group[0] = a_group(60, 10);
	s.group[0].in_use_searched = 27700;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted");
	says(&s, "ports-exhausted", "600 by TIME_WAIT and 27,700 in use");
	says(&s, "ports-exhausted", "ss -tanp dst");
	says(&s, "ports-exhausted", "!keepalive N");
	says(&s, "ports-exhausted", "!sysctl -w net.ipv4.tcp_tw_reuse=1");
	/* none at all in TIME_WAIT */
	s.group[0] = a_group(0, 0);
	s.group[0].in_use_searched = 28232;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted");
	says(&s, "ports-exhausted", "!sysctl -w net.ipv4.tcp_tw_reuse=1");
	/* nothing is known: nothing is said */
	s.group[0] = a_group(60, 470);
	s.group[0].verdicts[TWSCOPE_VERDICT_UNKNOWN] = s.group[0].count;
	s.group[0].verdicts[TWSCOPE_VERDICT_NOT_LOOPBACK] = 0;
	memset(s.group[0].whatif, 0, sizeof(s.group[0].whatif));
	s.group[0].whatif[TWSCOPE_VERDICT_UNKNOWN] = s.group[0].count;
	s.group[0].in_use_searched = 100;
	s.m.info.rules = TWSCOPE_RULES_UNKNOWN;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted rules-unknown");
	says(&s, "ports-exhausted", "!tcp_tw_reuse");
}

static void widening(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.group[0] = a_group(60, 480);
	judge(&s, 0, 0);
	/* below, within the new range, within the old one */
	s.m.listening[22 / 8] |= 1 << 22 % 8;
	s.m.listening[15000 / 8] |= 1 << 15000 % 8;
	s.m.listening[65535 / 8] |= 1 << 65535 % 8;
	s.m.listening[40000 / 8] |= (uint8_t)(1 << 40000 % 8);
	/* UDP has the same range */
	s.m.udp[64738 / 8] |= 1 << 64738 % 8;
	strcpy(s.m.reserved_ports, "8080,9000-9010");
	says(&s, "ports-exhausted", "net.ipv4.ip_local_reserved_ports=8080,9000-9010,15000,64738,65535\n");
	/* none of a shell's business */
	strcpy(s.m.reserved_ports, "1;reboot");
	says(&s, "ports-exhausted", "!reboot");
	says(&s, "ports-exhausted", "from 10000 to 65535 into ip_local_reserved_ports");
	/* one end even, the other odd; and not where there is little to win */
	s.summary[0].sysctls.ip_local_port_range_min = 9001;
	s.summary[0].sysctls.ip_local_port_range_max = 30000;
	judge(&s, 0, 0);
	says(&s, "ports-exhausted", "=\"9001 65534\"");
	s.summary[0].sysctls.ip_local_port_range_min = 1024;
	s.summary[0].sysctls.ip_local_port_range_max = 64000;
	s.group[0] = a_group(60, 1100);
	judge(&s, 0, 0);
	says(&s, "ports-exhausted", "!ip_local_port_range=");
}

static void running_out(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	/* above what goes on for good, seen for ten seconds */
	s.group[0] = a_group(11, 600);
	judge(&s, 0, 0);
	finds(&s, "ports-running-out reuse-loopback-only");
	says(&s, "ports-running-out", "to 1 destination, none in 36.");
	/* a burst of a second, and of two */
	s.group[0] = a_group(1, 5000);
	judge(&s, 0, 0);
	assert_true(s.row[0].now.exhausted_s > 0);
	finds(&s, "");
	s.group[0] = a_group(3, 4000);
	judge(&s, 0, 0);
	assert_true(s.row[0].now.exhausted_s > 0);
	finds(&s, "");
	/* but one that took half of the ports */
	s.group[0] = a_group(3, 5000);
	judge(&s, 0, 0);
	finds(&s, "ports-running-out reuse-loopback-only");
	/* few are left, and it lasts */
	s.group[0] = a_group(60, 10);
	s.group[0].in_use_searched = 24810;
	judge(&s, 0, 0);
	assert_true(s.row[0].now.exhausted_s < 0);
	finds(&s, "ports-running-out");
	says(&s, "ports-running-out", "though it lasts at this rate");
	s.group[0].in_use_searched = 24809;
	judge(&s, 0, 0);
	finds(&s, "");
}

static void several_destinations(void **state)
{
	struct pressure_row many[8];
	struct scene s;
	unsigned int i;

	(void)state;
	healthy(&s);
	s.group[0] = a_group(60, 480);
	judge(&s, 0, 0);
	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = s.row[0];
	s.m.pressures.row = many;
	s.m.pressures.n = ARRAY_SIZE(many);
	finds(&s, "ports-exhausted reuse-loopback-only");
	says(&s, "ports-exhausted", "to 8 destinations");
	says(&s, "ports-exhausted", "and 3 more: twctl pressure --top 0");
	/* in the other namespace, which has no name */
	for (i = 0; i < 2; i++)
		many[i].summary = &s.summary[1];
	finds(&s, "ports-exhausted ports-exhausted reuse-loopback-only reuse-loopback-only");
	says(&s, "ports-exhausted", "nsenter --net=NETNS_4026532999 sysctl -w net.ipv4.tcp_tw_reuse=1");
	/* with -N: who types the command is not where we looked */
	s.m.shell = OTHER;
	says(&s, "ports-exhausted", "nsenter --net=NETNS_4026531840 sysctl -w net.ipv4.tcp_tw_reuse=1");
	says(&s, "ports-exhausted", "!NETNS_4026532999");
}

static void timestamps(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	/* by default nobody wanted it */
	s.summary[0].sysctls.tcp_timestamps = 0;
	judge(&s, 0, 0);
	finds(&s, "");
	s.summary[0].sysctls.tcp_tw_reuse = 1;
	judge(&s, 0, 0);
	finds(&s, "reuse-no-timestamps");
	says(&s, "reuse-no-timestamps", "sysctl -w net.ipv4.tcp_timestamps=1");
	/* the peer has none, and ports are short, or not */
	s.summary[0].sysctls.tcp_timestamps = 1;
	s.group[0].verdicts[TWSCOPE_VERDICT_NO_TIMESTAMP] = s.group[0].count;
	s.group[0].verdicts[TWSCOPE_VERDICT_NOT_LOOPBACK] = 0;
	judge(&s, 0, 0);
	finds(&s, "");
	s.group[0].in_use_searched = 11000;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted reuse-no-timestamps");
	says(&s, "reuse-no-timestamps", "without timestamps: those to 1 destination short");
	s.summary[0].sysctls.tcp_tw_reuse = 0;
	memset(s.group[0].whatif, 0, sizeof(s.group[0].whatif));
	s.group[0].whatif[TWSCOPE_VERDICT_NO_TIMESTAMP] = s.group[0].count;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted");
	says(&s, "ports-exhausted", "tcp_tw_reuse=1: here it would free 0 of the 18,000");
	says(&s, "ports-exhausted", "!sysctl -w net.ipv4.tcp_tw_reuse=1");
	/* without timestamps here, it takes both */
	s.summary[0].sysctls.tcp_timestamps = 0;
	judge(&s, 0, 0);
	says(&s, "ports-exhausted", "set tcp_timestamps=1 and tcp_tw_reuse=1, both: ");
	says(&s, "ports-exhausted", "!here it would free");
	s.summary[0].sysctls.tcp_tw_reuse = 2;
	judge(&s, 0, 0);
	finds(&s, "ports-exhausted reuse-no-timestamps");
	says(&s, "reuse-no-timestamps", "sysctl -w net.ipv4.tcp_timestamps=1\n");
	says(&s, "reuse-no-timestamps", "sysctl -w net.ipv4.tcp_tw_reuse=1\n");
	says(&s, "reuse-no-timestamps", "!to another value");
	/* on loopback 2 does */
	s.group[0].local[0] = s.group[0].remote[0] = 127;
	judge(&s, 0, 0);
	says(&s, "reuse-no-timestamps", "!sysctl -w net.ipv4.tcp_tw_reuse=1");
	says(&s, "reuse-no-timestamps", "to another value for this");
}

static void other_netns(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.summary[0].sysctls.tcp_tw_reuse = 1;
	s.summary[0].sysctls.ip_local_port_range_min = 10000;
	judge(&s, 0, 0);
	/* worse, and in no need */
	finds(&s, "");
	s.summary[1].kernel_count = 120000;
	finds(&s, "netns-sysctls overflow-near");
	says(&s, "netns-sysctls", "tcp_tw_reuse is 2 here, and 1 in the initial namespace");
	says(&s, "netns-sysctls", "ip_local_port_range is 32768-60999 here, and 10000-60999");
	says(&s, "netns-sysctls", "!tcp_max_tw_buckets is");
	/* better, and in need */
	s.summary[1].sysctls = s.summary[0].sysctls;
	s.summary[1].sysctls.ip_local_port_range_min = 1024;
	finds(&s, "overflow-near");
	s.summary[0].sysctls.tcp_tw_reuse = 2;
	finds(&s, "overflow-near");
	s.summary[0].sysctls.tcp_tw_reuse = 1;
	s.summary[1].sysctls.tcp_tw_reuse = 2;
	s.m.initial = 0;
	finds(&s, "overflow-near");
}

/* A source address with so many ports, of which so many were bound. */
static void a_pool(struct scene *s, uint32_t ports, uint32_t bound)
{
	s->pool = (struct tws_group){
		.local_family = AF_INET, .local = { 192, 0, 2, 1 },
		.count = ports, .local_ports = ports, .has_local_ports = true,
		.n_closes = TWSCOPE_CLOSES_SLOTS,
	};
	s->pool.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = bound;
	s->pool.verdicts[TWSCOPE_VERDICT_NOT_LOOPBACK] = ports - bound;
	s->source.group = &s->pool;
	s->source.summary = &s->summary[0];
	s->summary[0].bind_blocked_ports = bound < 14116 ? bound : 14115;
	pressure_of_source(&s->pool, &s->summary[0], &s->m.info, &s->source.now);
	s->m.pressures.source = &s->source;
	s->m.pressures.n_sources = 1;
}

static void bind_pools(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	a_pool(&s, 20000, 10000);
	finds(&s, "");
	a_pool(&s, 28232, 28000);
	finds(&s, "bind-pool-exhausted");
	says(&s, "bind-pool-exhausted", "IP_BIND_ADDRESS_NO_PORT");
	says(&s, "bind-pool-exhausted", "bind() knows no reuse");
	says(&s, "bind-pool-exhausted", "!sysctl -w net.ipv4.tcp_");
	says(&s, "bind-pool-exhausted", "sysctl -w net.ipv4.ip_local_port_range=\"10000 65535\"\n");
	says(&s, "bind-pool-exhausted", "192.0.2.1: 28,232 of 28,232 ports");
	a_pool(&s, 26000, 10000);
	finds(&s, "bind-pool-running-out");
	/* a few among those of connect() are in nobody's way */
	a_pool(&s, 28232, 2800);
	finds(&s, "");
	a_pool(&s, 20000, 10000);
	s.summary[0].bind_blocked_ports = 14115;
	finds(&s, "");
	s.summary[0].bind_blocked_ports = 14116;
	finds(&s, "bind-blocked");
}

static void server_ports(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.port = (struct tws_group){
		.local_port = 8080, .count = 5, .latest_ms = 12300,
	};
	s.m.server_ports.row = &s.port;
	s.m.server_ports.n = 1;
	finds(&s, "server-port");
	says(&s, "server-port", "5 buckets at local port 8080, outside of ip_local_port_range; the last ends in 12.3 s");
	s.m.listening[8080 / 8] |= 1 << 8080 % 8;
	finds(&s, "");
	s.m.listening[8080 / 8] = 0;
	s.port.count = 4;
	finds(&s, "");
	s.port.count = 5;
	/* served by one that listens elsewhere */
	s.port.in_use = 1;
	finds(&s, "");
	s.port.in_use = 0;
	s.m.has_listening = false;
	finds(&s, "");
}

static void limits(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.summary[0].kernel_count = 117964;
	finds(&s, "");
	s.summary[0].kernel_count = 117965;
	finds(&s, "overflow-near");
	says(&s, "overflow-near", "sysctl -w net.ipv4.tcp_max_tw_buckets=262144");
	says(&s, "overflow-near", "take 66.0 MiB of this machine's 8.0 GiB");
	s.summary[0].kernel_count = 128451;
	finds(&s, "overflow");
	says(&s, "overflow", "TCPTimeWaitOverflow: 999 closes");
	says(&s, "overflow", "log has no line of it: 'time wait bucket table overflow' was one of older kernels");
	s.summary[0].kernel_count = 20000;
	/* one of a thousand */
	s.m.counters.overflow = 1000;
	finds(&s, "overflow-counted");
	says(&s, "overflow-counted", "log has no line of it");
	s.m.has_stats = true;
	finds(&s, "");
	/* half of the default */
	s.m.counters.overflow = 0;
	s.summary[0].limit = 65536;
	finds(&s, "");
	s.summary[0].limit = 65535;
	finds(&s, "limit-lowered");
	says(&s, "limit-lowered", "the kernel's default here is 131,072");
	says(&s, "limit-lowered", "tcp_max_tw_buckets=131072");
	/* none at all */
	s.summary[0].limit = s.summary[0].kernel_count = 0;
	finds(&s, "overflow limit-lowered");
	/* as high as it goes */
	s.summary[0].limit = s.summary[0].kernel_count = INT32_MAX;
	says(&s, "overflow", "!sysctl -w");
}

static void fin_wait2(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.summary[0].fin_wait2 = 4999;
	finds(&s, "");
	s.summary[0].fin_wait2 = 5000;
	finds(&s, "fin-wait2");
	says(&s, "fin-wait2", "5,000 of 20,000 buckets are in FIN_WAIT2");
	s.summary[0].fin_wait2 = s.summary[0].total = 999;
	finds(&s, "");
}

static void connection_tracking(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.m.conntrack.count = 235929;
	finds(&s, "");
	s.m.conntrack.count = 235930;
	finds(&s, "conntrack-near");
	says(&s, "conntrack-near", "nf_conntrack_tcp_timeout_time_wait is 120 s");
	s.m.conntrack.count = 256902;
	finds(&s, "conntrack-full");
	s.m.conntrack.max = 0;
	finds(&s, "");
}

static void files(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	s.line[0] = (struct sysctl_line){
		.file = "/etc/sysctl.conf", .number = 7,
		.key = "net.ipv4.tcp_tw_recycle", .value = "1",
	};
	s.line[1] = (struct sysctl_line){
		.file = "/etc/sysctl.d/a.conf", .number = 1,
		.key = "net.ipv4.tcp_fin_timeout", .value = "60", .exists = true,
	};
	s.m.files.line = s.line;
	s.m.files.n = 2;
	finds(&s, "sysctl-recycle");
	says(&s, "sysctl-recycle", "/etc/sysctl.conf:7: net.ipv4.tcp_tw_recycle = 1\n");
	strcpy(s.line[1].value, "59");
	finds(&s, "sysctl-recycle sysctl-fin-timeout");
	s.summary[0].timewait = 999;
	finds(&s, "sysctl-recycle");
	s.summary[0].timewait = 1000;
	s.summary[0].fin_wait2 = 1001;
	finds(&s, "sysctl-recycle");
	s.summary[0] = a_summary(HERE);
	strcpy(s.line[0].key, "net.ipv4.tcp_tw_timeout");
	s.m.files.n = 1;
	finds(&s, "sysctl-unknown");
	s.line[0].may_fail = true;
	finds(&s, "");
	s.line[0].may_fail = false;
	/* elsewhere some are not to be seen */
	s.m.netns = OTHER;
	finds(&s, "");
	s.m.netns = s.m.initial = 0;
	finds(&s, "");
	s.m.netns = s.m.initial = HERE;
	strcpy(s.line[0].key, "net.ipv4.ip_no_such");
	finds(&s, "");
}

/* Observed here, in the other namespace, and in those that ended. */
static void observe(struct scene *s)
{
	unsigned int i;

	healthy(s);
	s->m.info.observing = s->m.has_stats = s->m.has_hooks = true;
	s->m.stats = s->stats;
	s->m.n_stats = 3;
	for (i = 0; i < 3; i++) {
		s->stats[i].observed_ms = 100000;
		s->stats[i].has_netns = i < 2;
		s->stats[i].ended_netns = i == 2;
		s->stats[i].netns = i ? OTHER : HERE;
		s->stats[i].has_segments = true;
		s->stats[i].created_time_wait = 100000;
		s->stats[i].ended.n = TWSCOPE_N_CAUSES;
		s->stats[i].decisions.n = TWSCOPE_N_DECISIONS;
		s->stats[i].ended.v[TWSCOPE_CAUSE_TIMER] = 80000;
	}
	s->m.hooks.hook = s->hook;
	s->m.hooks.n = 2;
	strcpy(s->hook[1].symbol, "tcp_twsk_unique");
}

static void observed_closes(void **state)
{
	struct scene s;

	(void)state;
	observe(&s);
	finds(&s, "");
	s.stats[0].overflow = 99;
	finds(&s, "");
	s.stats[0].overflow = 100;
	finds(&s, "overflow-counted");
	says(&s, "overflow-counted", "observed for 1 min 40 s: 100 closes left no bucket at the limit, 100,000 left one");
	says(&s, "overflow-counted", "log has no line of it");
	/* once is enough: at the limit that is told with the figures */
	s.summary[1].kernel_count = s.summary[1].limit;
	s.summary[0].kernel_count = s.summary[0].limit;
	finds(&s, "overflow overflow");
	says(&s, "overflow", "observed for 1 min 40 s: 100 closes left no bucket at the limit, 100,000 left one");
	s.summary[1].kernel_count = s.summary[0].kernel_count = 20000;
	s.stats[0].overflow = 0;
	s.stats[1].out_of_memory = 1;
	finds(&s, "out-of-memory");
	says(&s, "out-of-memory", "!sysctl -w");
	/* a namespace that is gone needs no cure */
	s.stats[1].out_of_memory = 0;
	s.stats[2].out_of_memory = s.stats[2].overflow = 1000;
	finds(&s, "");
}

static void observed_syns(void **state)
{
	uint64_t *v;
	struct scene s;

	(void)state;
	observe(&s);
	v = s.stats[0].decisions.v;
	v[TWSCOPE_DECISION_CHALLENGE_ACK] = 17;
	v[TWSCOPE_DECISION_PAWS_REJECT] = 3;
	v[TWSCOPE_DECISION_SYN_SEQUENCE] = 1000;
	v[TWSCOPE_DECISION_SYN_TIMESTAMP] = 980;
	finds(&s, "syns-refused");
	says(&s, "syns-refused", "20 of 2,000 SYNs");
	says(&s, "syns-refused", "paws-reject: 3 times");
	v[TWSCOPE_DECISION_SYN_SEQUENCE] = 1100;
	finds(&s, "");
	v[TWSCOPE_DECISION_SYN_SEQUENCE] = 0;
	v[TWSCOPE_DECISION_CHALLENGE_ACK] = 16;
	finds(&s, "");
	v[TWSCOPE_DECISION_CHALLENGE_ACK] = 17;
	s.stats[0].has_segments = false;
	finds(&s, "");
}

static void observed_rsts(void **state)
{
	struct scene s;

	(void)state;
	observe(&s);
	s.stats[0].ended.v[TWSCOPE_CAUSE_TIMER] = 900;
	s.stats[0].ended.v[TWSCOPE_CAUSE_RST] = 100;
	finds(&s, "assassinated");
	says(&s, "assassinated", "of 1,000 buckets that ended, 100 ended by an RST");
	s.stats[0].ended.v[TWSCOPE_CAUSE_TIMER] = 910;
	finds(&s, "");
	s.stats[0].ended.v[TWSCOPE_CAUSE_TIMER] = 0;
	s.summary[0].sysctls.tcp_rfc1337 = 1;
	finds(&s, "");
	s.summary[0].sysctls.tcp_rfc1337 = 0;
	s.stats[0].ended.v[TWSCOPE_CAUSE_RST] = 99;
	finds(&s, "");
}

static void ourselves(void **state)
{
	struct scene s;

	(void)state;
	observe(&s);
	s.stats[2].verdict_mismatch = 1;
	finds(&s, "verdict-mismatch");
	says(&s, "verdict-mismatch", "twctl verify\n");
	s.stats[2].verdict_mismatch = 0;
	s.stats[0].segment_mismatch = 1;
	finds(&s, "verdict-mismatch");
	s.stats[0].segment_mismatch = 0;
	/* a clock ticked */
	s.stats[0].verdict_boundary = 1000;
	finds(&s, "");
	s.hook[1].missed = 7;
	finds(&s, "hooks-missed");
	says(&s, "hooks-missed", "tcp_twsk_unique: missed 7 times");
	s.hook[1].missed = 0;
	s.m.info.rules = TWSCOPE_RULES_UNKNOWN;
	finds(&s, "rules-unknown");
}

static void the_worst_first(void **state)
{
	struct scene s;

	(void)state;
	healthy(&s);
	/* limit-lowered is asked after overflow, and conntrack before both */
	s.summary[0].limit = s.summary[0].kernel_count = 5000;
	s.m.conntrack.count = 240000;
	s.summary[0].total = s.summary[0].fin_wait2 = 5000;
	finds(&s, "overflow conntrack-near fin-wait2 limit-lowered");
}

static char *the_document(void)
{
	static char text[100000];
	FILE *fp = fopen(DOCTOR_MD, "r");

	assert_non_null(fp);
	text[fread(text, 1, sizeof(text) - 1, fp)] = '\0';
	fclose(fp);
	return text;
}

/* A section for each rule, and a rule for each section. */
static void documented(void **state)
{
	char *text = the_document(), *at, head[64];
	size_t i, sections = 0;

	(void)state;
	for (i = 0; i < N_DOCTOR_RULES; i++) {
		snprintf(head, sizeof(head), "\n## %s\n", doctor_rules[i].id);
		if (!strstr(text, head))
			fail_msg("docs/doctor.md has no section %s",
				 doctor_rules[i].id);
		assert_true(*doctor_rules[i].brief);
	}
	for (at = text; (at = strstr(at, "\n## ")); at++)
		sections++;
	assert_int_equal(sections, N_DOCTOR_RULES);
}

/* An "ip netns" of that name, which is the other namespace from then on. */
static struct netns_names *named(struct scene *s, const char *dir,
				 const char *name)
{
	const struct netns_places places = {
		.proc = dir, .netns = dir, .docker = dir,
	};
	struct netns_names *names;
	struct stat st;
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(symlink("/proc/self/ns/net", path), 0);
	assert_int_equal(stat(path, &st), 0);
	names = netns_names_load_from(&places, NETNS_CHEAP);
	unlink(path);
	s->m.names = names;
	s->summary[1].netns = (uint32_t)st.st_ino;
	return names;
}

/* What others chose is in a command only where a shell takes it as it is. */
static void names_of_namespaces(void **state)
{
	char dir[] = "/tmp/twctl-rules-XXXXXX", name[NAME_MAX + 1] = "";
	struct netns_names *names;
	struct scene s;

	(void)state;
	assert_non_null(mkdtemp(dir));
	healthy(&s);
	s.summary[1].limit = 100;
	s.summary[1].kernel_count = 0;
	names = named(&s, dir, "web-1.a");
	says(&s, "limit-lowered", "ip netns exec web-1.a sysctl -w net.ipv4.tcp_max_tw_buckets=131072\n");
	netns_names_free(names);
	memset(name, 'n', NAME_MAX);
	names = named(&s, dir, name);
	says(&s, "limit-lowered", "nn sysctl -w net.ipv4.tcp_max_tw_buckets=131072\n");
	netns_names_free(names);
	names = named(&s, dir, "a;reboot");
	says(&s, "limit-lowered", "!reboot");
	says(&s, "limit-lowered", "nsenter --net=NETNS_");
	netns_names_free(names);
	names = named(&s, dir, "-batch");
	says(&s, "limit-lowered", "!-batch");
	netns_names_free(names);
	rmdir(dir);
}

static void printed(void **state)
{
	struct doctor_report r;
	struct findings f;
	struct scene s;
	json_t *j;
	struct out *o;

	(void)state;
	healthy(&s);
	s.group[0] = a_group(60, 480);
	judge(&s, 0, 0);
	rules_look(&s.m, &f);
	r = (struct doctor_report){ .machine = &s.m, .findings = &f };
	o = open_out(true, &plain, OUT_DOCTOR);
	out_doctor(o, &r);
	j = parsed(close_out(o, false));
	assert_int_equal(json_array_size(member(j, "findings")), 2);
	assert_int_equal(number(json_array_get(member(j, "findings"), 0), "netns"), HERE);
	assert_string_equal(string(json_array_get(member(j, "findings"), 0), "severity"), "critical");
	assert_int_equal(number(member(j, "looked_at"), "destinations"), 1);
	json_decref(j);
	o = open_out(false, &plain, OUT_DOCTOR);
	out_doctor(o, &r);
	fits(close_out(o, false));
	findings_free(&f);
}

/* What is not to be done is said once to a reader, and whole to a program. */
static void said_once(void **state)
{
	struct doctor_report r;
	struct findings f;
	struct scene s;
	struct out *o;
	char *got, *first;
	json_t *j;

	(void)state;
	healthy(&s);
	s.group[0] = a_group(60, 480);
	s.group[1] = a_group(60, 480);
	s.m.pressures.n = 2;
	judge(&s, 0, 0);
	judge(&s, 1, 1);
	rules_look(&s.m, &f);
	r = (struct doctor_report){ .machine = &s.m, .findings = &f };
	o = open_out(false, &plain, OUT_DOCTOR);
	out_doctor(o, &r);
	got = close_out(o, false);
	first = strstr(got, "- lower tcp_max_tw_buckets: ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "- lower tcp_max_tw_buckets: "));
	assert_non_null(strstr(first, "\ndo not    - what is said above\n"));
	free(got);
	o = open_out(true, &plain, OUT_DOCTOR);
	out_doctor(o, &r);
	j = parsed(close_out(o, false));
	assert_int_equal(json_array_size(member(json_array_get(member(j, "findings"), 0), "do_not")), 4);
	assert_int_equal(json_array_size(member(json_array_get(member(j, "findings"), 1), "do_not")), 4);
	json_decref(j);
	findings_free(&f);
}

static void nothing_printed(void **state)
{
	struct doctor_report r;
	struct findings f;
	struct scene s;
	struct out *o;

	(void)state;
	healthy(&s);
	rules_look(&s.m, &f);
	r = (struct doctor_report){ .machine = &s.m, .findings = &f };
	o = open_out(false, &plain, OUT_DOCTOR);
	out_doctor(o, &r);
	is_text(close_out(o, false),
		"nothing found\n"
		"\n"
		"looked at 2 network namespaces, 1 destination, 0 source addresses that bind(); 0\n"
		"          lines of sysctl files; who listens; connection tracking\n"
		"not seen  what the kernel decides on each bucket: that is known after 'twctl\n"
		"          observe on'\n");
	o = open_out(true, &plain, OUT_DOCTOR);
	out_doctor(o, &r);
	is_text(close_out(o, false),
		"{\"findings\":[],\"looked_at\":{\"namespaces\":2,\"destinations\":1,\"bind_pools\":0,\"sysctl_lines\":0,\"observed\":false,\"hooks\":false,\"listeners\":true,\"counters\":true,\"conntrack\":true}}\n");
	findings_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_and_idle),
		cmocka_unit_test(exhausted),
		cmocka_unit_test(exhausted_where_reuse_is_no_help),
		cmocka_unit_test(widening),
		cmocka_unit_test(running_out),
		cmocka_unit_test(several_destinations),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(other_netns),
		cmocka_unit_test(bind_pools),
		cmocka_unit_test(server_ports),
		cmocka_unit_test(limits),
		cmocka_unit_test(fin_wait2),
		cmocka_unit_test(connection_tracking),
		cmocka_unit_test(files),
		cmocka_unit_test(observed_closes),
		cmocka_unit_test(observed_syns),
		cmocka_unit_test(observed_rsts),
		cmocka_unit_test(ourselves),
		cmocka_unit_test(the_worst_first),
		cmocka_unit_test(documented),
		cmocka_unit_test(names_of_namespaces),
		cmocka_unit_test(printed),
		cmocka_unit_test(said_once),
		cmocka_unit_test(nothing_printed),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
