// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../arguments.h"
#include "../top_screen.h"
#include "commands.h"

#define MIN_INTERVAL_MS 100
#define INTERVAL_MS 1000

struct work {
	struct session s;
	/* without the namespace, which was entered */
	struct options o;
	struct top_state st;
	struct top_data d;
	struct top_screen *screen;
	char host[100];
};

static enum exit_code parse(struct work *w, int argc, char **argv)
{
	uint32_t interval_ms = INTERVAL_MS;
	struct tws_filter f;
	char *filter;
	int ret;

	if (w->o.json) {
		complain("top is a screen and knows no -j; for programs: twctl -j pressure");
		return EXIT_USAGE;
	}
	ret = arguments_time(&w->o, "interval", MIN_INTERVAL_MS, &interval_ms);
	if (!ret)
		ret = arguments_filter(&w->o, argc, argv, &f);
	if (ret)
		return ret;
	filter = arguments_join(argc, argv);
	if (!filter) {
		complain("out of memory");
		return EXIT_ERROR;
	}
	if (strlen(filter) >= TOP_FILTER_SIZE) {
		complain("top takes a filter of %d characters at most", TOP_FILTER_SIZE - 1);
		ret = EXIT_USAGE;
	} else {
		top_init(&w->st, interval_ms, filter);
	}
	free(filter);
	return ret;
}

static void show(struct work *w)
{
	const struct top_scene scene = { .info = &w->s.info, .host = w->host };
	struct top_cursor cursor;
	char *lines = text_top(&w->s.out->opt, &w->st, &w->d, &scene, &cursor);

	top_screen_show(w->screen, lines, &cursor);
	free(lines);
}

/* Whether what was typed is a filter. */
static void try_filter(struct work *w)
{
	char *words[] = { w->st.prompt.text }, *complaint = NULL;
	struct tws_filter f;
	size_t size;
	FILE *fp = open_memstream(&complaint, &size);
	enum exit_code ret;

	complain_to(complain_into, fp);
	ret = arguments_filter(&w->o, 1, words, &f);
	complain_to(NULL, NULL);
	if (fp)
		fclose(fp);
	if (ret)
		top_filter_wrong(&w->st, complaint ? complaint : "out of memory");
	else
		top_filter_taken(&w->st);
	free(complaint);
}

/*
 * All keys that are there. False where one ends it, or where none is although it was
 * @typed: then there is nobody to type any more. *@ask: where one wants it now.
 */
static bool take_keys(struct work *w, bool typed, bool *ask)
{
	enum top_act act;
	int key;

	while ((key = top_screen_key(w->screen, &w->st)) >= 0) {
		typed = false;
		act = top_key(&w->st, key);
		if (act == TOP_QUIT)
			return false;
		if (act == TOP_ENTER)
			top_pick(&w->d, &w->st);
		if (act == TOP_SORT)
			top_sort(&w->d, &w->st);
		if (act == TOP_FILTER)
			try_filter(w);
		*ask |= act == TOP_ASK || act == TOP_ENTER ||
			(act == TOP_FILTER && !w->st.prompt.open);
		/* what more is typed may be about what that brings */
		if (*ask)
			break;
	}
	return !typed;
}

static void live(struct work *w)
{
	uint64_t began = 0;
	bool ask = true, asked, typed = false;

	/* sets the size */
	while (take_keys(w, typed, &ask)) {
		asked = ask;
		if (ask) {
			began = now_ns(CLOCK_MONOTONIC);
			if (top_ask(&w->d, &w->s, &w->o, &w->st))
				return;
		}
		show(w);
		ask = typed = false;
		/* first the keys that came meanwhile: curses may have them already */
		if (asked)
			continue;
		switch (wait_for_key(w->st.paused ? UINT64_MAX : began +
				     top_interval(&w->st, w->d.took_ms) * 1000000ULL)) {
		case WAIT_INTERRUPT:
			return;
		case WAIT_TIME:
			ask = true;
			break;
		case WAIT_KEY:
			typed = true;
			break;
		case WAIT_SIGNAL:
			break;
		}
	}
}

static int show_live(struct work *w)
{
	char err[256];

	w->screen = top_screen_open(w->s.out->opt.color, err, sizeof(err));
	if (!w->screen) {
		complain("%s", err);
		return EXIT_ERROR;
	}
	catch_hangups();
	live(w);
	top_screen_close(w->screen);
	return EXIT_OK;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct work *w = calloc(1, sizeof(*w));
	int ret;

	if (!w) {
		complain("out of memory");
		return EXIT_ERROR;
	}
	w->o = *o;
	ret = parse(w, argc, argv);
	w->o.netns = NULL;
	if (!ret && session_open(&w->s, &w->o, OUT_PRESSURE) < 0)
		ret = EXIT_ERROR;
	if (!ret) {
		gethostname(w->host, sizeof(w->host) - 1);
		ret = show_live(w);
		/* what changed while it was read was read again: no warning of it */
		twnl_close(w->s.nl);
		w->s.nl = NULL;
		/* an interrupt ends it here */
		session_close(&w->s, 0);
	}
	top_data_free(&w->d);
	free(w);
	return ret;
}

static const struct command_option options[] = {
	{ .name = "interval", .argument = "a time: 1, 10s, 500ms", .letter = 'i' },
	{ 0 },
};

const struct command cmd_top = {
	.name = "top",
	.brief = "the live screen: destinations by pressure, and into each of them",
	.takes_family = true,
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] top [-i TIME] [FILTER]\n"
"\n"
"A screen that is renewed each second: how many buckets there are and how fast\n"
"they come (each of the last 60 seconds, the newest at the right, and the mean of\n"
"the last 10), the verdicts (twctl help explain), what is observed if anything\n"
"is, and below it the destinations of 'twctl pressure' and the pools of those who\n"
"bind() first.\n"
"\n"
"  TAKEN    ports that connect() does not get, of those that it may get at all\n"
"  AVAIL    ports that it may still have\n"
"  RATE/S   ports taken by the second, the mean of up to 10 s\n"
"  SUSTAIN  the rate that can go on for good\n"
"  OUTLOOK  when no port will be left if this rate goes on; lasts: never; limit\n"
"           first: tcp_max_tw_buckets is reached before\n"
"\n"
"  -i, --interval TIME  between two questions: 1 (the default), 10s, 500ms; ten\n"
"                       times as long as asking takes at least\n"
"  FILTER               only these: twctl help filter\n"
"\n"
"Keys:\n"
TOP_KEYS_HELP
"\n"
"It needs a terminal of 60 columns and 15 rows. Colours as with -c. Where the\n"
"module is unloaded meanwhile it says so, and goes on once it is there again.\n"
"\n"
"Examples:\n"
"  twctl top\n"
"  twctl top -A -i 5\n"
"  twctl top dport = :443\n",
};
