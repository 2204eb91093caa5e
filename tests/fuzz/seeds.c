// SPDX-License-Identifier: GPL-2.0
/*
 * usage: seeds DIR: replies of the module to begin with, one a file, each after
 * the byte by which fuzz_replies.c takes it.
 */
#include <err.h>
#include <stdio.h>

#include "msg.h"

static struct msg m;

static void save(const char *dir, const char *name, unsigned char which)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputc(which, f) == EOF || fwrite(m.buf, m.len, 1, f) != 1 ||
	    fclose(f))
		err(1, "%s", path);
	m.len = 0;
}

int main(int argc, char **argv)
{
	unsigned int i;
	char name[32];

	if (argc != 2)
		errx(2, "usage: seeds DIR");
	msg_info(&m, "0.0.test");
	save(argv[1], "info", 0);
	msg_summary(&m, 60, false);
	save(argv[1], "summary", 1);
	msg_summary(&m, 60, false);
	msg_whatif(&m);
	save(argv[1], "whatif", 1);
	msg_bucket(&m, 0);
	save(argv[1], "bucket", 2);
	msg_bucket(&m, 1);
	msg_explanation(&m);
	save(argv[1], "explanation", 2);
	msg_ports(&m, 4);
	save(argv[1], "ports", 3);
	msg_stats(&m, 1, true);
	save(argv[1], "stats", 4);
	msg_hook(&m, 0);
	save(argv[1], "hook", 5);
	for (i = 0; i < 5; i++) {
		msg_event(&m, i);
		snprintf(name, sizeof(name), "event-%u", i);
		save(argv[1], name, 6);
	}
	msg_u16(&m, CTRL_ATTR_FAMILY_ID, 29);
	msg_u32(&m, CTRL_ATTR_VERSION, 1);
	save(argv[1], "family", 7);
	msg_lost(&m, 3);
	save(argv[1], "lost", 6);
	msg_cursor(&m, 3);
	save(argv[1], "cursor", 6);
	return 0;
}
