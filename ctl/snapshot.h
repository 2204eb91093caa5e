/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "twctl summary --save" keeps: the summary, and what else it takes to tell
 * later what became of it. The document is JSON and comes back from outside.
 */
#ifndef TWCTL_SNAPSHOT_H
#define TWCTL_SNAPSHOT_H

#include "cgroup.h"
#include "types.h"

#define SNAPSHOT_FORMAT "twscope-snapshot"
/* Another where readers of this one would go wrong; not for new keys. */
#define SNAPSHOT_VERSION 1

/* a document for some thousand namespaces */
#define SNAPSHOT_MAX_BYTES (32 << 20)
#define SNAPSHOT_MAX_NETNS 100000

/* An older twctl did not keep all, a kernel does not have all. */
struct figure {
	bool has;
	uint64_t v;
};

/* The keys of each kind, in the order in which they are shown. */
struct figure_key {
	const char *key;
	/* for people; NULL: as the key */
	const char *label;
};

#define N_COUNTS 12
#define N_SYSCTLS 12
#define N_SOCKSTAT 5
#define N_COUNTERS 27

enum { COUNT_TOTAL, COUNT_CLOSES = N_COUNTS - 1 };
enum { SYSCTL_PORT_MIN = 8, SYSCTL_PORT_MAX };

extern const struct figure_key count_keys[N_COUNTS];
extern const struct figure_key sysctl_keys[N_SYSCTLS];
/* of the line TCP in /proc/net/sockstat */
extern const struct figure_key sockstat_keys[N_SOCKSTAT];
/* of /proc/net/snmp and netstat, by the names of nstat */
extern const struct figure_key counter_keys[N_COUNTERS];

/* "too_young", by enum twscope_verdict */
const struct figure_key *verdict_keys(void);

/* All text in it is harmless to a terminal. "" for what is not known. */
struct snapshot_netns {
	uint32_t netns;
	char name[CGROUP_NAME + 32];
	char kind[16];
	struct figure counts[N_COUNTS];
	struct figure verdicts[TWSCOPE_N_VERDICTS];
	struct figure bound_verdicts[TWSCOPE_N_VERDICTS];
	struct figure sysctls[N_SYSCTLS];
};

struct snapshot {
	/* since 1970, and since the machine was booted */
	struct figure time_ms;
	struct figure uptime_ms;
	char hostname[65];
	char kernel[65];
	char boot_id[40];
	char twctl[64];
	char module[64];
	bool all_netns;
	/* where sockstat and counters were read; 0 where that is not known */
	uint32_t netns;
	struct figure sockstat[N_SOCKSTAT];
	struct figure counters[N_COUNTERS];
	/* one at least, by their numbers */
	size_t n;
	struct snapshot_netns *of;
};

/*
 * Reads a document, whatever it is. Returns 0, or -1 with what is wrong with it
 * in @err and nothing to be freed. Keys that it does not know are skipped.
 */
int snapshot_parse(const char *text, size_t len, struct snapshot *s, char *err,
		   size_t size);
void snapshot_free(struct snapshot *s);

/* The whole of the file in memory, or NULL with the reason in @err. "-": stdin */
char *snapshot_read(const char *path, size_t *len, char *err, size_t size);
/*
 * Puts @text in place of the file at once, so that there is never a half of it.
 * What is not a snapshot is not replaced. "-" is stdout. 0, or -1 with @err.
 */
int snapshot_write(const char *path, const char *text, char *err, size_t size);

#endif /* TWCTL_SNAPSHOT_H */
