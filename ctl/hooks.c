// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "hooks.h"

static int add(const struct tws_hook *hook, void *ctx)
{
	struct hooks *h = ctx;
	struct tws_hook *more = reallocarray(h->hook, h->n + 1, sizeof(*more));

	if (!more)
		return 1;
	h->hook = more;
	h->hook[h->n++] = *hook;
	return 0;
}

int hooks_read(struct twnl *nl, struct hooks *h)
{
	*h = (struct hooks){ 0 };
	return twnl_hook_dump(nl, add, h);
}

void hooks_free(struct hooks *h)
{
	free(h->hook);
	*h = (struct hooks){ 0 };
}
