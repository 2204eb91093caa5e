/* SPDX-License-Identifier: GPL-2.0 */
/* Small files of /proc and what is in them. */
#ifndef TWCTL_PROC_H
#define TWCTL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* some hundred counters with their names */
#define PROC_SIZE 65536

/* What the file holds, up to @size; "" where it cannot be read. Returns @buf. */
char *proc_slurp(const char *path, char *buf, size_t size);

/* A whole number without a sign, and nothing behind it. */
bool proc_number(const char *s, uint64_t *v);

#endif /* TWCTL_PROC_H */
