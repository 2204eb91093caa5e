// SPDX-License-Identifier: GPL-2.0
/* The live screen without a terminal: what keys do, the order of rows, what is drawn. */
#include <sys/socket.h>

#include "clip.h"
#include "out_text_top.h"
#include "test.h"
#include "top_state.h"

static struct top_state st;

static void type(const char *keys)
{
	for (; *keys; keys++)
		assert_int_equal(top_key(&st, *keys), TOP_NOTHING);
}

static void fresh(void)
{
	top_init(&st, 1000, "");
	st.rows = 24;
	st.cols = 80;
}

/* what keys do */

static void moves(void **state)
{
	struct top_list *l = &st.list[TOP_DESTINATIONS];

	(void)state;
	fresh();
	top_list_set(l, 100, 100);
	top_list_fit(l, 10);
	top_key(&st, TOP_KEY_UP);
	assert_int_equal(l->at, 0);
	type("jjj");
	assert_int_equal(l->at, 3);
	assert_int_equal(l->first, 0);
	top_key(&st, TOP_KEY_PAGE_DOWN);
	assert_int_equal(l->at, 12);
	assert_int_equal(l->first, 3);
	type("k");
	assert_int_equal(l->first, 3);
	top_key(&st, TOP_KEY_END);
	assert_int_equal(l->at, 99);
	assert_int_equal(l->first, 90);
	top_key(&st, TOP_KEY_DOWN);
	assert_int_equal(l->at, 99);
	top_key(&st, TOP_KEY_PAGE_UP);
	assert_int_equal(l->at, 90);
	top_key(&st, TOP_KEY_HOME);
	assert_int_equal(l->at, 0);
	assert_int_equal(l->first, 0);
}

/* The first is whatever comes first; another one is followed where it goes. */
static void follows(void **state)
{
	struct top_list *l = &st.list[TOP_DESTINATIONS];

	(void)state;
	fresh();
	top_list_set(l, 100, 100);
	top_list_fit(l, 10);
	top_list_set(l, 100, 50);
	assert_int_equal(l->at, 0);
	type("j");
	top_list_set(l, 100, 50);
	assert_int_equal(l->at, 50);
	assert_int_equal(l->first, 41);
	/* it is gone: where it was is another one */
	top_list_set(l, 100, 100);
	assert_int_equal(l->at, 50);
	top_list_set(l, 20, 20);
	assert_int_equal(l->at, 19);
	assert_int_equal(l->first, 10);
	top_list_set(l, 0, 0);
	assert_int_equal(l->at, 0);
	assert_int_equal(l->first, 0);
	/* a larger screen leaves no room below the last */
	top_list_set(l, 20, 20);
	top_key(&st, TOP_KEY_END);
	top_list_fit(l, 15);
	assert_int_equal(l->first, 5);
	top_list_fit(l, 1);
	assert_int_equal(l->first, 19);
}

static void views(void **state)
{
	(void)state;
	fresh();
	/* nothing is selected */
	assert_int_equal(top_key(&st, TOP_KEY_ENTER), TOP_NOTHING);
	assert_int_equal(st.view, TOP_DESTINATIONS);
	top_list_set(&st.list[TOP_DESTINATIONS], 3, 3);
	type("j");
	top_key(&st, TOP_KEY_RIGHT);
	assert_int_equal(top_key(&st, TOP_KEY_ENTER), TOP_ENTER);
	assert_int_equal(st.view, TOP_BUCKETS);
	assert_int_equal(st.skip, 0);
	top_list_set(&st.list[TOP_BUCKETS], 3, 3);
	assert_int_equal(top_key(&st, TOP_KEY_ENTER), TOP_ENTER);
	assert_int_equal(st.view, TOP_BUCKET);
	assert_int_equal(top_key(&st, TOP_KEY_ENTER), TOP_NOTHING);
	assert_int_equal(top_key(&st, 's'), TOP_NOTHING);
	assert_int_equal(top_key(&st, TOP_KEY_ESCAPE), TOP_ASK);
	assert_int_equal(st.view, TOP_BUCKETS);
	assert_int_equal(top_key(&st, 'q'), TOP_ASK);
	assert_int_equal(st.view, TOP_DESTINATIONS);
	assert_int_equal(st.list[TOP_DESTINATIONS].at, 1);
	assert_int_equal(top_key(&st, TOP_KEY_ESCAPE), TOP_NOTHING);
	assert_int_equal(top_key(&st, 'q'), TOP_QUIT);
}

static void help(void **state)
{
	(void)state;
	fresh();
	type("h");
	assert_true(st.help);
	top_page_fit(&st.help_list, 20, 15);
	type("jjjjjjjjj");
	assert_int_equal(st.help_list.first, 5);
	type("k");
	assert_int_equal(st.help_list.first, 4);
	/* what else is typed is not for the view below */
	type("s/r");
	assert_false(st.prompt.open);
	type("q");
	assert_false(st.help);
	type("?");
	assert_true(st.help);
	assert_int_equal(st.help_list.first, 0);
	top_key(&st, TOP_KEY_ESCAPE);
	assert_false(st.help);
}

static void orders(void **state)
{
	unsigned int i;

	(void)state;
	fresh();
	top_list_set(&st.list[TOP_DESTINATIONS], 9, 9);
	type("jj");
	assert_string_equal(top_order_name(&st), "ports held");
	assert_int_equal(top_key(&st, 's'), TOP_SORT);
	assert_string_equal(top_order_name(&st), "rate");
	assert_int_equal(st.list[TOP_DESTINATIONS].at, 0);
	for (i = 1; i < TOP_N_ORDERS; i++)
		top_key(&st, 's');
	assert_string_equal(top_order_name(&st), "ports held");
	st.view = TOP_BUCKETS;
	assert_string_equal(top_order_name(&st), "end");
	top_key(&st, 's');
	assert_string_equal(top_order_name(&st), "begin");
	for (i = 1; i < TOP_N_BUCKET_ORDERS; i++)
		top_key(&st, 's');
	assert_string_equal(top_order_name(&st), "end");
}

static void pausing(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(top_key(&st, ' '), TOP_NOTHING);
	assert_true(st.paused);
	assert_int_equal(top_key(&st, 'r'), TOP_ASK);
	assert_true(st.paused);
	assert_int_equal(top_key(&st, 'p'), TOP_ASK);
	assert_false(st.paused);
}

static void intervals(void **state)
{
	unsigned int i;

	(void)state;
	fresh();
	type("+");
	assert_int_equal(st.interval_ms, 2000);
	type("--");
	assert_int_equal(st.interval_ms, 500);
	for (i = 0; i < 9; i++)
		type("-");
	assert_int_equal(st.interval_ms, 100);
	for (i = 0; i < 19; i++)
		type("=");
	assert_int_equal(st.interval_ms, 60000);
	/* one that was given lies between others, or beyond them */
	st.interval_ms = 700;
	type("-");
	assert_int_equal(st.interval_ms, 500);
	st.interval_ms = 700;
	type("+");
	assert_int_equal(st.interval_ms, 1000);
	st.interval_ms = 3600000;
	type("+");
	assert_int_equal(st.interval_ms, 3600000);
	type("-");
	assert_int_equal(st.interval_ms, 60000);
	/* ten times as long as asking takes */
	st.interval_ms = 1000;
	assert_int_equal(top_interval(&st, 0), 1000);
	assert_int_equal(top_interval(&st, 100), 1000);
	assert_int_equal(top_interval(&st, 101), 1010);
	assert_int_equal(top_interval(&st, UINT32_MAX), UINT32_MAX);
}

static void edges(void **state)
{
	unsigned int i;

	(void)state;
	fresh();
	top_key(&st, TOP_KEY_LEFT);
	assert_int_equal(st.skip, 0);
	top_key(&st, TOP_KEY_RIGHT);
	top_key(&st, TOP_KEY_RIGHT);
	assert_int_equal(st.skip, 16);
	top_key(&st, TOP_KEY_LEFT);
	assert_int_equal(st.skip, 8);
	for (i = 0; i < 10000; i++)
		top_key(&st, TOP_KEY_RIGHT);
	assert_in_range(st.skip, 1024, 4096);
}

/* the prompt */

static void typing(void **state)
{
	struct top_prompt *p = &st.prompt;
	size_t i;

	(void)state;
	fresh();
	strcpy(st.filter, "dport 1");
	type("/");
	assert_true(p->open);
	assert_string_equal(p->text, "dport 1");
	/* keys of the views are letters here, and what is no character nothing */
	type("qhs +-\x01X");
	assert_string_equal(p->text, "Xdport 1qhs +-");
	type("\x05\xff\x7f");
	top_key(&st, 0);
	assert_string_equal(p->text, "Xdport 1qhs +-");
	for (i = 0; i < 6; i++)
		top_key(&st, TOP_KEY_BACKSPACE);
	assert_string_equal(p->text, "Xdport 1");
	top_key(&st, TOP_KEY_HOME);
	top_key(&st, TOP_KEY_BACKSPACE);
	top_key(&st, TOP_KEY_DELETE);
	top_key(&st, TOP_KEY_RIGHT);
	type("Y");
	top_key(&st, TOP_KEY_LEFT);
	top_key(&st, TOP_KEY_LEFT);
	top_key(&st, TOP_KEY_LEFT);
	type("Z");
	assert_string_equal(p->text, "ZdYport 1");
	top_key(&st, TOP_KEY_END);
	top_key(&st, TOP_KEY_DELETE);
	top_key(&st, TOP_KEY_RIGHT);
	type("5");
	assert_string_equal(p->text, "ZdYport 15");
	type("\x15");
	assert_string_equal(p->text, "");
	for (i = 0; i < 2 * TOP_FILTER_SIZE; i++)
		type("x");
	assert_int_equal(strlen(p->text), TOP_FILTER_SIZE - 1);
	/* the old one stays */
	top_key(&st, TOP_KEY_ESCAPE);
	assert_false(p->open);
	assert_string_equal(st.filter, "dport 1");
}

static void filters(void **state)
{
	(void)state;
	fresh();
	top_list_set(&st.list[TOP_DESTINATIONS], 9, 9);
	type("jj/dport = :foo");
	assert_int_equal(top_key(&st, TOP_KEY_ENTER), TOP_FILTER);
	top_filter_wrong(&st, "wrong filter: expected a port\n"
			 "    dport = :foo\n             ^~~\n");
	assert_true(st.prompt.open);
	assert_string_equal(st.prompt.error, "expected a port");
	assert_string_equal(st.prompt.marker, "         ^~~");
	assert_string_equal(st.filter, "");
	/* moving about changes nothing of it, typing does */
	top_key(&st, TOP_KEY_LEFT);
	assert_string_equal(st.prompt.error, "expected a port");
	top_key(&st, TOP_KEY_DELETE);
	assert_string_equal(st.prompt.error, "");
	assert_string_equal(st.prompt.marker, "");
	/* without a place */
	top_filter_wrong(&st, "out of memory\n");
	assert_string_equal(st.prompt.error, "out of memory");
	assert_string_equal(st.prompt.marker, "");
	top_filter_wrong(&st, "");
	assert_string_equal(st.prompt.error, "");
	type("\x15" "dport = :443");
	assert_int_equal(top_key(&st, TOP_KEY_ENTER), TOP_FILTER);
	top_filter_taken(&st);
	assert_false(st.prompt.open);
	assert_string_equal(st.filter, "dport = :443");
	assert_int_equal(st.list[TOP_DESTINATIONS].at, 0);
}

/* lines */

static void clipped(const char *s, unsigned int skip, unsigned int cols, bool plain,
		    const char *want, unsigned int shown)
{
	char *got;
	size_t size;
	FILE *fp = open_memstream(&got, &size);

	assert_int_equal(clip_line(fp, s, skip, cols, plain), shown);
	fclose(fp);
	assert_string_equal(got, want);
	free(got);
}

static void clips(void **state)
{
	(void)state;
	clipped("abc\ndef", 0, 80, false, "abc", 3);
	clipped("abc", 1, 1, false, "b", 1);
	clipped("abc", 5, 80, false, "", 0);
	clipped("", 0, 80, false, "", 0);
	clipped("█░x", 1, 1, false, "░", 1);
	/* colours take no room, and none is left on */
	clipped("\033[1;31mabc\033[0md", 2, 1, false, "\033[1;31mc\033[0m", 1);
	clipped("\033[1;31mabc\033[0md", 2, 9, true, "cd", 2);
	/* what is none is shown as it is */
	clipped("\033[2Jx", 0, 2, false, "\033[", 2);
	clipped("\033", 0, 2, true, "\033", 1);
	assert_int_equal(clip_count(""), 0);
	assert_int_equal(clip_count("a"), 1);
	assert_int_equal(clip_count("a\n"), 1);
	assert_int_equal(clip_count("a\n\nb"), 3);
	assert_null(clip_next("a"));
	assert_null(clip_next("a\n"));
	assert_string_equal(clip_next("a\nb\n"), "b\n");
}

/* rows */

#define N_ROWS 4

static struct tws_group group[N_ROWS + 1];
static struct pressure_row row[N_ROWS], source[1];
static struct tws_summary summary;
static const struct tws_info info = {
	.kernel = "6.12.0-test", .timewait_len_ms = 60000, .hz = 250,
	.rules = TWSCOPE_RULES_SECONDS,
};
static const struct top_scene scene = { .info = &info, .host = "a\033host" };
static struct top_data d;

/* 198.51.100.1:1000 and on, of 1,000 ports each. */
static void a_destination(unsigned int i, uint32_t in_use, uint32_t waiting,
			  double rate, double exhausted_s)
{
	group[i] = (struct tws_group){
		.netns = 7, .local_family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote_family = AF_INET,
		.remote = { 198, 51, 100, (uint8_t)(i + 1) },
		.remote_port = (uint16_t)(1000 + i), .count = waiting,
	};
	row[i] = (struct pressure_row){
		.group = &group[i], .summary = &summary,
		.now = { .ports = 1000, .in_use = in_use, .waiting = waiting,
			 .available = 1000 - in_use - waiting, .rate = rate,
			 .rate_s = 10, .hold_s = 62, .sustained = 16,
			 .exhausted_s = exhausted_s },
	};
}

static void made(void)
{
	fresh();
	free(d.rows.row);
	memset(&d, 0, sizeof(d));
	summary = (struct tws_summary){
		.netns = 7, .total = 1234, .kernel_count = 1234, .timewait = 1200,
		.fin_wait2 = 34, .limit = 5000, .bytes = 1024,
		.verdicts = { [TWSCOPE_VERDICT_REUSABLE] = 234,
			      [TWSCOPE_VERDICT_DISABLED] = 1000 },
	};
	a_destination(0, 10, 500, 5.5, -1);
	a_destination(1, 0, 1000, 0, 0);
	a_destination(2, 1, 2, 130, 30);
	a_destination(3, 300, 210, 5.5, 61.5);
	group[N_ROWS] = (struct tws_group){
		.netns = 7, .local_family = AF_INET6, .local = { 0xfd, [15] = 9 },
	};
	source[0] = (struct pressure_row){
		.group = &group[N_ROWS], .summary = &summary,
		.now = { .ports = 1000, .available = 100, .waiting = 900,
			 .limited = true, .exhausted_s = -1 },
	};
	d.p.n = N_ROWS;
	d.p.row = row;
	d.p.n_sources = 1;
	d.p.source = source;
	d.p.n_summaries = 1;
	d.p.summary = &summary;
	d.p.n_closes = TWSCOPE_CLOSES_SLOTS;
	d.p.closes[0] = d.p.closes[3] = 20;
	d.known = true;
	d.took_ms = 5;
	assert_true(top_rows_make(&d.rows, &d.p));
	assert_int_equal(d.rows.n, 5);
}

static void order_is(enum top_order order, const char *want)
{
	char got[8] = "";
	unsigned int i;

	top_rows_sort(&d.rows, order);
	for (i = 0; i < d.rows.n; i++)
		got[i] = d.rows.row[i].pool ? 'p' :
			 (char)('0' + (d.rows.row[i].of - row));
	assert_string_equal(got, want);
}

static void sorts(void **state)
{
	(void)state;
	made();
	order_is(TOP_BY_HELD, "1p032");
	order_is(TOP_BY_RATE, "203" "1p");
	/* the soonest, then those that last: the fuller the earlier */
	order_is(TOP_BY_OUTLOOK, "123p0");
	order_is(TOP_BY_ADDRESS, "0123p");
	assert_int_equal(top_rows_find(&d.rows, &group[2], false), 2);
	assert_int_equal(top_rows_find(&d.rows, &group[N_ROWS], true), 4);
	assert_int_equal(top_rows_find(&d.rows, &group[N_ROWS], false), 5);
	{
		struct tws_group under_vrf = group[N_ROWS];

		/* the same address under a VRF is another pool */
		under_vrf.ifindex = 3;
		assert_int_equal(top_rows_find(&d.rows, &under_vrf, true), 5);
	}
	group[2].netns++;
	{
		struct tws_group other = group[2];

		other.netns--;
		assert_int_equal(top_rows_find(&d.rows, &other, false), 5);
	}
}

static struct tws_bucket a_bucket(uint16_t port, uint32_t remaining_ms, uint32_t verdict)
{
	return (struct tws_bucket){
		.netns = 7, .family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote = { 198, 51, 100, 1 }, .remote_port = 1000,
		.local_port = port, .remaining_ms = remaining_ms, .verdict = verdict,
		.substate = TWSCOPE_SUBSTATE_TIME_WAIT,
	};
}

static void ports_are(struct top_buckets *b, enum top_bucket_order order,
		      uint16_t first, uint16_t second, uint16_t third)
{
	top_buckets_sort(b, order);
	assert_int_equal(b->row[0].local_port, first);
	assert_int_equal(b->row[1].local_port, second);
	assert_int_equal(b->row[2].local_port, third);
}

static void sorts_buckets(void **state)
{
	const struct tws_bucket three[] = {
		a_bucket(40002, 5000, TWSCOPE_VERDICT_DISABLED),
		a_bucket(40003, 1000, TWSCOPE_VERDICT_REUSABLE),
		a_bucket(40001, 9000, 999),
	};
	struct top_buckets b = { .order = TOP_BY_END };
	struct tws_bucket other = three[0];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(top_buckets_add(&b, &three[i]));
	ports_are(&b, TOP_BY_END, 40003, 40002, 40001);
	ports_are(&b, TOP_BY_BEGIN, 40001, 40002, 40003);
	ports_are(&b, TOP_BY_VERDICT, 40003, 40002, 40001);
	ports_are(&b, TOP_BY_PORT, 40001, 40002, 40003);
	assert_int_equal(top_buckets_find(&b, &three[1]), 2);
	other.ifindex = 3;
	assert_int_equal(top_buckets_find(&b, &other), 3);
	top_buckets_free(&b);
}

/* Of many the first are kept, whatever the order they come in. */
static void keeps_the_first(void **state)
{
	struct top_buckets b = { .order = TOP_BY_END };
	struct tws_bucket one;
	unsigned int i;

	(void)state;
	for (i = 0; i < 30000; i++) {
		one = a_bucket((uint16_t)(1 + i * 7919 % 30000), 0, 0);
		one.remaining_ms = one.local_port;
		assert_true(top_buckets_add(&b, &one));
	}
	top_buckets_sort(&b, TOP_BY_END);
	assert_int_equal(b.seen, 30000);
	assert_int_equal(b.n, TOP_MAX_BUCKETS);
	for (i = 0; i < b.n; i++)
		assert_int_equal(b.row[i].local_port, 1 + i);
	top_buckets_free(&b);
}

/* drawing */

static const struct out_options utf8 = { .utf8 = true, .cpus = 2 };

static unsigned int columns(const char *line)
{
	unsigned int n;
	FILE *fp = fopen("/dev/null", "w");

	n = clip_line(fp, line, 0, UINT32_MAX, true);
	fclose(fp);
	return n;
}

/* As many lines as there are rows, and none too long. */
static char *drawn(const struct out_options *options, struct top_cursor *cursor)
{
	char *text = text_top(options, &st, &d, &scene, cursor);
	const char *line;

	assert_non_null(text);
	assert_int_equal(clip_count(text), st.rows);
	for (line = text; line; line = clip_next(line))
		if (columns(line) > st.cols)
			fail_msg("%u columns: %.200s", columns(line), line);
	/* nothing of others goes to the terminal as it is */
	assert_null(strstr(text, "\033h"));
	return text;
}

static void has(const char *want)
{
	struct top_cursor cursor;
	char *text = drawn(&utf8, &cursor);

	if (!strstr(text, want))
		fail_msg("no '%s' in\n%s", want, text);
	free(text);
}

static void lacks(const char *what)
{
	struct top_cursor cursor;
	char *text = drawn(&utf8, &cursor);

	if (strstr(text, what))
		fail_msg("'%s' in\n%s", what, text);
	free(text);
}

static void draws(void **state)
{
	(void)state;
	made();
	top_rows_sort(&d.rows, TOP_BY_HELD);
	top_list_set(&st.list[TOP_DESTINATIONS], 5, 5);
	has(" a?host, netns 7, 6.12.0-test");
	has("every 1 s ");
	has("buckets   1,234 of 5,000 (24.7 %)  ███");
	has("verdicts  234 reusable, 1,000 disabled\n");
	has("█▁▁█ 10s: 4.0\n");
	has("observed  nothing: twctl observe on");
	has("5 destinations, by ports held\n");
	has("\033[7m>████████100.0 %       0     0.0    16.0  exhausted     198.51.100.2:1001 f");
	has(" ████░░░░ 51.0 %     490     5.5    16.0  lasts         198.51.100.1:1000 f");
	has(" ▏░░░░░░░  0.3 %     997     130    16.0  in 30 s       198.51.100.3:1002 f");
	has("  in 1 min 1 s  198.51.100.4:1003 f");
	has(" ███████▏ 90.0 %     100     0.0     0.0  limit first   bind() to fd00::9");
	st.skip = 8;
	has("TAKEN   AVAIL  RATE/S SUSTAIN  OUTLOOK");
	has("198.51.100.3:1002 from 192.0.");
	st.skip = 0;
	st.cols = 79;
	lacks("SUSTAIN");
	has(" 51.0 %     490     5.5  lasts         198.51.100.1:1000 from 192.0.2.1\n");
	st.cols = 80;
	d.took_ms = 270;
	has("every 2.7 s ");
	st.paused = true;
	has("  PAUSED ");
	strcpy(st.filter, "dport = :1000");
	has("5 destinations, by ports held; filter: dport = :1000\n");
	d.p.others = 1000;
	has("5 destinations that hold most ports, of 1,005, by ports held");
	strcpy(d.error, "the twscope module is not \033[2J loaded");
	has(" the twscope module is not ?[2J loaded\n");
	d.rows.n = 0;
	has("no local port of the range is taken by a connection; filter: dport = :1000\n");
	d.known = false;
	has("No answer yet.");
}

static void draws_what_is_observed(void **state)
{
	(void)state;
	made();
	d.observing = true;
	has("observed  since just now\n\n");
	d.has_rates = true;
	d.rates = (struct tws_stats){
		.observed_ms = 2000, .created_time_wait = 199, .created_fin_wait2 = 1,
		.ended = { TWSCOPE_N_CAUSES, { [TWSCOPE_CAUSE_TIMER] = 9,
					       [TWSCOPE_CAUSE_BOUND_REUSE] = 1,
					       [TWSCOPE_CAUSE_RST] = 4,
					       [TWSCOPE_CAUSE_NETNS_EXIT] = 6 } },
		.decisions = { TWSCOPE_N_DECISIONS,
			       { [TWSCOPE_DECISION_REUSE] = 3,
				 [TWSCOPE_DECISION_REFUSE_DISABLED] = 5000 } },
		.overflow = 1, .out_of_memory = 2,
	};
	has("observed  created 100/s, no bucket 1.5, reused 1.5, refused 2500\n");
	has("ended/s   timer 4.5, reuse 0.5, SYN 0, RST 2.0, other 3.0\n");
}

static void draws_all_namespaces(void **state)
{
	static struct tws_summary three[3];
	const struct out_options all = {
		.utf8 = true, .all_netns = true, .no_header = true, .cpus = 2,
	};
	struct top_cursor cursor;
	char *text;

	(void)state;
	made();
	three[0] = three[1] = three[2] = summary;
	three[1].netns = 8;
	three[1].limit = 1235;
	d.p.summary = three;
	d.p.n_summaries = 3;
	group[0].ifindex = 5;
	top_list_set(&st.list[TOP_DESTINATIONS], 5, 5);
	st.cols = 120;
	text = drawn(&all, &cursor);
	assert_non_null(strstr(text, " a?host, 3 network namespaces, 6.12"));
	assert_non_null(strstr(text, "in all    3,600 time-wait, 102 fin-wait2; nearest its limit is netns 8:\n"
				     "buckets   1,234 of 1,235 (99.9 %)"));
	assert_non_null(strstr(text, "verdicts  702 reusable, 3,000 disabled\n"));
	assert_non_null(strstr(text, "198.51.100.1:1000 from 192.0.2.1 dev if5 netns 7"));
	free(text);
}

static void draws_buckets(void **state)
{
	static const struct out_options bare = { .utf8 = true, .no_header = true };
	struct top_cursor cursor;
	char *text;
	unsigned int i;
	struct tws_bucket one;

	(void)state;
	made();
	top_rows_sort(&d.rows, TOP_BY_HELD);
	st.view = TOP_BUCKETS;
	d.picked = group[0];
	for (i = 0; i < 50; i++) {
		one = a_bucket((uint16_t)(40000 + i), 1000 * (i + 1),
			       TWSCOPE_VERDICT_DISABLED);
		assert_true(top_buckets_add(&d.buckets, &one));
	}
	top_buckets_sort(&d.buckets, TOP_BY_END);
	top_list_set(&st.list[TOP_BUCKETS], 50, 50);
	/* as pressure and list have them */
	has("192.0.2.1 -> 198.51.100.1:1000\ntaken     510 of 1,000 ports (51.0 %)");
	has("50 buckets by end\n");
	has(" SUBSTATE     LEFT  TS-AGE  VERDICT        WAIT  LOCAL");
	has("\033[7m>time-wait    1.0s       -  disabled          -  192.0.2.1:40000 ");
	/* -H, too: it is about what programs read */
	text = drawn(&bare, &cursor);
	assert_non_null(strstr(text, "\033[7m>time-wait    1.0s"));
	free(text);
	top_key(&st, TOP_KEY_END);
	has("\033[7m>time-wait   50.0s       -  disabled          -  192.0.2.1:40049 ");
	/* there is room for some of them, however low the screen is */
	st.rows = TOP_MIN_ROWS;
	d.observing = true;
	type("/");
	has(":40049 ");
	top_key(&st, TOP_KEY_ESCAPE);
	has(":40048 ");
	d.picked.remote_port++;
	has("It takes no port any more.\n");
	d.picked_pool = true;
	d.picked = group[N_ROWS];
	st.rows = 24;
	has("bind() to fd00::9, whatever the destination\n");
	top_buckets_free(&d.buckets);
	top_list_set(&st.list[TOP_BUCKETS], 0, 0);
	has("0 buckets by end\n SUBSTATE ");
}

static void draws_pages(void **state)
{
	char page[400] = "";
	unsigned int i;

	(void)state;
	made();
	st.view = TOP_BUCKET;
	for (i = 0; i < 50; i++)
		sprintf(page + strlen(page), "line %u\n", i);
	d.page = page;
	has("\nline 0\nline 1\n");
	top_key(&st, TOP_KEY_END);
	has("\nline 48\nline 49\n");
	d.ended = true;
	has("It is there no more. What was seen last:\n");
	top_key(&st, TOP_KEY_HOME);
	has("\nline 0\n");
	d.page = NULL;
	has("It is there no more.\n");
	type("h");
	has("  Up Down j k         select");
	has(" q back");
}

/* Where one types, the underline below it, the reason below that. */
static void draws_the_prompt(void **state)
{
	struct top_cursor cursor;
	char *text;

	(void)state;
	made();
	free(drawn(&utf8, &cursor));
	assert_int_equal(cursor.row, -1);
	type("/dport = :foo");
	top_filter_wrong(&st, "wrong filter: expected a port\n"
			 "    dport = :foo\n             ^~~\n");
	text = drawn(&utf8, &cursor);
	assert_non_null(strstr(text, "\nfilter  dport = :foo\n"
				     "                 ^~~\n"
				     " expected a port\n"));
	free(text);
	assert_int_equal(cursor.row, 20);
	assert_int_equal(cursor.col, 8 + 12);
	/* one that is longer than the line */
	while (strlen(st.prompt.text) < 300)
		type("x");
	type("Y");
	text = drawn(&utf8, &cursor);
	assert_non_null(strstr(text, "xxxxY\n"));
	free(text);
	assert_int_equal(cursor.col, 79);
	/* a long reason goes on in a second line */
	top_filter_wrong(&st, "its conditions exclude each other, so it can match nothing; alternatives are joined with 'or'");
	has(" its conditions exclude each other, so it can match nothing; alternatives are\n joined with 'or'\n");
}

static void draws_any_size(void **state)
{
	static const struct out_options plain_ascii = { .cpus = 2 };
	static const struct out_options colored = {
		.utf8 = true, .color = true, .all_netns = true, .cpus = 2,
	};
	struct top_cursor cursor;
	enum top_view view;

	(void)state;
	made();
	strcpy(st.filter, "dst 198.51.100.0/24 and dport >= :1 and dport <= :60000 and not sport = :7");
	strcpy(d.error, "an error that is longer than the smallest screen is wide, as some are and more");
	d.page = (char *)"a page\n";
	for (view = 0; view < TOP_N_VIEWS; view++) {
		st.view = view;
		for (st.rows = TOP_MIN_ROWS; st.rows < 60; st.rows += 7)
			for (st.cols = TOP_MIN_COLS; st.cols < 220; st.cols += 9) {
				free(drawn(&plain_ascii, &cursor));
				free(drawn(&colored, &cursor));
				type("/");
				free(drawn(&utf8, &cursor));
				top_key(&st, TOP_KEY_ESCAPE);
			}
	}
	st.rows = TOP_MIN_ROWS - 1;
	st.cols = 100;
	{
		char *text = text_top(&utf8, &st, &d, &scene, &cursor);

		assert_string_equal(text, "100x14 is too small:\n60x15 are needed.\nq quits.\n");
		free(text);
	}
	st.rows = TOP_MIN_ROWS;
	{
		char *text = text_top(&plain_ascii, &st, &d, &scene, &cursor);
		char *at;

		for (at = text; *at; at++)
			assert_false((unsigned char)*at > 0x7e);
		free(text);
	}
}

static int clean(void **state)
{
	(void)state;
	free(d.rows.row);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(follows),
		cmocka_unit_test(views),
		cmocka_unit_test(help),
		cmocka_unit_test(orders),
		cmocka_unit_test(pausing),
		cmocka_unit_test(intervals),
		cmocka_unit_test(edges),
		cmocka_unit_test(typing),
		cmocka_unit_test(filters),
		cmocka_unit_test(clips),
		cmocka_unit_test(sorts),
		cmocka_unit_test(sorts_buckets),
		cmocka_unit_test(keeps_the_first),
		cmocka_unit_test(draws),
		cmocka_unit_test(draws_what_is_observed),
		cmocka_unit_test(draws_all_namespaces),
		cmocka_unit_test(draws_buckets),
		cmocka_unit_test(draws_pages),
		cmocka_unit_test(draws_the_prompt),
		cmocka_unit_test(draws_any_size),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, clean);
}
