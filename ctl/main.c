// SPDX-License-Identifier: GPL-2.0
/* The options and the table of commands; the work is in cmd/. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/commands.h"
#include "complete.h"
#include "session.h"

static int run_help(const struct options *o, int argc, char **argv);

static const struct command cmd_help = {
	.name = "help",
	.brief = "this text, or that of a command",
	.takes = TAKES_COMMAND,
	.run = run_help,
	.help = "Usage: twctl help [COMMAND]\n",
};

static const struct command *const commands[] = {
	&cmd_summary, &cmd_list, &cmd_group,
	&cmd_pressure, &cmd_top, &cmd_explain, &cmd_whatif, &cmd_ports, &cmd_observe, &cmd_stats,
	&cmd_monitor, &cmd_doctor, &cmd_diff, &cmd_check, &cmd_metrics,
	&cmd_verify, &cmd_info, &cmd_help,
};

static const char usage[] =
"Usage: twctl [OPTIONS] [COMMAND [ARGS]]\n"
"\n"
"Shows the TCP TIME_WAIT buckets of this machine, as the twscope kernel module\n"
"sees them. It changes nothing but by 'observe', which turns the module's hooks\n"
"on and off.\n"
"\n"
"Commands, which may be abbreviated:\n";

static const char usage_options[] =
"\n"
"Options, before or after the command:\n"
"  -j, --json         JSON, one object or an array of them\n"
"  -p, --pretty       JSON that is indented\n"
"  -c, --color[=WHEN] colours: always (the default of -c), auto, never. Without\n"
"                     -c: auto, on a terminal only. NO_COLOR in the environment\n"
"                     turns auto off; JSON has none. Short form: -c=WHEN\n"
"  -n, --numeric      no service names for ports. Addresses are always numbers:\n"
"                     asking the DNS amid an incident is no help\n"
"  -H, --no-header    no header lines\n"
"  -4, -6             where a FILTER is taken: one address family. IPv4 traffic\n"
"                     through IPv6 sockets is of family 6\n"
"  -N, --netns NS     in network namespace NS: a name of 'ip netns', a path, or\n"
"                     the number of a process\n"
"  -A, --all-netns    all network namespaces of the machine\n"
"  -V, --version      version of twctl; that of the module: twctl info\n"
"  -h, --help         this text, or after a command that of the command\n"
"      --complete -- WORD...  what the last WORD may become, a line each, as the\n"
"                     completions of shells ask\n"
"\n"
"Exit code: 0 fine, 1 an error while running, 2 wrong usage.\n";

static int print_usage(void)
{
	size_t i;

	fputs(usage, stdout);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s  %s\n", commands[i]->name, commands[i]->brief);
	printf("\n  help %s  %s\n", topic_filter.name, topic_filter.brief);
	fputs(usage_options, stdout);
	return close_stdout();
}

static int print_help(const struct command *c)
{
	if (!c || c == &cmd_help)
		return print_usage();
	fputs(c->help, stdout);
	fputs("\nOptions: twctl --help\n", stdout);
	return close_stdout();
}

static const struct command *find(const char *word)
{
	const struct command *c;
	char err[512];

	c = command_find(commands, ARRAY_SIZE(commands), word, err, sizeof(err));
	if (!c)
		complain("%s", err);
	return c;
}

static int run_help(const struct options *o, int argc, char **argv)
{
	const struct command *c = NULL;

	(void)o;
	if (argc) {
		c = strcmp(argv[0], topic_filter.name) ? find(argv[0]) :
							 &topic_filter;
		if (!c)
			return EXIT_USAGE;
	}
	return print_help(c);
}

static int set_color(struct options *o, const char *when)
{
	/* -c=auto gives "=auto", --color=auto gives "auto" */
	if (when && *when == '=')
		when++;
	if (!when || !strcmp(when, "always"))
		o->color = COLOR_ALWAYS;
	else if (!strcmp(when, "auto"))
		o->color = COLOR_AUTO;
	else if (!strcmp(when, "never"))
		o->color = COLOR_NEVER;
	else {
		complain("-c takes always, auto or never, not '%s'", when);
		return -1;
	}
	return 0;
}

static int set_family(struct options *o, int family)
{
	if (o->family && o->family != family) {
		complain("-4 and -6 exclude each other; without them both families are shown");
		return -1;
	}
	o->family = family;
	return 0;
}

enum ask { ASK_RUN, ASK_HELP, ASK_VERSION, ASK_COMPLETE, ASK_NOTHING };

/* an option without a letter: beyond them all, and below OWN */
#define COMPLETE 0x80

static const struct option general_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "color", optional_argument, NULL, 'c' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "netns", required_argument, NULL, 'N' },
	{ "all-netns", no_argument, NULL, 'A' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "complete", no_argument, NULL, COMPLETE },
};

static int print_completions(int argc, char **argv)
{
	const struct completion c = {
		.command = commands,
		.n_commands = ARRAY_SIZE(commands),
		.option = general_options,
		.n_options = ARRAY_SIZE(general_options),
		.topic = &topic_filter,
		.netns_dir = NETNS_DIR,
	};

	complete(&c, argc, argv, stdout);
	return close_stdout();
}

/* What getopt_long() gives for option i of the table below is OWN + i. */
#define OWN 0x100

struct table {
	struct option longs[ARRAY_SIZE(general_options) + MAX_OWN_OPTIONS + 1];
	const char *argument[ARRAY_SIZE(general_options) + MAX_OWN_OPTIONS + 1];
	char letter[ARRAY_SIZE(general_options) + MAX_OWN_OPTIONS + 1];
	size_t n;
	/* the short ones, as getopt_long() wants them */
	char shorts[64];
};

static void add_option(struct table *t, const struct command_option *o)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(t->longs[i].name, o->name))
			return;
	if (t->n + 1 >= ARRAY_SIZE(t->longs))
		return;
	t->argument[t->n] = o->argument;
	t->letter[t->n] = o->letter;
	if (o->letter)
		snprintf(t->shorts + strlen(t->shorts),
			 sizeof(t->shorts) - strlen(t->shorts), "%c%s",
			 o->letter, o->argument ? ":" : "");
	t->longs[t->n] = (struct option){
		.name = o->name,
		.has_arg = o->argument ? required_argument : no_argument,
		.val = OWN + (int)t->n,
	};
	t->n++;
}

/*
 * The general options and those of all commands: which command it is, is known
 * only after the options that precede it.
 */
static void make_table(struct table *t)
{
	const struct command_option *o;
	size_t i;

	memset(t, 0, sizeof(*t));
	strcpy(t->shorts, ":jpc::nH46N:AVh");
	for (i = 0; i < ARRAY_SIZE(general_options); i++)
		t->longs[t->n++] = general_options[i];
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		for (o = commands[i]->options; o && o->name; o++)
			add_option(t, o);
}

/* The option of a command's own that getopt_long() gave as @c; NULL for none. */
static const struct option *own_by(const struct table *t, int c)
{
	size_t i;

	if (c >= OWN)
		return &t->longs[c - OWN];
	for (i = 0; i < t->n; i++)
		if (c && t->letter[i] == c)
			return &t->longs[i];
	return NULL;
}

static int set_own(struct options *o, const struct option *given)
{
	if (own_option(o, given->name)) {
		complain("--%s is given twice", given->name);
		return -1;
	}
	o->own[o->n_own].name = given->name;
	o->own[o->n_own].value = optarg ? optarg : "";
	o->n_own++;
	return 0;
}

static void wrong_option(int c, char **argv, const struct table *t)
{
	const struct option *own = own_by(t, optopt);
	const char *word = argv[optind - 1];

	if (c == ':' && own)
		complain("option --%s needs %s", own->name,
			 t->argument[own - t->longs]);
	else if (c == ':')
		complain("option -N needs the name of a network namespace, a path or the number of a process");
	else if (!strncmp(word, "--", 2))
		complain("wrong option '%s'; see: twctl --help", word);
	else
		complain("unknown option '-%c'; see: twctl --help", optopt);
}

static enum ask parse_options(int argc, char **argv, struct options *o)
{
	enum ask ask = ASK_RUN;
	struct table t;
	int c, ret = 0;

	make_table(&t);
	opterr = 0;
	while (!ret && (c = getopt_long(argc, argv, t.shorts, t.longs,
					NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'p':
			o->pretty = true;
			break;
		case 'c':
			ret = set_color(o, optarg);
			break;
		case 'n':
			o->numeric = true;
			break;
		case 'H':
			o->no_header = true;
			break;
		case '4':
			ret = set_family(o, AF_INET);
			break;
		case '6':
			ret = set_family(o, AF_INET6);
			break;
		case 'N':
			o->netns = optarg;
			break;
		case 'A':
			o->all_netns = true;
			break;
		case 'V':
			ask = ASK_VERSION;
			break;
		case 'h':
			ask = ASK_HELP;
			break;
		case COMPLETE:
			ask = ASK_COMPLETE;
			break;
		default:
			if (own_by(&t, c)) {
				ret = set_own(o, own_by(&t, c));
				break;
			}
			wrong_option(c, argv, &t);
			ret = -1;
		}
	}
	return ret ? ASK_NOTHING : ask;
}

/* Options that the command cannot honour are refused, not ignored. */
static int check_options(const struct command *c, const struct options *o)
{
	unsigned int i;

	for (i = 0; i < o->n_own; i++) {
		if (command_has_option(c, o->own[i].name))
			continue;
		complain("%s knows no --%s; see: twctl help %s", c->name,
			 o->own[i].name, c->name);
		return -1;
	}
	if (o->family && !c->takes_family) {
		complain("%s knows no -%c", c->name, o->family == AF_INET ? '4' : '6');
		return -1;
	}
	if (o->all_netns && !c->takes_all_netns) {
		complain("%s knows no -A; -N takes one network namespace",
			 c->name);
		return -1;
	}
	if (o->all_netns && o->netns) {
		complain("-N shows one network namespace and -A all of them: give one of the two");
		return -1;
	}
	return 0;
}

/* The command that is asked for, whatever is wrong with its options; or NULL. */
static const struct command *asked_for(int argc, char **argv)
{
	const struct command *c = &cmd_summary;
	/* getopt_long() changes their order */
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	struct table t;
	char err[512];

	if (!words)
		return NULL;
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	make_table(&t);
	opterr = 0;
	while (getopt_long(argc, words, t.shorts, t.longs, NULL) != -1)
		;
	if (optind < argc)
		c = command_find(commands, ARRAY_SIZE(commands), words[optind],
				 err, sizeof(err));
	free(words);
	/* from the beginning again */
	optind = 0;
	return c;
}

static int wrong_usage(const struct command *c)
{
	return c && c->give_up ? c->give_up() : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *c = asked_for(argc, argv);
	struct options o = { 0 };
	enum ask ask;

	/* the charset only: numbers stay as programs and our columns expect them */
	setlocale(LC_CTYPE, "");
	if (c)
		complain_to(c->complain, NULL);
	ask = parse_options(argc, argv, &o);
	if (ask == ASK_NOTHING)
		return wrong_usage(c);
	if (ask == ASK_VERSION) {
		printf("twctl %s\n", TWSCOPE_VERSION);
		return close_stdout();
	}
	argc -= optind;
	argv += optind;
	if (ask == ASK_COMPLETE)
		return print_completions(argc, argv);
	if (argc) {
		/* once more, to say what is wrong with it */
		c = find(argv[0]);
		if (!c)
			return EXIT_USAGE;
		argc--;
		argv++;
	} else if (ask == ASK_HELP) {
		return print_usage();
	}
	if (ask == ASK_HELP)
		return print_help(c);
	if (check_options(c, &o) < 0)
		return wrong_usage(c);
	catch_interrupts();
	/* a list may be long: fewer and larger writes */
	setvbuf(stdout, NULL, _IOFBF, 128 * 1024);
	return c->run(&o, argc, argv);
}
