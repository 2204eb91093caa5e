// SPDX-License-Identifier: GPL-2.0
#include "../session.h"
#include "commands.h"

static int run(const struct options *o, int argc, char **argv)
{
	struct hooks hooks = { 0 };
	struct session s;
	bool told;

	if (argc) {
		complain("info takes no argument '%s'", argv[0]);
		return EXIT_USAGE;
	}
	/* what it shows was asked for to compare the versions */
	if (session_open(&s, o, OUT_INFO) < 0)
		return EXIT_ERROR;
	/* who may not see the hooks is told the rest */
	told = s.info.observing && !hooks_read(s.nl, &hooks);
	session_wrote(&s, out_info(s.out, &s.info, told ? &hooks : NULL));
	hooks_free(&hooks);
	return session_close(&s, 0);
}

const struct command cmd_info = {
	.name = "info",
	.brief = "versions, and what the module found in this kernel",
	.run = run,
	.help =
"Usage: twctl [OPTIONS] info\n"
"\n"
"Shows the versions of twctl and of the loaded module, the running kernel and\n"
"the one the module was built for, how long TIME_WAIT lasts in this kernel, the\n"
"memory of one bucket, the grain of the kernel's clock, by which rules the kernel\n"
"reuses buckets (or that these were told by the module parameter \"rules\"), and\n"
"which features the module found in the headers it was built with; whether it\n"
"observes, and a warning where it misses something then.\n"
"\n"
"With -j: one object; \"features\" has the names of those that are there,\n"
"\"hooks\" is there for CAP_NET_ADMIN while the module observes.\n",
};
