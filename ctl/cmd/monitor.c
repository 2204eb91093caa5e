// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../arguments.h"
#include "commands.h"

/* Slower is seen as slow, faster wakes the processor for nothing. */
#define POLL_NS 100000000ULL

struct work {
	struct session s;
	struct tws_filter filter;
	struct tws_cursor cursor;
	struct tws_event_query query;
	/* 0: no end */
	uint32_t count;
	uint32_t duration_ms;
	uint32_t seen;
	bool follow;
};

static enum exit_code parse(const struct options *o, int argc, char **argv,
			    struct work *w)
{
	int ret = arguments_filter(o, argc, argv, &w->filter);

	w->query.filter = &w->filter;
	w->query.all_netns = o->all_netns;
	w->query.cursor = &w->cursor;
	w->follow = !own_option(o, "last") || own_option(o, "follow");
	if (!ret)
		ret = arguments_time(o, "last", 1, &w->query.since_ms);
	if (!ret)
		ret = arguments_time(o, "duration", 1, &w->duration_ms);
	if (!ret)
		ret = arguments_number(o, "count", 1, UINT32_MAX, &w->count);
	if (!ret && w->duration_ms && !w->follow) {
		complain("--last ends by itself: --duration goes with it only where --follow does");
		return EXIT_USAGE;
	}
	return ret;
}

/* 1 where the last one wanted was shown. */
static int take(const struct tws_news *n, void *ctx)
{
	struct work *w = ctx;

	if (!n->has_event)
		return session_wrote(&w->s, out_lost(w->s.out, n->lost));
	session_renew_names(&w->s, n->event.netns);
	if (session_wrote(&w->s, out_event(w->s.out, &n->event)))
		return 1;
	w->seen++;
	return w->count && w->seen == w->count;
}

static int ask(struct work *w)
{
	int ret = twnl_event_dump(w->s.nl, &w->query, take, w);

	/* also what came before an error */
	if (ret >= 0 && session_wrote(&w->s, out_flush(w->s.out)))
		return 1;
	return ret;
}

/* What may happen to one who follows; returns as the calls of nl.h do. */
static int again(struct work *w)
{
	int ret = ask(w);

	if (ret >= 0)
		return ret;
	if (twnl_errno(w->s.nl) == ENODATA) {
		complain("observing was turned off");
		return 1;
	}
	if (twnl_errno(w->s.nl) != ESTALE)
		return ret;
	complain("observing was turned off and on again: from here on there is what came since");
	w->cursor.len = 0;
	w->query.since_ms = UINT32_MAX;
	return 0;
}

static int follow(struct work *w)
{
	uint64_t next = now_ns(CLOCK_MONOTONIC);
	uint64_t end = w->duration_ms ? next + w->duration_ms * 1000000ULL :
					UINT64_MAX;
	int ret = ask(w);

	while (!ret && next < end) {
		next = now_ns(CLOCK_MONOTONIC) + POLL_NS;
		if (next > end)
			next = end;
		if (!pause_until(next))
			return 1;
		ret = again(w);
	}
	return ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct work *w = calloc(1, sizeof(*w));
	int ret;

	if (!w) {
		complain("out of memory");
		return EXIT_ERROR;
	}
	ret = parse(o, argc, argv, w);
	if (!ret && session_open(&w->s, o, OUT_EVENTS) < 0)
		ret = EXIT_ERROR;
	else if (!ret)
		ret = session_close(&w->s, w->follow ? follow(w) : ask(w));
	free(w);
	return ret;
}

static const struct command_option options[] = {
	{ .name = "last", .argument = "a time: 60s, 500ms, 2m" },
	{ .name = "follow" },
	{ .name = "count", .argument = "a number" },
	{ .name = "duration", .argument = "a time: 60s, 500ms, 2m" },
	{ 0 },
};

const struct command cmd_monitor = {
	.name = "monitor",
	.brief = "events as they come, or the last ones: made, reused, refused, ended",
	.takes_family = true,
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] monitor [--last TIME [--follow]] [--count N]\n"
"                               [--duration TIME] [FILTER]\n"
"\n"
"A line for each event at a bucket of the network namespace (with -A: of all of\n"
"them) while 'twctl observe on' is in force, from now on, until it is\n"
"interrupted. It needs CAP_NET_ADMIN over the network namespace.\n"
"\n"
"  --last TIME      what the flight recorder kept of the last 60s, 500ms, 2m, 1h\n"
"  --follow         and then go on\n"
"  --count N        end after so many events\n"
"  --duration TIME  end after that time\n"
"  FILTER           events at these buckets only: twctl help filter\n"
"\n"
"  EVENT     created  a close left a bucket\n"
"            reuse    connect() took the bucket's place\n"
"            refused  connect() tried the bucket's port and did not get it\n"
"            segment  a segment met the bucket\n"
"            ended    the bucket ended\n"
"  SUBSTATE  of the bucket: see twctl help list\n"
"  WHY       the reason, in words; x12 for as many refusals of one connect(), one\n"
"            after the other, of which LOCAL is the first\n"
"  WHO       process and number in whose context it happened, where that was not\n"
"            an interrupt; with created the number of the socket's cgroup (v2).\n"
"            'find /sys/fs/cgroup -inum N' has its name\n"
"\n"
"A line says so where the recorder was overrun. With -A names of namespaces are\n"
"looked for again after a minute, and after two seconds where one has none.\n"
"\n"
"With -j: an object a line; {\"lost\":N} where events were lost. time_ns are\n"
"nanoseconds since 1970.\n"
"\n"
"Examples:\n"
"  twctl monitor dport = :443\n"
"  twctl monitor -j --last 60s | jq -r 'select(.type == \"ended\").cause' |\n"
"    sort | uniq -c\n",
};
