/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_REPLACE_H
#define TWCTL_REPLACE_H

#include <limits.h>
#include <sys/types.h>

/*
 * A file is looked at before it is replaced, in a directory where others may write
 * as well: a link is followed once, here, and by neither of the calls below.
 * What @path leads to, or @path where there is nothing yet; -1 with errno set.
 */
int replace_follow(const char *path, char real[PATH_MAX]);

enum { REPLACE_ERROR = -1, REPLACE_NOTHING = -2, REPLACE_NO_FILE = -3 };

/*
 * The file at @real, to be read: a descriptor; REPLACE_NOTHING, REPLACE_NO_FILE where
 * something else is there, or REPLACE_ERROR with errno set. Does not wait.
 */
int replace_look(const char *real);

/*
 * Makes @text the content of the file at @real, which is at no time there by
 * half. Returns 0, or -1 with errno set and the file as it was.
 */
int replace_file(const char *real, const char *text, mode_t mode);

#endif /* TWCTL_REPLACE_H */
