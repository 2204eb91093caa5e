/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_UNIT_SPEC_H
#define TWSCOPE_UNIT_SPEC_H

#include <stddef.h>

#define SPEC_MAX 40

struct spec_set {
	size_t n;
	char name[SPEC_MAX][48];
};

/*
 * The attributes of set @set in the netlink spec, with "_" for "-". Fails the
 * test where there are none.
 */
void spec_read(const char *set, struct spec_set *s);
/* The entries of the enum or the flags @name, as they are written there. */
void spec_enum(const char *name, struct spec_set *s);
/* Takes @name out; fails the test where it is not in. */
void spec_drop(struct spec_set *s, const char *name);

#endif /* TWSCOPE_UNIT_SPEC_H */
