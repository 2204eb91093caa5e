// SPDX-License-Identifier: GPL-2.0
/* What Prometheus is told, against a reader of its formats that is our own. */
#include <ctype.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out_metrics.h"
#include "test.h"

/* A reader that takes nothing which the formats do not have */

#define MAX_SERIES 8192

struct reading {
	bool open;
	/* of the family that is being read */
	char family[128], type[16];
	bool begun;
	unsigned int n;
	/* with their labels; their values */
	char *series[MAX_SERIES];
	double value[MAX_SERIES];
	unsigned int n_families;
	char *families[256];
	bool ended;
};

static struct reading in;

static const char *name_at(const char *s, char *name, size_t size)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		fail_msg("no name at '%s'", s);
	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == ':')
		n++;
	assert_true(n < size);
	memcpy(name, s, n);
	name[n] = '\0';
	return s + n;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* "# TYPE name what" */
static void read_head(const char *line)
{
	char word[8], name[128];
	const char *rest;

	assert_int_equal(sscanf(line, "# %7s ", word), 1);
	rest = name_at(line + 3 + strlen(word), name, sizeof(name));
	assert_int_equal(*rest++, ' ');
	if (!strcmp(word, "HELP")) {
		unsigned int i;

		for (i = 0; i < in.n_families; i++)
			if (!strcmp(in.families[i], name))
				fail_msg("%s is there twice", name);
		if (in.n_families && !in.begun)
			fail_msg("%s has no sample", in.family);
		in.families[in.n_families++] = strdup(name);
		strcpy(in.family, name);
		in.begun = false;
		in.type[0] = '\0';
		assert_true(ends_with(rest, "."));
		assert_null(strpbrk(rest, "\\\""));
		return;
	}
	assert_string_equal(name, in.family);
	assert_false(in.begun);
	if (!strcmp(word, "TYPE")) {
		assert_true(!strcmp(rest, "gauge") || !strcmp(rest, "counter"));
		strcpy(in.type, rest);
		if (!strcmp(rest, "counter"))
			assert_int_equal(ends_with(name, "_total"), !in.open);
		else
			assert_false(ends_with(name, "_total"));
	} else if (!strcmp(word, "UNIT") && in.open) {
		assert_true(ends_with(name, rest));
		assert_int_equal(name[strlen(name) - strlen(rest) - 1], '_');
	} else {
		fail_msg("unknown: %s", line);
	}
}

static const char *read_labels(const char *s)
{
	char seen[16][64];
	unsigned int n = 0, i;

	do {
		s = name_at(s + 1, seen[n], sizeof(seen[n]));
		for (i = 0; i < n; i++)
			assert_string_not_equal(seen[i], seen[n]);
		n++;
		assert_int_equal(*s++, '=');
		assert_int_equal(*s++, '"');
		for (; *s != '"'; s++) {
			assert_int_not_equal(*s, '\0');
			if (*s == '\\')
				assert_non_null(strchr("\\\"n", *++s));
		}
		s++;
	} while (*s == ',');
	assert_int_equal(*s, '}');
	return s + 1;
}

static void read_sample(const char *line)
{
	char name[160], want[160], *end;
	const char *s = name_at(line, name, sizeof(name));
	unsigned int i;

	snprintf(want, sizeof(want), "%s%s", in.family,
		 in.open && !strcmp(in.type, "counter") ? "_total" : "");
	assert_string_equal(name, want);
	assert_true(in.type[0]);
	in.begun = true;
	if (*s == '{')
		s = read_labels(s);
	assert_true(in.n < MAX_SERIES);
	in.series[in.n] = strndup(line, (size_t)(s - line));
	for (i = 0; i < in.n; i++)
		if (!strcmp(in.series[i], in.series[in.n]))
			fail_msg("%s is there twice", in.series[i]);
	assert_int_equal(*s++, ' ');
	if (!strcmp(s, "+Inf"))
		in.value[in.n] = INFINITY;
	else
		in.value[in.n] = strtod(s, &end);
	/* no time stamp, which the textfile collector does not take */
	if (isfinite(in.value[in.n]) && (end == s || *end || !isdigit((unsigned char)*s)))
		fail_msg("no value in '%s'", line);
	in.n++;
}

static void forget(void)
{
	unsigned int i;

	for (i = 0; i < in.n; i++)
		free(in.series[i]);
	for (i = 0; i < in.n_families; i++)
		free(in.families[i]);
	memset(&in, 0, sizeof(in));
}

/* Frees @text. */
static void read_all(char *text, bool open)
{
	char *line, *rest = NULL;

	forget();
	in.open = open;
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_null(strstr(text, "\n\n"));
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		assert_false(in.ended);
		if (open && !strcmp(line, "# EOF"))
			in.ended = true;
		else if (*line == '#')
			read_head(line);
		else
			read_sample(line);
	}
	assert_int_equal(in.ended, open);
	assert_true(in.begun);
	free(text);
}

static double value_of(const char *series)
{
	unsigned int i;

	for (i = 0; i < in.n; i++)
		if (!strcmp(in.series[i], series))
			return in.value[i];
	for (i = 0; i < in.n; i++)
		if (!strncmp(in.series[i], series, strcspn(series, "{")))
			print_message("there is %s\n", in.series[i]);
	fail_msg("no series %s", series);
	return 0;
}

static bool has(const char *beginning)
{
	unsigned int i;

	for (i = 0; i < in.n; i++)
		if (!strncmp(in.series[i], beginning, strlen(beginning)))
			return true;
	return false;
}

static void is(const char *series, double want)
{
	double got = value_of(series);

	if (got != want)
		fail_msg("%s is %g, not %g", series, got, want);
}

/* What is written */

static const struct tws_info info = {
	.version = "0.0.test", .kernel = "6.1.0-50-\"cloud\"\\amd64",
	.rules = TWSCOPE_RULES_SECONDS,
};
static struct tws_stats stats;
static struct figures row[4], rest;

static void make_figures(void)
{
	unsigned int i;

	stats = (struct tws_stats){
		.created_time_wait = 90000, .created_fin_wait2 = 3000,
		.ended = { .n = TWSCOPE_N_CAUSES + 1, .v = { 1, 2, 3 } },
		/* more digits than a float has */
		.decisions = { .n = TWSCOPE_N_DECISIONS, .v = { 0, 1234567890123456 } },
		.overflow = 5, .out_of_memory = 6, .restarted = 7,
		.verdict_mismatch = 8, .segment_mismatch = 30, .missed = 9,
	};
	for (i = 0; i < 4; i++)
		row[i] = (struct figures){
			.netns = 101 + i,
			.timewait = 18000, .fin_wait2 = 300, .kernel_count = 18301,
			.limit = 262144, .limit_ratio = 0.0698128,
			.bytes = 4831200, .ports = 28200,
			.ipv4 = 18200, .ipv6 = 90, .ipv4_mapped = 10,
			.verdicts = { [TWSCOPE_VERDICT_REUSABLE] = 18000,
				      [TWSCOPE_VERDICT_FIN_WAIT2] = 300 },
			.destinations = {
				.n = 12, .at_level = { 3, 2, 1 }, .taken_ratio = 0.975,
				.rate_ratio = 1.25, .exhausted_s = 12.5,
			},
			.bind_pools = { .exhausted_s = INFINITY },
			.stats = &stats,
		};
	rest = row[3];
	rest.stats = NULL;
}

static char *written(const struct metrics_report *r)
{
	char *text = NULL;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	assert_non_null(fp);
	out_metrics(fp, r);
	fclose(fp);
	return text;
}

static struct metrics_report a_report(unsigned int n)
{
	make_figures();
	return (struct metrics_report){
		.info = &info, .n = n, .row = row, .observing = true,
		.took_s = 0.00125,
	};
}

static void one_namespace(void **state)
{
	struct metrics_report r = a_report(1);

	(void)state;
	row[0].has_overflow = true;
	row[0].overflow = 77;
	read_all(written(&r), false);
	is("twscope_up", 1);
	is("twscope_build_info{version=\"0.0.test\",module=\"0.0.test\","
	   "kernel=\"6.1.0-50-\\\"cloud\\\"\\\\amd64\",rules=\"seconds\"}", 1);
	is("twscope_observing", 1);
	is("twscope_collect_duration_seconds", 0.00125);
	assert_false(has("twscope_namespaces"));
	is("twscope_timewait_buckets{substate=\"time-wait\"}", 18000);
	is("twscope_timewait_buckets{substate=\"fin-wait2\"}", 300);
	is("twscope_family_buckets{family=\"ipv4-mapped\"}", 10);
	is("twscope_verdict_buckets{verdict=\"reusable\"}", 18000);
	is("twscope_verdict_buckets{verdict=\"bind-blocked\"}", 0);
	is("twscope_timewait_bytes", 4831200);
	is("twscope_timewait_kernel_buckets", 18301);
	is("twscope_timewait_limit", 262144);
	is("twscope_timewait_limit_ratio", 0.0698128);
	is("twscope_timewait_kernel_overflow_total", 77);
	is("twscope_local_ports", 28200);
	is("twscope_destinations", 12);
	is("twscope_destinations_above{taken_ratio=\"0.5\"}", 3);
	is("twscope_destinations_above{taken_ratio=\"0.8\"}", 2);
	is("twscope_destinations_above{taken_ratio=\"0.95\"}", 1);
	is("twscope_destination_ports_taken_ratio", 0.975);
	is("twscope_destination_rate_ratio", 1.25);
	is("twscope_destination_exhaustion_seconds", 12.5);
	is("twscope_bind_pools", 0);
	is("twscope_bind_pool_exhaustion_seconds", INFINITY);
	is("twscope_created_total{substate=\"time-wait\"}", 90000);
	is("twscope_ended_total{cause=\"timer\"}", 2);
	/* what a newer module has beyond those we know */
	is("twscope_ended_total{cause=\"9\"}", 0);
	is("twscope_decisions_total{decision=\"reuse\"}", 1234567890123456);
	is("twscope_overflow_total{reason=\"limit\"}", 5);
	is("twscope_overflow_total{reason=\"memory\"}", 6);
	is("twscope_restarted_total", 7);
	is("twscope_verdict_mismatch_total", 38);
	is("twscope_missed_total", 9);
	/* no label tells of addresses or ports, and none of namespaces here */
	assert_false(has("twscope_timewait_bytes{"));
}

/* The same series and values, in other clothes. */
static void both_formats(void **state)
{
	struct metrics_report r = a_report(3);
	struct reading old;
	unsigned int i;

	(void)state;
	r.all_netns = true;
	r.rest = &rest;
	r.n_rest = 17;
	read_all(written(&r), false);
	old = in;
	memset(&in, 0, sizeof(in));
	r.format = METRICS_OPENMETRICS;
	read_all(written(&r), true);
	assert_int_equal(in.n, old.n);
	assert_int_equal(in.n_families, old.n_families);
	for (i = 0; i < in.n; i++) {
		assert_string_equal(in.series[i], old.series[i]);
		assert_true(in.value[i] == old.value[i]);
	}
	forget();
	in = old;
}

/* That there is nothing is told as well. */
static void without_the_module(void **state)
{
	struct metrics_report r = { 0 };

	(void)state;
	read_all(written(&r), false);
	assert_int_equal(in.n, 2);
	is("twscope_up", 0);
	is("twscope_build_info{version=\"0.0.test\"}", 1);
	r.format = METRICS_OPENMETRICS;
	read_all(written(&r), true);
	assert_int_equal(in.n, 2);
}

static void not_observing(void **state)
{
	struct metrics_report r = a_report(2);

	(void)state;
	r.observing = false;
	r.all_netns = true;
	row[0].stats = row[1].stats = NULL;
	read_all(written(&r), false);
	is("twscope_observing", 0);
	assert_false(has("twscope_created_total"));
	assert_false(has("twscope_missed_total"));
	assert_false(has("twscope_timewait_kernel_overflow_total"));
	is("twscope_local_ports{netns=\"101\"}", 28200);
	is("twscope_local_ports{netns=\"102\"}", 28200);
	is("twscope_namespaces{shown=\"each\"}", 2);
	is("twscope_namespaces{shown=\"rest\"}", 0);
}

/* However many namespaces there are, and none of them told of on its own. */
static void bounded(void **state)
{
	struct metrics_report r = a_report(0);
	unsigned int n;

	(void)state;
	r.all_netns = true;
	r.rest = &rest;
	r.n_rest = 5000;
	read_all(written(&r), false);
	n = in.n;
	is("twscope_namespaces{shown=\"rest\"}", 5000);
	is("twscope_local_ports{netns=\"rest\"}", 28200);
	assert_false(has("twscope_decisions_total"));
	/* of each one so many more, and of the observed ones none for the rest */
	r.n = 1;
	read_all(written(&r), false);
	assert_true(in.n > n && in.n < n + 100);
	assert_true(has("twscope_decisions_total{netns=\"101\""));
	assert_false(has("twscope_decisions_total{netns=\"rest\""));
}

/* Names */

static char dir[64];

static void shell(const char *command)
{
	char script[1024];

	snprintf(script, sizeof(script), "cd %s && %s", dir, command);
	assert_int_equal(system(script), 0);
}

static struct netns_names *names_of(void)
{
	char proc[128], netns[128];
	const struct netns_places places = {
		.proc = proc, .netns = netns, .docker = "/nonexistent",
	};

	snprintf(proc, sizeof(proc), "%s/proc", dir);
	snprintf(netns, sizeof(netns), "%s/netns", dir);
	return netns_names_load_from(&places, NETNS_ALL);
}

/* Two of a name, one that is called as the rest is, one with an evil name. */
static void names(void **state)
{
	struct metrics_report r = a_report(4);
	struct netns_names *n;
	char series[128];
	struct stat st;

	(void)state;
	strcpy(dir, "/tmp/twctl-metrics-XXXXXX");
	assert_non_null(mkdtemp(dir));
	shell("mkdir -p netns proc/7/ns proc/8/ns proc/9/ns");
	shell("ln -s 'net:[101]' proc/7/ns/net; echo 0::/lxc.payload.web >proc/7/cgroup");
	shell("ln -s 'net:[102]' proc/8/ns/net; echo 0::/lxc.payload.web >proc/8/cgroup");
	shell("ln -s 'net:[103]' proc/9/ns/net; printf '0::/lxc.payload.a\"b\\\\c\\033\\n' >proc/9/cgroup");
	/* what is called after a process, which is another the next time */
	shell("mkdir -p proc/5/ns; ln -s 'net:[105]' proc/5/ns/net; echo twctl >proc/5/comm");
	shell("ln -s /proc/self/ns/net netns/rest");
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	n = names_of();
	row[3].netns = (uint32_t)st.st_ino;
	r.all_netns = true;
	r.names = n;
	r.rest = &rest;
	r.n_rest = 1;
	read_all(written(&r), false);
	is("twscope_local_ports{netns=\"lxc:web (101)\"}", 28200);
	is("twscope_local_ports{netns=\"lxc:web (102)\"}", 28200);
	is("twscope_local_ports{netns=\"lxc:a\\\"b\\\\c?\"}", 28200);
	snprintf(series, sizeof(series), "twscope_local_ports{netns=\"rest (%u)\"}",
		 row[3].netns);
	is(series, 28200);
	is("twscope_local_ports{netns=\"rest\"}", 28200);
	/* who is alone with it keeps it as it is */
	row[1].netns = 105;
	r.n = 2;
	assert_string_equal(netns_name(n, 105), "pid 5 (twctl)");
	read_all(written(&r), false);
	is("twscope_local_ports{netns=\"lxc:web\"}", 28200);
	is("twscope_local_ports{netns=\"105\"}", 28200);
	netns_names_free(n);
	shell("rm -r netns proc");
	assert_int_equal(rmdir(dir), 0);
}

static int end(void **state)
{
	(void)state;
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_namespace),
		cmocka_unit_test(both_formats),
		cmocka_unit_test(without_the_module),
		cmocka_unit_test(not_observing),
		cmocka_unit_test(bounded),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, end);
}
