/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files say that set sysctls at boot: /etc/sysctl.conf, and *.conf in
 * sysctl.d of /etc, /run, /usr/local/lib, /usr/lib and /lib.
 */
#ifndef TWCTL_SYSCTL_FILES_H
#define TWCTL_SYSCTL_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* All text in it is harmless to a terminal. */
struct sysctl_line {
	/* as seen from the root directory, and the line's number in it */
	char file[256];
	unsigned int number;
	/* with points between its parts */
	char key[128];
	char value[128];
	/* whether this kernel has it; true as well where nobody looked */
	bool exists;
	/* "-key": nobody minds if it does not */
	bool may_fail;
};

struct sysctl_lines {
	size_t n;
	struct sysctl_line *line;
};

/*
 * Reads those below @root, which is "" but for tests. A file of a name that one
 * of the directories before it has, is not read, as nobody else does. Whether a
 * net.ipv4 sysctl exists is looked up in proc/sys there. Returns 0, or -1
 * without memory. sysctl_lines_free() @l in any case.
 */
int sysctl_lines_read(const char *root, struct sysctl_lines *l);
void sysctl_lines_free(struct sysctl_lines *l);

/*
 * Takes "key = value" apart, with what may be around it. False where @text is no
 * such line.
 */
bool sysctl_line_parse(const char *text, struct sysctl_line *line);

#endif /* TWCTL_SYSCTL_FILES_H */
