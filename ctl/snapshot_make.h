/* SPDX-License-Identifier: GPL-2.0 */
/* A snapshot of now, as the document that snapshot.h reads. */
#ifndef TWCTL_SNAPSHOT_MAKE_H
#define TWCTL_SNAPSHOT_MAKE_H

#include <jansson.h>

#include "session.h"

/*
 * All but the summaries, which are then added one by one. Without memory both
 * end the program.
 */
json_t *snapshot_begin(const struct session *s, bool all_netns);
void snapshot_add(json_t *doc, const struct session *s,
		  const struct tws_summary *summary);
/* The text, with a newline; frees @doc. NULL where memory is short. */
char *snapshot_end(json_t *doc);

/*
 * A counter of TcpExt, of the network namespace we are in. @root is "" but for
 * tests. False where it cannot be read, or this kernel has none of that name.
 */
bool tcpext_counter(const char *root, const char *name, uint64_t *v);

/* For the tests: the counters of @text, in the form of /proc/net/snmp. */
void snapshot_put_mib(json_t *counters, char *text, const char *group);
void snapshot_put_sockstat(json_t *object, char *text);

#endif /* TWCTL_SNAPSHOT_MAKE_H */
