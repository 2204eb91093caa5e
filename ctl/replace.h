/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_REPLACE_H
#define TWCTL_REPLACE_H

#include <sys/types.h>

/*
 * Makes @text the content of the file at @path, which is at no time there by
 * half; what a link leads to is replaced, not the link. Returns 0, or -1 with
 * errno set and the file as it was.
 */
int replace_file(const char *path, const char *text, mode_t mode);

#endif /* TWCTL_REPLACE_H */
