// SPDX-License-Identifier: GPL-2.0
#include "../machine.h"
#include "../rules.h"
#include "../session.h"
#include "commands.h"

static int examine(struct session *s, const struct machine *m)
{
	struct findings f;
	const struct doctor_report r = { .machine = m, .findings = &f };
	int ret;

	rules_look(m, &f);
	ret = f.no_memory ? twnl_out_of_memory(s->nl) :
			    session_wrote(s, out_doctor(s->out, &r));
	findings_free(&f);
	return ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct session s;
	struct machine m;
	int ret;

	if (argc) {
		complain("doctor takes no argument '%s'; -N takes another network namespace, -A all of them",
			 argv[0]);
		return EXIT_USAGE;
	}
	if (session_open(&s, o, OUT_DOCTOR) < 0)
		return EXIT_ERROR;
	ret = machine_take(&s, o, &m);
	if (!ret)
		ret = examine(&s, &m);
	ret = session_close(&s, ret);
	machine_free(&m);
	return ret;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.brief = "what is wrong, how we know, what to do and what not to",
	.takes_all_netns = true,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] doctor\n"
"\n"
"Looks at everything that is known here and tells what is wrong with it, the\n"
"worst first:\n"
"\n"
"  evidence  how we know, with the figures\n"
"  do        what helps. Commands are shown, and none is run\n"
"  do not    what is commonly tried and does not help, or does harm\n"
"\n"
"It finds destinations and bind pools that run out of local ports,\n"
"tcp_max_tw_buckets reached or lowered, settings of tcp_tw_reuse that do nothing,\n"
"FIN_WAIT2 that piles up, servers that will not start again, files that set\n"
"sysctls that are gone, and a full table of connection tracking. While 'twctl\n"
"observe' is on it also finds SYNs that were refused, RSTs that end buckets,\n"
"closes without a bucket, and predictions that were wrong. A healthy machine has\n"
"no finding.\n"
"\n"
"It looks at its own network namespace, and with -A at all of them, for which it\n"
"needs CAP_NET_ADMIN in the initial user namespace. Connection tracking and\n"
"listeners are those of the own one in any case.\n"
"\n"
"The exit code is 0 with findings, too. docs/doctor.md has a section for each.\n"
"\n"
"With -j: findings, each with id (which stays from release to release), severity\n"
"(critical, warning, note), netns unless it is of the whole machine, title,\n"
"evidence, do (text, and command where there is one) and do_not; and looked_at.\n"
"\n"
"Examples:\n"
"  twctl doctor -A\n"
"  twctl -j doctor | jq -r '.findings[] | .severity + \" \" + .id'\n",
};
