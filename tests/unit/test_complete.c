// SPDX-License-Identifier: GPL-2.0
/* ctl/complete*.c: what may come next, and that the filter's grammar agrees. */
#include <sys/stat.h>
#include <unistd.h>

#include "complete.h"
#include "filter.h"
#include "test.h"
#include "verdicts.h"

static const struct command_option list_options[] = {
	{ .name = "top", .argument = "a number" },
	{ .name = "order", .argument = "an order", .takes = TAKES_ORDER },
	{ .name = "interval", .argument = "a time", .letter = 'i' },
	{ .name = "ports" },
	{ .name = "save", .argument = "a file", .takes = TAKES_FILE },
	{ 0 },
};
static const struct command list = {
	.name = "list", .brief = "rows", .takes_family = true,
	.takes_all_netns = true, .options = list_options,
};
static const struct command group = {
	.name = "group", .takes_family = true, .takes = TAKES_KEYS,
};
static const struct command ports = { .name = "ports", .takes = TAKES_POLICY };
static const struct command observe = { .name = "observe", .takes = TAKES_SWITCH };
static const struct command diff = { .name = "diff", .takes = TAKES_FILE };
static const struct command help = { .name = "help", .takes = TAKES_COMMAND };
static const struct command topic = { .name = "filter", .brief = "the FILTER" };

static const struct command *const commands[] = {
	&list, &group, &ports, &observe, &diff, &help,
};

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "color", optional_argument, NULL, 'c' },
	{ "netns", required_argument, NULL, 'N' },
	{ "all-netns", no_argument, NULL, 'A' },
	{ "complete", no_argument, NULL, 0x80 },
};

static char said[8192];

/* What is offered for the last of the words, which end with a NULL. */
static const char *offered(const char *first, ...)
{
	const struct completion c = {
		.command = commands, .n_commands = ARRAY_SIZE(commands),
		.option = options, .n_options = ARRAY_SIZE(options),
		.topic = &topic, .netns_dir = WORK "/netns",
	};
	char *argv[16] = { (char *)first };
	int argc = 1;
	va_list ap;
	FILE *f;

	va_start(ap, first);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	memset(said, 0, sizeof(said));
	f = fmemopen(said, sizeof(said) - 1, "w");
	assert_non_null(f);
	complete(&c, argc, argv, f);
	fclose(f);
	return said;
}

static bool has_line(const char *word)
{
	size_t len = strlen(word);
	const char *at = said;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!strncmp(at, word, len) && strchr("\t\n", at[len]))
			return true;
	return false;
}

static void commands_and_what_they_are(void **state)
{
	(void)state;
	assert_string_equal(offered("", NULL),
		"list\trows\ngroup\nports\nobserve\ndiff\nhelp\n");
	assert_string_equal(offered("li", NULL), "list\trows\n");
	assert_string_equal(offered("x", NULL), "");
	/* the general options precede them */
	assert_string_equal(offered("-j", "--netns", "web", "gr", NULL), "group\n");
	assert_string_equal(offered("help", "fil", NULL), "filter\tthe FILTER\n");
	assert_string_equal(offered("help", "list", "", NULL), "");
	/* of one that there is not nothing is known */
	assert_string_equal(offered("frobnicate", "l", NULL), "list\trows\n");
}

static void options_of_the_command(void **state)
{
	(void)state;
	assert_string_equal(offered("list", "--", NULL),
		"--top\ta number\n--order\tan order\n--interval\ta time\n--ports\n"
		"--save\ta file\n--json\n--color\n--netns\n--all-netns\n");
	assert_string_equal(offered("ports", "-", NULL),
		"--json\n--color\n--netns\n");
	/* abbreviated commands are commands */
	assert_string_equal(offered("li", "--to", NULL), "--top\ta number\n");
}

static void arguments_of_options(void **state)
{
	(void)state;
	assert_string_equal(offered("list", "--order", "", NULL), "count\nrate\nheld\n");
	assert_string_equal(offered("list", "--order=r", NULL), "--order=rate\n");
	assert_string_equal(offered("list", "--save", "x", NULL), ":files\n");
	/* nobody knows which number or time */
	assert_string_equal(offered("list", "--top", "", NULL), "");
	assert_string_equal(offered("list", "-i", "", NULL), "");
	/* an option without an argument has none */
	assert_string_equal(offered("list", "--ports", "verd", NULL),
			    "verdict\twhat connect() would do\n");
	assert_string_equal(offered("list", "--color", "verd", NULL),
			    "verdict\twhat connect() would do\n");
	assert_string_equal(offered("--color=a", NULL), "--color=always\n--color=auto\n");
}

static void namespaces(void **state)
{
	(void)state;
	mkdir(WORK "/netns", 0700);
	fclose(fopen(WORK "/netns/web", "w"));
	fclose(fopen(WORK "/netns/two words\x1b[1m", "w"));
	assert_string_equal(offered("-N", "", NULL), "web\n");
	assert_string_equal(offered("list", "-jN", "w", NULL), "web\n");
	assert_string_equal(offered("--netns=w", NULL), "--netns=web\n");
	unlink(WORK "/netns/web");
	unlink(WORK "/netns/two words\x1b[1m");
	rmdir(WORK "/netns");
	assert_string_equal(offered("-N", "", NULL), "");
}

static void words_of_commands(void **state)
{
	(void)state;
	assert_string_equal(offered("observe", "", NULL), "on\noff\n");
	assert_string_equal(offered("observe", "on", "", NULL), "");
	assert_string_equal(offered("diff", "", NULL), ":files\n");
	assert_string_equal(offered("group", "remote-", NULL), "remote-port\tdport\n");
	assert_string_equal(offered("group", "remote,loc", NULL),
			    "remote,local\tsrc\nremote,local-port\tsport\n");
	assert_string_equal(offered("ports", "tcp_tw_reuse=", NULL),
			    "tcp_tw_reuse=0\ntcp_tw_reuse=1\ntcp_tw_reuse=2\n");
	offered("group", "remote", "", NULL);
	assert_true(has_line("tcp_tw_reuse=1") && has_line("dport"));
	assert_true(has_line("tcp_tw_reuse_delay="));
}

static void filters(void **state)
{
	(void)state;
	offered("list", "", NULL);
	assert_true(has_line("dport") && has_line("not"));
	assert_false(has_line("and"));
	offered("list", "dport", NULL);
	assert_true(has_line("dport"));
	offered("list", "dport", "", NULL);
	assert_true(has_line("eq") && has_line("ge"));
	assert_false(has_line("and"));
	offered("list", "dport", "=", ":443", "", NULL);
	assert_true(has_line("and") && has_line("or") && has_line("sport"));
	offered("list", "dport", "=", ":443", "and", "", NULL);
	assert_true(has_line("sport"));
	assert_false(has_line("or"));
	offered("list", "not", "", NULL);
	assert_false(has_line("and"));
	offered("list", "remaining", "", NULL);
	assert_true(has_line("lt"));
	assert_false(has_line("eq"));
	offered("list", "verdict", "!=", "", NULL);
	assert_true(has_line("too-young"));
	assert_false(has_line("eq"));
	/* state is what ss calls it */
	offered("list", "state", "", NULL);
	assert_true(has_line("fin-wait2"));
}

/* In quotes, or without blanks: what is there already precedes what is offered. */
static void filters_in_one_word(void **state)
{
	(void)state;
	assert_string_equal(offered("list", "verdict=not-l", NULL),
		"verdict=not-loopback\trefused: tcp_tw_reuse=2, not loopback\n");
	assert_string_equal(offered("list", "dport = :443 and (substate f", NULL),
			    "dport = :443 and (substate fin-wait2\n");
	assert_string_equal(offered("list", "a\nb ( verd", NULL),
			    "a\nb ( verdict\twhat connect() would do\n");
	assert_string_equal(offered("list", "(verdict=too-", NULL),
			    "(verdict=too-young\ttoo young\n");
}

static int any_device(const char *name)
{
	(void)name;
	return 1;
}

static unsigned int any_index(const char *name)
{
	(void)name;
	return 1;
}

static bool parses(const char *text, struct filter_error *err)
{
	const struct filter_names names = { .port = any_device, .device = any_index };
	struct filter_expr *e = filter_parse(text, &names, err);

	filter_expr_free(e);
	return e;
}

/* Each value that is offered behind a condition is one that it takes. */
static void values_are_taken(void **state)
{
	static const char *const of[] = { "family", "substate", "verdict", "dev" };
	char lines[sizeof(said)], text[256], *line, *rest = lines;
	struct filter_error err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(of); i++) {
		rest = strcpy(lines, offered("list", of[i], "=", "", NULL));
		assert_true(*lines);
		while ((line = strsep(&rest, "\n")) && *line) {
			snprintf(text, sizeof(text), "%s = %s", of[i],
				 strsep(&line, "\t"));
			if (!parses(text, &err))
				fail_msg("%s: %s", text, err.text);
		}
	}
}

/* The conditions are those that the grammar names when it expects one. */
static void conditions_are_those_of_the_grammar(void **state)
{
	char lines[sizeof(said)], *line, *rest = lines;
	struct filter_error err;
	size_t named = 1, n = 0, i;

	(void)state;
	assert_false(parses("frobnicate 1", &err));
	for (i = 0; err.text[i]; i++)
		named += err.text[i] == ',';
	strcpy(lines, offered("list", "", NULL));
	while ((line = strsep(&rest, "\n")) && *line) {
		if (!strstr(err.text, strsep(&line, "\t")))
			fail_msg("%s, but not %s", err.text, line);
		n++;
	}
	/* "dev, ..., 'not' or '(', not 'frobnicate'": the last is not offered */
	assert_int_equal(n, named - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_and_what_they_are),
		cmocka_unit_test(options_of_the_command),
		cmocka_unit_test(arguments_of_options),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(words_of_commands),
		cmocka_unit_test(filters),
		cmocka_unit_test(filters_in_one_word),
		cmocka_unit_test(values_are_taken),
		cmocka_unit_test(conditions_are_those_of_the_grammar),
	};

	return cmocka_run_group_tests_name("complete", tests, NULL, NULL);
}
