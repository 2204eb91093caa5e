// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../arguments.h"
#include "../collect.h"
#include "../out_metrics.h"
#include "../replace.h"
#include "commands.h"

#define MAX_NETNS	32
#define MOST_NETNS	256
/* what each file of ours begins with */
#define BEGINNING	"# HELP twscope_"

struct work {
	enum metrics_format format;
	uint32_t max_netns;
	/* NULL for stdout */
	const char *path;
};

static int parse_format(const char *text, enum metrics_format *format)
{
	if (!text || !strcmp(text, "prometheus"))
		*format = METRICS_PROMETHEUS;
	else if (!strcmp(text, "openmetrics"))
		*format = METRICS_OPENMETRICS;
	else
		return -1;
	return 0;
}

static int parse(const struct options *o, int argc, char **argv, struct work *w)
{
	const char *format = own_option(o, "format");

	w->max_netns = MAX_NETNS;
	w->path = own_option(o, "output");
	if (w->path && !*w->path) {
		complain("--output needs the name of a file, or - for stdout");
		return EXIT_USAGE;
	}
	if (w->path && !strcmp(w->path, "-"))
		w->path = NULL;
	if (argc) {
		complain("metrics takes no argument '%s'; addresses are no labels", argv[0]);
		return EXIT_USAGE;
	}
	if (o->json) {
		complain("metrics has formats of its own; for -j: twctl -j pressure, twctl -j summary");
		return EXIT_USAGE;
	}
	if (parse_format(format, &w->format) < 0) {
		complain("--format takes prometheus or openmetrics, not '%s'", format);
		return EXIT_USAGE;
	}
	if (own_option(o, "max-netns") && !o->all_netns) {
		complain("--max-netns goes with -A");
		return EXIT_USAGE;
	}
	return arguments_number(o, "max-netns", 0, MOST_NETNS, &w->max_netns);
}

/* Nobody's work shall be lost to a slip of the fingers. */
static int may_replace(const char *path, const char *real)
{
	char begin[sizeof(BEGINNING)] = "";
	int fd = replace_look(real);
	ssize_t n;

	if (fd == REPLACE_NOTHING)
		return 0;
	if (fd == REPLACE_ERROR)
		return -1;
	if (fd == REPLACE_NO_FILE) {
		complain("%s: it is there and no regular file; '-' is stdout", path);
		return 1;
	}
	n = read(fd, begin, sizeof(begin) - 1);
	close(fd);
	if (!n || !strcmp(begin, BEGINNING))
		return 0;
	complain("%s: it is there and has no metrics of twctl's, so it is left as it is",
		 path);
	return 1;
}

static int deliver(const struct work *w, const char *text)
{
	char real[PATH_MAX];
	int refused;

	if (!w->path) {
		fputs(text, stdout);
		return close_stdout();
	}
	refused = replace_follow(w->path, real);
	if (!refused)
		refused = may_replace(w->path, real);
	/* a collector runs as somebody else */
	if (!refused && !replace_file(real, text, 0644))
		return 0;
	if (refused <= 0)
		complain("%s: %s", w->path, strerror(errno));
	return 1;
}

static int write_out(const struct work *w, const struct metrics_report *r)
{
	char *text = NULL;
	size_t len;
	FILE *fp = open_memstream(&text, &len);
	int ret = EXIT_ERROR;

	if (fp) {
		out_metrics(fp, r);
		if (!fclose(fp))
			ret = deliver(w, text);
		else
			complain("out of memory");
	}
	free(text);
	return ret;
}

static void fill(const struct options *o, const struct work *w,
		 struct collected *c, struct figures *rest,
		 struct metrics_report *r)
{
	r->n = o->all_netns ? figures_choose(c->row, c->n, w->max_netns, rest) : c->n;
	r->n_rest = c->n - r->n;
	r->rest = r->n_rest ? rest : NULL;
	r->row = c->row;
	r->all_netns = o->all_netns;
	r->observing = c->observing;
}

/*
 * Who may not ask, or did not wait, has learnt nothing of the module: what was
 * written before then grows old, of which there is an alert as well.
 */
static bool learnt_nothing(const struct session *s, int ret)
{
	return ret > 0 || (ret < 0 && twnl_errno(s->nl) == EPERM);
}

/* Else there are metrics: that there are no others is one of them. */
static int ask(const struct options *o, const struct work *w, struct session *s)
{
	struct metrics_report r = { .format = w->format };
	uint64_t began = now_ns(CLOCK_MONOTONIC);
	struct netns_names *names = NULL;
	struct figures rest;
	struct collected c;
	int ret, wrote = 0;

	ret = collect(s, o, 0, NULL, &c);
	if (!ret) {
		fill(o, w, &c, &rest, &r);
		r.info = &s->info;
		if (o->all_netns)
			names = netns_names_load(NETNS_ALL);
		r.names = names;
		r.took_s = (double)(now_ns(CLOCK_MONOTONIC) - began) / 1e9;
	} else if (!c.pressures.refused) {
		complain("%s", ret < 0 ? twnl_error(s->nl) : "interrupted");
	}
	if (!learnt_nothing(s, ret))
		wrote = write_out(w, &r);
	netns_names_free(names);
	collected_free(&c);
	return ret || wrote ? EXIT_ERROR : EXIT_OK;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct metrics_report nothing = { 0 };
	struct work w;
	struct session s;
	int ret = parse(o, argc, argv, &w);

	if (ret)
		return ret;
	if (session_enter(o) < 0)
		return EXIT_ERROR;
	if (session_connect(&s) < 0) {
		nothing.format = w.format;
		write_out(&w, &nothing);
		return EXIT_ERROR;
	}
	ret = ask(o, &w, &s);
	twnl_close(s.nl);
	return ret;
}

static const struct command_option options[] = {
	{ .name = "output", .argument = "a file, or - for stdout",
	  .takes = TAKES_FILE },
	{ .name = "format", .argument = "prometheus or openmetrics",
	  .takes = TAKES_FORMAT },
	{ .name = "max-netns", .argument = "a number of network namespaces" },
	{ 0 },
};

const struct command cmd_metrics = {
	.name = "metrics",
	.brief = "all figures for Prometheus",
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] metrics [--output FILE] [--format FORMAT]\n"
"       twctl [OPTIONS] metrics -A [--max-netns N] ...\n"
"\n"
"Buckets, verdicts, the limit, how full the ports of the fullest destination are,\n"
"when they are gone, and what was observed, as metrics. Their number does not\n"
"depend on traffic: no label has an address or a port. docs/metrics.md says\n"
"what each is; an alert on what they show is answered by 'twctl pressure'.\n"
"\n"
"  --output FILE    into a file that is replaced at once, of mode 0644, for the\n"
"                   textfile collector of node_exporter: FILE ends with .prom.\n"
"                   Not where there is a file of something else\n"
"  --format FORMAT  prometheus, the text format that the textfile collector and\n"
"                   Prometheus read, unless it is given; or openmetrics\n"
"\n"
"With -A: of each network namespace, with its name or number as the label netns.\n"
"  --max-netns N    of the N that have most buckets (32), and of its own; the\n"
"                   others are added up, of ratios and times the worst, as\n"
"                   netns=\"rest\". Of what was observed there is no rest\n"
"\n"
"Where the module does not answer, twscope_up is 0, nothing else is told but the\n"
"version, and the exit code is 1. Who may not ask it, or is interrupted, writes\n"
"nothing: a file stays as it is and grows old; the exit code is 1 as well.\n"
"\n"
"Examples:\n"
"  twctl metrics\n"
"  twctl metrics -A --output /var/lib/prometheus/node-exporter/twscope.prom\n",
};
