/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_POLICY_H
#define TWCTL_POLICY_H

#include "types.h"

/*
 * Takes @word, SYSCTL=VALUE, into @p. Returns 1, or 0 where @word is nothing
 * of the kind, or -1 with the reason in @err where it cannot be taken.
 */
int policy_take(struct tws_policy *p, const char *word, char *err, size_t size);

/* The sysctl @i of those it takes, and of its values the greatest, or 0; NULL beyond. */
const char *policy_sysctl(size_t i, uint32_t *max);

bool policy_is_empty(const struct tws_policy *p);

/* "tcp_tw_reuse=1 tcp_timestamps=0"; returns @buf */
char *policy_text(char *buf, size_t size, const struct tws_policy *p);

/* What policy_take() takes, for errors and helps. */
#define POLICY_WORDS \
	"tcp_tw_reuse=0|1|2, tcp_tw_reuse_delay=MS, tcp_timestamps=0|1|2"

#endif /* TWCTL_POLICY_H */
