// SPDX-License-Identifier: GPL-2.0
/* ctl/out_text.c and ctl/out_json.c: records as people and programs get them. */
#include <locale.h>
#include <sys/socket.h>

#include "printed.h"
#include "test.h"

static uint32_t closes[60], remaining[61], waits[TWSCOPE_WAIT_SLOTS];

static struct tws_summary busy(void)
{
	unsigned int i;

	for (i = 0; i < 60; i++)
		closes[i] = i < 8 ? 100 * (8 - i) : 0;
	memset(remaining, 0, sizeof(remaining));
	remaining[0] = 345;
	remaining[20] = 2000;
	remaining[50] = 9990;
	remaining[60] = 10;
	memset(waits, 0, sizeof(waits));
	waits[5] = 100;
	waits[9] = 200;
	waits[10] = 700;
	return (struct tws_summary){
		.netns = 4026531840U,
		.total = 12345, .timewait = 12001, .fin_wait2 = 344,
		.ipv4 = 12300, .ipv6 = 40, .ipv4_mapped = 5,
		.kernel_count = 12347, .kernel_count_before = 12346,
		.walk_us = 1234, .limit = 262144, .bytes = 12345 * 264,
		.remaining = { remaining, 61 }, .closes = { closes, 60 },
		.ehash_entries = 131072,
		.sysctls = {
			.tcp_tw_reuse = 2, .tcp_timestamps = 1,
			.tcp_max_tw_buckets = 262144, .tcp_fin_timeout = 60,
			.tcp_invalid_ratelimit = 500,
			.ip_local_port_range_min = 32768,
			.ip_local_port_range_max = 60999,
			.ip_local_reserved_ports = 3,
		},
		.verdicts = { 0, 2345, 1000, 8000, 500, 344, 150, 6 },
		.bound_verdicts = { 0, 12195, [6] = 150 },
		.wait = { waits, TWSCOPE_WAIT_SLOTS },
	};
}

static struct tws_summary idle(void)
{
	struct tws_summary s = busy();

	memset(closes, 0, sizeof(closes));
	memset(remaining, 0, sizeof(remaining));
	memset(waits, 0, sizeof(waits));
	memset(s.verdicts, 0, sizeof(s.verdicts));
	memset(s.bound_verdicts, 0, sizeof(s.bound_verdicts));
	s.total = s.timewait = s.fin_wait2 = s.ipv4 = s.ipv6 = s.ipv4_mapped = 0;
	s.kernel_count = s.kernel_count_before = 0;
	s.bytes = 0;
	s.walk_us = 321;
	s.sysctls.ip_local_reserved_ports = 0;
	s.sysctls.has_tcp_tw_reuse_delay = true;
	s.sysctls.tcp_tw_reuse_delay = 1000;
	s.ehash_pernet = true;
	return s;
}

static char *summary_text(const struct tws_summary *s,
			  const struct out_options *opt)
{
	struct out *o = open_out(false, opt, OUT_SUMMARY);

	assert_int_equal(out_summary(o, s), 0);
	return close_out(o, false);
}

static void summary_screen(void **state)
{
	struct tws_summary s = busy();

	(void)state;
	is_text(summary_text(&s, &plain),
"TIME_WAIT buckets of network namespace 4026531840\n"
"\n"
"buckets   12,345 of 262,144 (4.7 %)  [-...............]  3.1 MiB\n"
"          12,001 time-wait, 344 fin-wait2\n"
"          ss -s and sockstat tw count both, ss state time-wait the first alone\n"
"          12,300 ipv4, 40 ipv6, 5 ipv4-mapped\n"
"kernel    12,347 by its own count (131,072 chains read in 1.2 ms)\n"
"\n"
"closes/s  last 60 s, where the bucket is still here: peak 800, mean 60.0\n"
"          ____________________________________________________.:-=+*##\n"
"          60 s ago                                                 now\n"
"due       within 10 s: 345   30 s: 2,345   60 s: 12,335   later: 10\n"
"          the kernel's timer may end a bucket some seconds late\n"
"\n"
"verdicts  would connect() to the same destination take the bucket's place?\n"
"              2,345   19.0 %  [#-......]  reusable now\n"
"              1,000    8.1 %  [-.......]  too young: reusable within 1.1 s\n"
"              8,000   64.8 %  [#####-..]  refused: tcp_tw_reuse is 0\n"
"                500    4.1 %  [-.......]  refused: tcp_tw_reuse=2, not loopback\n"
"                344    2.8 %  [-.......]  refused: FIN_WAIT2, peer not closed\n"
"                150    1.2 %  [-.......]  refused: the peer sent no timestamps\n"
"                  6   <0.1 %  [-.......]  skipped: made or joined by bind()\n"
"          waits 16 ms .___:# 1.1 s, each cell twice as long\n"
"          if bind() gives the port: 12,195 reusable, 150 no-timestamp\n"
"\n"
"sysctls   tcp_tw_reuse=2 (loopback only)\n"
"          tcp_timestamps=1  tcp_rfc1337=0  tcp_fin_timeout=60 (FIN_WAIT2 only)\n"
"          ip_local_port_range=32768-60999: 28,232 ports, 3 of them reserved\n");
}

/* Each verdict is told by its name, or by the reason; nothing is wider than a screen. */
static void summary_verdicts(void **state)
{
	struct tws_summary s = busy();
	unsigned int i;
	char *got;

	(void)state;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		s.verdicts[i] = 5;
	s.bind_blocked_ports = 28000;
	fits(summary_text(&s, &plain));
	got = summary_text(&s, &plain);
	assert_non_null(strstr(got, "  not searched: out of range or reserved\n"));
	free(got);
	/* nothing is counted otherwise elsewhere */
	s.fin_wait2 = 0;
	got = summary_text(&s, &plain);
	assert_null(strstr(got, "ss -s"));
	free(got);
}

/* Of a part nothing is compared with what the kernel counts, or allows, of all. */
static void summary_of_a_filter(void **state)
{
	const struct out_options opt = { .cpus = 2, .filtered = true };
	struct tws_summary s = busy();
	char *got;

	(void)state;
	s.kernel_count = s.kernel_count_before = 18300;
	got = summary_text(&s, &opt);
	assert_ptr_equal(got, strstr(got,
"TIME_WAIT buckets of network namespace 4026531840, filtered\n"
"\n"
"buckets   12,345 pass the filter  3.1 MiB\n"
"          12,001 time-wait, 344 fin-wait2\n"
"          12,300 ipv4, 40 ipv6, 5 ipv4-mapped\n"
"kernel    18,300 by its own count, of all (131,072 chains read in 1.2 ms)\n"
"\n"
"closes/s  "));
	free(got);
	s.limit = 18301;
	got = summary_text(&s, &opt);
	assert_non_null(strstr(got, "WARNING   99.9 % of the limit"));
	free(got);
	s = idle();
	got = summary_text(&s, &opt);
	assert_non_null(strstr(got, "buckets   none pass the filter\n"));
	free(got);
}

static void summary_in_utf8(void **state)
{
	const struct out_options opt = { .cpus = 2, .utf8 = true, .no_header = true };
	struct tws_summary s = busy();
	char *got = summary_text(&s, &opt);

	(void)state;
	assert_non_null(strstr(got, "\n          ▁▁▁▁▁▁▁"));
	assert_non_null(strstr(got, "▁▁▂▃▄▅▆▇██\n"));
	assert_non_null(strstr(got, "(4.7 %)  ▊░░░░░░░░░░░░░░░  3.1 MiB\n"));
	assert_null(strstr(got, "network namespace"));
	assert_int_equal(strncmp(got, "buckets ", 8), 0);
	free(got);
}

static void summary_of_nothing(void **state)
{
	struct tws_summary s = idle();

	(void)state;
	is_text(summary_text(&s, &plain),
"TIME_WAIT buckets of network namespace 4026531840\n"
"\n"
"buckets   none of 262,144\n"
"kernel    0 by its own count (own hash of 131,072 chains read in 321 us)\n"
"\n"
"closes/s  none in the last 60 s that left a bucket\n"
"\n"
"sysctls   tcp_tw_reuse=2 (loopback only)  tcp_tw_reuse_delay=1000 ms\n"
"          tcp_timestamps=1  tcp_rfc1337=0  tcp_fin_timeout=60 (FIN_WAIT2 only)\n"
"          ip_local_port_range=32768-60999: 28,232 ports, none reserved\n");
}

static bool says(const struct tws_summary *s, const char *what)
{
	char *got = summary_text(s, &plain);
	bool found = strstr(got, what);

	free(got);
	return found;
}

static void warns_of_the_limit(void **state)
{
	struct tws_summary s = busy();

	(void)state;
	assert_false(says(&s, "WARNING"));
	s.limit = 13719;
	assert_false(says(&s, "WARNING"));
	s.limit = 13718;
	assert_true(says(&s, "WARNING   90.0 % of the limit. At the limit new closes skip TIME_WAIT"));
	s.limit = 12347;
	assert_true(says(&s,
"WARNING   the limit is reached: new closes skip TIME_WAIT, live buckets stay.\n"
"          TCPTimeWaitOverflow counts the closes that skipped it.\n"));
	/* none may be made at all */
	s = idle();
	s.limit = 0;
	assert_true(says(&s, "WARNING   the limit is reached"));
}

static void warns_of_a_difference(void **state)
{
	struct tws_summary s = busy();

	(void)state;
	/* the counter moved by 1, 1145 a second for 1.234 ms are 2, 2 CPUs give 4 */
	s.kernel_count_before = 12351;
	s.kernel_count = s.total + 7;
	assert_false(says(&s, "WARNING"));
	s.kernel_count_before = 12352;
	s.kernel_count = s.total + 8;
	assert_true(says(&s,
"WARNING   the walk found 12,345 buckets, the kernel counts 12,353: what came\n"
"          and went during the walk explains a difference of 7, not of 8.\n"));
	/* buckets of which the kernel knows nothing */
	s.kernel_count = s.kernel_count_before = s.total - 7;
	assert_true(says(&s, "WARNING"));
}

/* Each line fits the screen, with the numbers of a very busy machine as well. */
static void eighty_columns(void **state)
{
	struct tws_summary s = busy();
	struct tws_info info = { .features = 1 };
	struct out *o;
	unsigned int i;

	(void)state;
	s.total = s.timewait = s.kernel_count = 1900000;
	s.fin_wait2 = s.ipv4_mapped = s.ipv6 = 1000000;
	s.limit = 2000000;
	s.bytes = 1900000ULL * 264;
	s.walk_us = 250000;
	s.ehash_pernet = true;
	s.ehash_entries = 1 << 16;
	s.sysctls.has_tcp_tw_reuse_delay = true;
	s.kernel_count_before = 1900000;
	for (i = 0; i < 61; i++)
		remaining[i] = 30000;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		s.verdicts[i] = s.bound_verdicts[i] = 1000000;
	s.wait = (struct tws_hist){ remaining, TWSCOPE_WAIT_SLOTS };
	fits(summary_text(&s, &plain));
	o = open_out(false, &plain, OUT_INFO);
	out_info(o, &info, NULL);
	fits(close_out(o, false));
	info.rules = TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN;
	info.rules_told = true;
	o = open_out(false, &plain, OUT_INFO);
	out_info(o, &info, NULL);
	fits(close_out(o, false));
}

static void histograms_of_other_lengths(void **state)
{
	struct tws_summary s = busy();
	uint32_t many[200];
	unsigned int i;

	(void)state;
	for (i = 0; i < 200; i++)
		many[i] = 1;
	s.closes = (struct tws_hist){ many, 200 };
	assert_true(says(&s, "last 60 s, where the bucket is still here: peak 1, mean 1.0"));
	s.closes.n = 2;
	assert_true(says(&s, "last 2 s"));
	s.closes.n = 0;
	assert_true(says(&s, "none in the last 0 s"));
	s.remaining = (struct tws_hist){ many, 31 };
	assert_true(says(&s, "due       within 10 s: 10   30 s: 30   later: 1\n"));
	s.remaining.n = 5;
	assert_true(says(&s, "due       later: 5\n"));
	s.remaining.n = 0;
	says(&s, "");
}

static void colors(void **state)
{
	const struct out_options opt = { .cpus = 2, .color = true };
	struct tws_summary s = busy();
	char *got = summary_text(&s, &opt);

	(void)state;
	assert_non_null(strstr(got, "\033[1mbuckets   \033[0m"));
	free(got);
	got = summary_text(&s, &plain);
	assert_null(strchr(got, '\033'));
	free(got);
}

static void table(void **state)
{
	struct tws_summary a = busy(), b;
	struct out *o = open_out(false, &plain, OUT_SUMMARIES);

	(void)state;
	out_summary(o, &a);
	b = idle();
	b.netns = 4026532201U;
	out_summary(o, &b);
	b.netns = 4026532202U;
	b.total = 90;
	b.limit = 100;
	out_summary(o, &b);
	is_text(close_out(o, false),
"                                                        closes/s\n"
"      TOTAL  FIN-WAIT2      KERNEL      LIMIT     USED       60S  NETNS\n"
"     12,345        344      12,347    262,144    4.7 %      60.0  4026531840\n"
"          0          0           0    262,144    0.0 %       0.0  4026532201\n"
"         90          0           0        100   90.0 %       0.0  4026532202  near its limit  counts disagree\n"
"     12,435        344      12,347                          60.0  in 3 namespaces\n"
"\n"
"sysctls that differ from those of the first one\n"
"tcp_tw_reuse_delay  ip_local_reserved_ports  NETNS\n"
"                 -                        3  4026531840\n"
"              1000                        0  4026532201\n"
"              1000                        0  4026532202\n"
"a new namespace begins with the kernel's defaults, whatever others have set\n");
}

static void table_of_a_filter(void **state)
{
	const struct out_options opt = { .cpus = 2, .filtered = true };
	struct out *o = open_out(false, &opt, OUT_SUMMARIES);
	struct tws_summary s = busy();

	(void)state;
	s.kernel_count = 26214;
	out_summary(o, &s);
	is_text(close_out(o, false),
"                                                        closes/s\n"
"      TOTAL  FIN-WAIT2      KERNEL      LIMIT     USED       60S  NETNS\n"
"     12,345        344      26,214    262,144   10.0 %      60.0  4026531840\n"
"     12,345        344      26,214                          60.0  in 1 namespace, filtered\n");
}

static struct tws_bucket bucket4(void)
{
	return (struct tws_bucket){
		.netns = 4026531840U, .family = AF_INET,
		.local = { 192, 0, 2, 1 }, .local_port = 36714,
		.remote = { 198, 51, 100, 7 }, .remote_port = 443,
		.substate = TWSCOPE_SUBSTATE_TIME_WAIT,
		.remaining_ms = 41234, .has_age = true, .age_ms = 18766,
		.has_ts_recent = true, .ts_recent = 5,
		.has_ts_recent_age = true, .ts_recent_age_s = 19,
		.has_rcv_nxt = true, .rcv_nxt = UINT32_MAX,
		.has_snd_nxt = true, .snd_nxt = 7, .has_mark = true,
		.verdict = TWSCOPE_VERDICT_TOO_YOUNG, .has_wait = true,
		.wait_ms = 412, .bound_verdict = TWSCOPE_VERDICT_REUSABLE,
	};
}

static struct tws_bucket bucket6(void)
{
	return (struct tws_bucket){
		.netns = 4026531840U, .family = AF_INET6,
		.local = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .local_port = 443,
		.remote = { 0x20, 1, 0xd, 0xb8, [15] = 2 }, .remote_port = 55000,
		.substate = TWSCOPE_SUBSTATE_FIN_WAIT2,
		.remaining_ms = 0, .has_mark = true, .mark = 0x10, .ifindex = 4294967,
		.verdict = TWSCOPE_VERDICT_BIND_BLOCKED,
		.bound_verdict = TWSCOPE_VERDICT_NO_TIMESTAMP,
	};
}

static void rows(void **state)
{
	struct tws_bucket a = bucket4(), b = bucket6();
	struct out *o = open_out(false, &plain, OUT_BUCKETS);

	(void)state;
	out_bucket(o, &a);
	out_bucket(o, &b);
	is_text(close_out(o, false),
"SUBSTATE     LEFT     AGE  TS-AGE  VERDICT        WAIT  LOCAL                  REMOTE\n"
"time-wait   41.2s   18.7s     19s  too-young     412ms  192.0.2.1:36714        198.51.100.7:443\n"
"fin-wait2    0.0s       -       -  bind-blocked      -  [2001:db8::1]:443      [2001:db8::2]:55000    mark=0x10  dev=if4294967\n");
}

/* A device's name is whatever somebody chose; it moves no cursor. */
static void rows_of_a_hostile_device(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct tws_bucket b = bucket6();
	struct out *o = open_out(false, &bare, OUT_BUCKETS);

	(void)state;
	devices_called = "\033[2J\xff";
	out_bucket(o, &b);
	is_text(close_out(o, false),
"fin-wait2    0.0s       -  bind-blocked      -  [2001:db8::1]:443      [2001:db8::2]:55000    mark=0x10  dev=?[2J?\n");
	devices_called = NULL;
}

static void rows_of_all_namespaces(void **state)
{
	const struct out_options opt = { .all_netns = true };
	struct tws_bucket a = bucket4(), b = bucket6();
	struct out *o = open_out(false, &opt, OUT_BUCKETS);

	(void)state;
	a.has_age = false;
	out_bucket(o, &a);
	out_bucket(o, &b);
	/* no bucket has an age: no column for it */
	is_text(close_out(o, false),
"SUBSTATE     LEFT  TS-AGE  VERDICT        WAIT  LOCAL                  REMOTE                 NETNS\n"
"time-wait   41.2s     19s  too-young     412ms  192.0.2.1:36714        198.51.100.7:443       4026531840\n"
"fin-wait2    0.0s       -  bind-blocked      -  [2001:db8::1]:443      [2001:db8::2]:55000    4026531840  mark=0x10  ifindex=4294967\n");
}

static void no_rows(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct out *o = open_out(false, &plain, OUT_BUCKETS);

	(void)state;
	is_text(close_out(o, false),
"SUBSTATE     LEFT  TS-AGE  VERDICT        WAIT  LOCAL                  REMOTE\n");
	o = open_out(false, &bare, OUT_BUCKETS);
	is_text(close_out(o, false), "");
	/* after an error a header would look like an answer */
	o = open_out(false, &plain, OUT_BUCKETS);
	is_text(close_out(o, true), "");
	o = open_out(false, &plain, OUT_SUMMARIES);
	is_text(close_out(o, true), "");
}

/* More rows than are looked at beforehand: none lost, none twice, in order. */
static void many_rows(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct out *o = open_out(false, &bare, OUT_BUCKETS);
	struct tws_bucket b = bucket4();
	char *got, *line, *save = NULL, want[32];
	unsigned int i = 0;

	(void)state;
	for (b.local_port = 1; b.local_port <= 1000; b.local_port++)
		out_bucket(o, &b);
	got = close_out(o, false);
	for (line = strtok_r(got, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		snprintf(want, sizeof(want), " 192.0.2.1:%u ", ++i);
		assert_non_null(strstr(line, want));
	}
	assert_int_equal(i, 1000);
	free(got);
}

static void info_screen(void **state)
{
	const struct tws_info info = {
		.version = "1.2.3", .kernel = "6.1.0-50", .built_for = "6.1.0-49",
		.features = TWSCOPE_FEATURE_PERNET_EHASH | 0x100,
		.timewait_len_ms = 60000, .bucket_bytes = 264, .hz = 250,
		.rules = TWSCOPE_RULES_ENTRY_DELAY,
	};
	struct out *o = open_out(false, &plain, OUT_INFO);

	(void)state;
	out_info(o, &info, NULL);
	is_text(close_out(o, false),
"twctl       0.0.test\n"
"module      1.2.3\n"
"kernel      6.1.0-50\n"
"built for   6.1.0-49\n"
"TIME_WAIT   60.0 s, compiled into this kernel\n"
"bucket      264 bytes of slab memory (tw_sock_TCP), and a share of its\n"
"            port's bind bucket\n"
"clock       250 Hz: remaining times come in steps of 4 ms\n"
"rules       entry-delay: a bucket is reusable when it was entered longer than\n"
"            tcp_tw_reuse_delay ago, never in FIN_WAIT2\n"
"features    no   entry-stamp   buckets carry their time of entry (AGE in list)\n"
"            yes  pernet-ehash  a namespace may have its own established hash\n"
"            no   reuse-delay   the sysctl tcp_tw_reuse_delay exists\n"
"            no   usec-ts       buckets may use microsecond timestamps\n"
"            0x100  set by the module, unknown to this twctl\n"
"observing   no; 'twctl observe on' starts it\n");
}

static bool info_says(uint32_t rules, bool told, const char *what)
{
	const struct tws_info info = { .rules = rules, .rules_told = told };
	struct out *o = open_out(false, &plain, OUT_INFO);
	bool found;
	char *got;

	out_info(o, &info, NULL);
	got = close_out(o, false);
	found = strstr(got, what);
	free(got);
	return found;
}

static void info_of_rules(void **state)
{
	(void)state;
	assert_true(info_says(TWSCOPE_RULES_UNKNOWN, false,
"rules       unknown: nothing in this kernel's headers tells: every verdict is\n"
"            unknown\n"));
	assert_true(info_says(TWSCOPE_RULES_SECONDS, true,
"rules       seconds: a bucket is reusable once the second in which the peer's\n"
"            last timestamp came is over, by this host's clock, FIN_WAIT2 as well\n"
"            told by the module parameter \"rules\", not found in the headers\n"
"features"));
	assert_false(info_says(TWSCOPE_RULES_SECONDS, false, "told by"));
	assert_true(info_says(99, false,
"rules       99: set by the module, unknown to this twctl\n"));
}

/* JSON */

static json_t *summary_json(const struct tws_summary *s,
			    const struct out_options *opt)
{
	struct out *o = open_out(true, opt, OUT_SUMMARY);

	out_summary(o, s);
	return parsed(close_out(o, false));
}

static void json_summary_keys(void **state)
{
	struct tws_summary s = busy();
	struct spec_set spec, sysctls;
	const json_t *hist;
	json_t *j;

	(void)state;
	s.sysctls.has_tcp_tw_reuse_delay = true;
	s.sysctls.has_tcp_child_ehash_entries = true;
	spec_read("summary", &spec);
	spec_drop(&spec, "pad");
	/* of requests, and of what is asked with a policy */
	spec_drop(&spec, "filter");
	spec_drop(&spec, "policy");
	spec_drop(&spec, "changes");
	spec_drop(&spec, "whatif_wait_hist");
	spec_read("sysctls", &sysctls);
	j = summary_json(&s, &plain);
	keys_are(j, &spec);
	keys_are(json_object_get(j, "sysctls"), &sysctls);

	assert_int_equal(number(j, "netns"), 4026531840U);
	assert_int_equal(number(j, "total"), 12345);
	assert_int_equal(number(j, "timewait"), 12001);
	assert_int_equal(number(j, "fin_wait2"), 344);
	assert_int_equal(number(j, "ipv4"), 12300);
	assert_int_equal(number(j, "ipv6"), 40);
	assert_int_equal(number(j, "ipv4_mapped"), 5);
	assert_int_equal(number(j, "kernel_count"), 12347);
	assert_int_equal(number(j, "kernel_count_before"), 12346);
	assert_int_equal(number(j, "walk_us"), 1234);
	assert_int_equal(number(j, "limit"), 262144);
	assert_int_equal(number(j, "bytes"), 12345 * 264);
	assert_int_equal(number(j, "ehash_entries"), 131072);
	assert_true(json_is_false(json_object_get(j, "ehash_pernet")));
	hist = json_object_get(j, "remaining_hist");
	assert_int_equal(json_array_size(hist), 61);
	assert_int_equal(json_integer_value(json_array_get(hist, 50)), 9990);
	hist = json_object_get(j, "closes_hist");
	assert_int_equal(json_array_size(hist), 60);
	assert_int_equal(json_integer_value(json_array_get(hist, 0)), 800);
	assert_int_equal(number(json_object_get(j, "sysctls"),
				"ip_local_port_range_max"), 60999);
	assert_int_equal(number(member(j, "verdicts"), "too_young"), 1000);
	assert_int_equal(number(member(j, "verdicts"), "bind_blocked"), 6);
	assert_int_equal(json_object_size(member(j, "verdicts")), TWSCOPE_N_VERDICTS);
	assert_int_equal(number(member(j, "bound_verdicts"), "reusable"), 12195);
	assert_int_equal(json_array_size(member(j, "wait_hist")), 17);
	assert_int_equal(json_integer_value(json_array_get(member(j, "wait_hist"), 10)), 700);
	json_decref(j);
}

static void json_leaves_out_what_is_absent(void **state)
{
	struct tws_summary s = busy();
	const json_t *sysctls;
	json_t *j = summary_json(&s, &plain);

	(void)state;
	sysctls = json_object_get(j, "sysctls");
	assert_null(json_object_get(sysctls, "tcp_tw_reuse_delay"));
	assert_null(json_object_get(sysctls, "tcp_child_ehash_entries"));
	json_decref(j);
	s.ehash_pernet = true;
	j = summary_json(&s, &plain);
	assert_true(json_is_true(json_object_get(j, "ehash_pernet")));
	json_decref(j);
}

static void json_numbers_are_whole(void **state)
{
	struct tws_summary s = busy();
	json_t *j;

	(void)state;
	s.bytes = INT64_MAX;
	s.total = UINT32_MAX;
	j = summary_json(&s, &plain);
	assert_true(number(j, "bytes") == INT64_MAX);
	assert_int_equal(number(j, "total"), UINT32_MAX);
	json_decref(j);
}

static void json_pretty_says_the_same(void **state)
{
	const struct out_options pretty = { .pretty = true };
	struct tws_summary s = busy();
	json_t *a = summary_json(&s, &plain), *b = summary_json(&s, &pretty);
	struct out *o;
	char *got;

	(void)state;
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	o = open_out(true, &pretty, OUT_SUMMARIES);
	out_summary(o, &s);
	out_summary(o, &s);
	got = close_out(o, false);
	assert_non_null(strstr(got, "[\n    {\n        \"netns\": 4026531840,\n"));
	assert_non_null(strstr(got, "\n        \"sysctls\": {\n            \"tcp_tw_reuse\": 2,\n"));
	assert_non_null(strstr(got, "\n    },\n    {\n"));
	assert_non_null(strstr(got, "\n    }\n]\n"));
	json_decref(parsed(got));
}

/* Of requests, or shown by explain only. */
static const char *const not_in_rows[] = {
	"filter", "all_netns", "policy", "syn", "explain", "whatif_verdict",
	"whatif_wait_ms", "syn_verdict", "conditions_asked", "conditions_held",
	"syn_seq", "syn_tsval", "rcv_wnd", "answer_in_ms", NULL,
};

static void drop_each(struct spec_set *spec, const char *const *name)
{
	for (; *name; name++)
		spec_drop(spec, *name);
}

static void json_bucket_keys(void **state)
{
	struct tws_bucket a = bucket4(), b = bucket6();
	struct out *o = open_out(true, &plain, OUT_BUCKETS);
	struct spec_set spec;
	const json_t *row;
	json_t *j;

	(void)state;
	out_bucket(o, &a);
	out_bucket(o, &b);
	j = parsed(close_out(o, false));
	assert_int_equal(json_array_size(j), 2);

	spec_read("bucket", &spec);
	drop_each(&spec, not_in_rows);
	row = json_array_get(j, 0);
	keys_are(row, &spec);
	assert_string_equal(string(row, "family"), "inet");
	assert_string_equal(string(row, "local"), "192.0.2.1");
	assert_string_equal(string(row, "remote"), "198.51.100.7");
	assert_string_equal(string(row, "substate"), "time-wait");
	assert_int_equal(number(row, "netns"), 4026531840U);
	assert_int_equal(number(row, "local_port"), 36714);
	assert_int_equal(number(row, "remote_port"), 443);
	assert_int_equal(number(row, "remaining_ms"), 41234);
	assert_int_equal(number(row, "age_ms"), 18766);
	assert_int_equal(number(row, "ts_recent"), 5);
	assert_int_equal(number(row, "ts_recent_age_s"), 19);
	assert_int_equal(number(row, "rcv_nxt"), UINT32_MAX);
	assert_int_equal(number(row, "snd_nxt"), 7);
	assert_int_equal(number(row, "mark"), 0);
	assert_int_equal(number(row, "ifindex"), 0);
	assert_string_equal(string(row, "verdict"), "too-young");
	assert_int_equal(number(row, "wait_ms"), 412);
	assert_string_equal(string(row, "bound_verdict"), "reusable");

	row = json_array_get(j, 1);
	spec_drop(&spec, "age_ms");
	spec_drop(&spec, "ts_recent");
	spec_drop(&spec, "ts_recent_age_s");
	spec_drop(&spec, "rcv_nxt");
	spec_drop(&spec, "snd_nxt");
	spec_drop(&spec, "wait_ms");
	keys_are(row, &spec);
	assert_string_equal(string(row, "family"), "inet6");
	assert_string_equal(string(row, "local"), "2001:db8::1");
	assert_string_equal(string(row, "substate"), "fin-wait2");
	assert_string_equal(string(row, "verdict"), "bind-blocked");
	assert_string_equal(string(row, "bound_verdict"), "no-timestamp");
	json_decref(j);

	/* what only a newer module knows is a number */
	a.verdict = 77;
	a.substate = 9;
	o = open_out(true, &plain, OUT_BUCKETS);
	out_bucket(o, &a);
	j = parsed(close_out(o, false));
	assert_int_equal(number(json_array_get(j, 0), "verdict"), 77);
	assert_int_equal(number(json_array_get(j, 0), "substate"), 9);
	json_decref(j);
}

static void json_arrays_are_whole(void **state)
{
	const struct out_options pretty = { .pretty = true };
	struct tws_bucket a = bucket4();
	struct out *o;
	json_t *j;

	(void)state;
	is_text(close_out(open_out(true, &plain, OUT_BUCKETS), false), "[]\n");
	is_text(close_out(open_out(true, &pretty, OUT_BUCKETS), false), "[]\n");
	is_text(close_out(open_out(true, &plain, OUT_SUMMARIES), true), "[]\n");
	/* nothing came: half an object would be worse */
	is_text(close_out(open_out(true, &plain, OUT_SUMMARY), true), "");
	o = open_out(true, &plain, OUT_BUCKETS);
	out_bucket(o, &a);
	j = parsed(close_out(o, true));
	assert_int_equal(json_array_size(j), 1);
	json_decref(j);
}

static void json_info_keys(void **state)
{
	const struct tws_info info = {
		.version = "1.2.3", .kernel = "k", .built_for = "b",
		.features = TWSCOPE_FEATURE_USEC_TS | TWSCOPE_FEATURE_ENTRY_STAMP |
			    1 << 20,
		.rules = TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2, .rules_told = true,
		.timewait_len_ms = 60000, .bucket_bytes = 264, .hz = 250,
	};
	struct out *o = open_out(true, &plain, OUT_INFO);
	struct spec_set spec;
	const json_t *f;
	json_t *j;

	(void)state;
	out_info(o, &info, NULL);
	j = parsed(close_out(o, false));
	spec_read("info", &spec);
	keys_are(j, &spec);
	assert_string_equal(string(j, "rules"), "seconds-not-fin-wait2");
	assert_true(json_is_true(json_object_get(j, "rules_told")));
	assert_string_equal(string(j, "version"), "1.2.3");
	assert_string_equal(string(j, "kernel"), "k");
	assert_string_equal(string(j, "built_for"), "b");
	f = json_object_get(j, "features");
	assert_int_equal(json_array_size(f), 3);
	assert_string_equal(json_string_value(json_array_get(f, 0)), "entry-stamp");
	assert_string_equal(json_string_value(json_array_get(f, 1)), "usec-ts");
	assert_string_equal(json_string_value(json_array_get(f, 2)), "bit-20");
	json_decref(j);
}

/* Whatever a module says of itself, what comes out is JSON. */
static void json_of_odd_strings(void **state)
{
	struct tws_info info = { .version = "\"\\\n\x01", .kernel = "\xff\xfe" };
	struct out *o = open_out(true, &plain, OUT_INFO);
	json_t *j;

	(void)state;
	out_info(o, &info, NULL);
	j = parsed(close_out(o, false));
	assert_string_equal(string(j, "version"), "\"\\\n\x01");
	assert_true(json_is_null(json_object_get(j, "kernel")));
	json_decref(j);
}

/* The names of substates and features are those of the spec. */
static void names_of_the_spec(void **state)
{
	char line[256], name[64];
	FILE *f = fopen(SPEC, "r");
	size_t i = 0;
	int in = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "    name: ", 10))
			in = !strcmp(line, "    name: feature\n");
		if (in && !strncmp(line, "        name: ", 14) &&
		    sscanf(line + 14, "%63s", name) == 1) {
			assert_true(i < n_features);
			assert_string_equal(features[i].name, name);
			assert_int_equal(features[i].bit, 1 << i);
			i++;
		}
	}
	fclose(f);
	assert_int_equal(i, n_features);
	assert_string_equal(substate_name(5), "fin-wait2");
	assert_string_equal(substate_name(6), "time-wait");
	assert_null(substate_name(7));
}

static void full_disk(void **state)
{
	struct tws_bucket b = bucket4();
	struct out_options opt = plain;
	int ret = 0, i;
	struct out *o;

	(void)state;
	opt.fp = fopen("/dev/full", "w");
	if (!opt.fp)
		skip();
	o = out_text(&opt, OUT_BUCKETS);
	for (i = 0; i < 10000 && !ret; i++)
		ret = out_bucket(o, &b);
	assert_true(ret && i < 10000);
	out_end(o, true);
	fclose(opt.fp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary_screen),
		cmocka_unit_test(summary_verdicts),
		cmocka_unit_test(summary_of_a_filter),
		cmocka_unit_test(summary_in_utf8),
		cmocka_unit_test(summary_of_nothing),
		cmocka_unit_test(warns_of_the_limit),
		cmocka_unit_test(warns_of_a_difference),
		cmocka_unit_test(eighty_columns),
		cmocka_unit_test(histograms_of_other_lengths),
		cmocka_unit_test(colors),
		cmocka_unit_test(table),
		cmocka_unit_test(table_of_a_filter),
		cmocka_unit_test(rows),
		cmocka_unit_test(rows_of_a_hostile_device),
		cmocka_unit_test(rows_of_all_namespaces),
		cmocka_unit_test(no_rows),
		cmocka_unit_test(many_rows),
		cmocka_unit_test(info_screen),
		cmocka_unit_test(info_of_rules),
		cmocka_unit_test(json_summary_keys),
		cmocka_unit_test(json_leaves_out_what_is_absent),
		cmocka_unit_test(json_numbers_are_whole),
		cmocka_unit_test(json_pretty_says_the_same),
		cmocka_unit_test(json_bucket_keys),
		cmocka_unit_test(json_arrays_are_whole),
		cmocka_unit_test(json_info_keys),
		cmocka_unit_test(json_of_odd_strings),
		cmocka_unit_test(names_of_the_spec),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
