/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_HOOKS_H
#define TWCTL_HOOKS_H

#include "nl.h"

/* All of the module's hooks; none while they are off. */
struct hooks {
	unsigned int n;
	struct tws_hook *hook;
};

/* Returns as the calls of nl.h do. hooks_free() @h in any case. */
int hooks_read(struct twnl *nl, struct hooks *h);
void hooks_free(struct hooks *h);

#endif /* TWCTL_HOOKS_H */
