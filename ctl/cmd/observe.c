// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../arguments.h"
#include "../stats.h"
#include "commands.h"

struct work {
	enum observe_asked asked;
	/* 0: the module's choice */
	uint32_t recorder;
};

static enum exit_code parse(const struct options *o, int argc, char **argv,
			    struct work *w)
{
	static const char *const words[] = {
		[OBSERVE_ON] = "on", [OBSERVE_OFF] = "off",
	};
	unsigned int i;

	if (o->netns) {
		complain("observe knows no -N: it is for the whole machine");
		return EXIT_USAGE;
	}
	for (i = OBSERVE_ON; argc && i < ARRAY_SIZE(words); i++)
		if (!strcmp(argv[0], words[i]))
			w->asked = i;
	if (argc > 1 || (argc && w->asked == OBSERVE_TELL)) {
		complain("observe takes on, off or nothing, not '%s'",
			 argv[w->asked == OBSERVE_TELL ? 0 : 1]);
		return EXIT_USAGE;
	}
	if (w->asked != OBSERVE_ON && own_option(o, "recorder")) {
		complain("--recorder goes with: twctl observe on");
		return EXIT_USAGE;
	}
	return arguments_number(o, "recorder", 1, TWSCOPE_MAX_RECORDER,
				&w->recorder);
}

static int add(const struct tws_stats *s, void *ctx)
{
	stats_add(ctx, s);
	return 0;
}

struct found {
	struct tws_stats total;
	struct hooks hooks;
	struct observe_report report;
};

/* Of all namespaces, or else of ours. */
static void find_total(struct session *s, struct found *f)
{
	f->report.total = &f->total;
	if (!twnl_stats_dump(s->nl, add, &f->total))
		return;
	memset(&f->total, 0, sizeof(f->total));
	if (twnl_stats_get(s->nl, add, &f->total))
		f->report.total = NULL;
}

static int find_hooks(struct session *s, struct found *f)
{
	int ret = hooks_read(s->nl, &f->hooks);

	if (ret < 0 && twnl_errno(s->nl) == EPERM)
		return 0;
	f->report.hooks = &f->hooks;
	return ret;
}

/* What is off has nothing to show. */
static int tell(struct session *s, struct found *f)
{
	int ret = 0;

	if (f->report.is_on) {
		find_total(s, f);
		ret = find_hooks(s, f);
	}
	if (!ret)
		session_wrote(s, out_observe(s->out, &f->report));
	return ret;
}

static int turn(struct session *s, const struct work *w, struct found *f)
{
	bool on = w->asked == OBSERVE_ON, was_on = f->report.was_on;
	int ret;

	/* they are gone with the hooks */
	if (!on && was_on)
		find_total(s, f);
	ret = twnl_observe_set(s->nl, on, w->recorder);
	if (ret)
		return ret;
	f->report.is_on = on;
	session_wrote(s, out_observe(s->out, &f->report));
	if (on && was_on && w->recorder)
		complain("the recorder stays as it is; to change it turn observing off first");
	return 0;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct found f = { 0 };
	struct work w = { 0 };
	struct session s;
	int ret = parse(o, argc, argv, &w);

	if (ret)
		return ret;
	if (session_open(&s, o, OUT_OBSERVE) < 0)
		return EXIT_ERROR;
	f.report.asked = w.asked;
	f.report.was_on = f.report.is_on = s.info.observing;
	f.report.now_ns = now_ns(CLOCK_REALTIME);
	ret = w.asked == OBSERVE_TELL ? tell(&s, &f) : turn(&s, &w, &f);
	hooks_free(&f.hooks);
	return session_close(&s, ret);
}

static const struct command_option options[] = {
	{ .name = "recorder", .argument = "a number of events" },
	{ 0 },
};

const struct command cmd_observe = {
	.name = "observe",
	.brief = "turns observing on or off: what makes, reuses and ends buckets",
	.takes = TAKES_SWITCH,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] observe\n"
"       twctl [OPTIONS] observe on [--recorder N]\n"
"       twctl [OPTIONS] observe off\n"
"\n"
"Puts the module's hooks on the kernel's functions that make and end buckets and\n"
"decide on them, for the whole machine, or takes them off again. While they are\n"
"on, 'twctl stats' has the counts and 'twctl monitor' the events. It needs\n"
"CAP_NET_ADMIN in the initial user namespace.\n"
"\n"
"  on              to count and to record from now on; no error where it is on\n"
"                  already, then it goes on as it is\n"
"  --recorder N    the flight recorder keeps the last N events of each processor,\n"
"                  rounded up to a power of two; up to 1048576\n"
"  off             shows how much was counted, and forgets it, and the recorded\n"
"                  events as well. Off means off: nothing is left in the kernel's\n"
"                  way\n"
"\n"
"Alone it says whether it is on, since when, and shows the hooks: by which\n"
"mechanism each is called, how often it was, and how often it could not. A hook\n"
"by ftrace misses nothing.\n"
"\n"
"With -j: one object; on and off say in \"changed\" whether they did anything.\n",
};
