// SPDX-License-Identifier: GPL-2.0
/* ctl/command.c: abbreviations. */
#include "command.h"
#include "test.h"
#include "types.h"

static const struct command summary = { .name = "summary" };
static const struct command stats = { .name = "stats" };
static const struct command list = { .name = "list" };
static const struct command listen = { .name = "listen" };

static const struct command *const table[] = {
	&summary, &stats, &listen, &list,
};

static const struct command *find(const char *word, char *err, size_t size)
{
	err[0] = '\0';
	return command_find(table, ARRAY_SIZE(table), word, err, size);
}

static void whole_names(void **state)
{
	char err[256];

	(void)state;
	assert_ptr_equal(find("summary", err, sizeof(err)), &summary);
	assert_ptr_equal(find("stats", err, sizeof(err)), &stats);
	/* the beginning of another, but a name itself */
	assert_ptr_equal(find("list", err, sizeof(err)), &list);
	assert_string_equal(err, "");
}

static void beginnings(void **state)
{
	char err[256];

	(void)state;
	assert_ptr_equal(find("sum", err, sizeof(err)), &summary);
	assert_ptr_equal(find("su", err, sizeof(err)), &summary);
	assert_ptr_equal(find("liste", err, sizeof(err)), &listen);
}

static void ambiguous_ones_name_the_candidates(void **state)
{
	char err[256];

	(void)state;
	assert_null(find("s", err, sizeof(err)));
	assert_string_equal(err,
		"command 's' is ambiguous, it may be: summary, stats");
	assert_null(find("lis", err, sizeof(err)));
	assert_string_equal(err,
		"command 'lis' is ambiguous, it may be: listen, list");
}

static void unknown_ones_name_all(void **state)
{
	char err[256];

	(void)state;
	assert_null(find("summaryx", err, sizeof(err)));
	assert_string_equal(err,
		"unknown command 'summaryx', expected one of: summary, stats, listen, list");
	assert_null(find("", err, sizeof(err)));
	assert_non_null(strstr(err, "unknown command ''"));
	/* the end of a name, and another case of letters */
	assert_null(find("ummary", err, sizeof(err)));
	assert_null(find("List", err, sizeof(err)));
}

static void own_options(void **state)
{
	static const struct command_option two[] = {
		{ .name = "to", .argument = "an address" }, { .name = "flag" }, { 0 },
	};
	const struct command c = { .name = "c", .options = two };

	(void)state;
	assert_true(command_has_option(&c, "to"));
	assert_true(command_has_option(&c, "flag"));
	assert_false(command_has_option(&c, "from"));
	assert_false(command_has_option(&c, "t"));
	assert_false(command_has_option(&list, "to"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_names),
		cmocka_unit_test(beginnings),
		cmocka_unit_test(ambiguous_ones_name_the_candidates),
		cmocka_unit_test(unknown_ones_name_all),
		cmocka_unit_test(own_options),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
