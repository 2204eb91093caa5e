/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of rules share: rules*.c, one subject each. */
#ifndef TWCTL_RULES_PARTS_H
#define TWCTL_RULES_PARTS_H

#include "rules.h"

/* What one line of evidence may hold. */
#define EVIDENCE_SIZE 400
/* Of a command in the namespace of the longest name that a file may have. */
#define COMMAND_SIZE 1024
/* So many are named in a finding; the others are counted. */
#define MAX_NAMED 5

/* 5 ports, 1 port */
#define S(n) ((n) == 1 ? "" : "s")

/*
 * @command as it is to be typed to work in the network namespace @netns. Returns
 * @buf.
 */
char *command_in(const struct machine *m, uint32_t netns, const char *command,
		 char *buf, size_t size);
/* The same for "sysctl -w @name=@value"; @value in quotes where it has blanks. */
char *sysctl_command(const struct machine *m, uint32_t netns, const char *name,
		     const char *value, char *buf, size_t size);

/* ADDRESS -> ADDRESS:PORT; returns @buf. */
char *destination_text(const struct tws_group *g, char *buf, size_t size);

/* No port is left; or it will be so soon, by what lasted, or there are few. */
bool is_exhausted(const struct pressure *p);
bool is_running_out(const struct pressure *p);
/* Whether any destination of the namespace is one of these. */
bool is_short_of_ports(const struct machine *m, uint32_t netns);
/* How full tcp_max_tw_buckets is. */
bool is_at_limit(const struct tws_summary *s);
bool is_near_limit(const struct tws_summary *s);

/* Of the namespace of @s: a wider ip_local_port_range, and what to reserve of it. */
void advise_wider_range(const struct machine *m, const struct tws_summary *s,
			struct findings *f);

/* What people try against many buckets, and what it does instead. */
void dont_fight_buckets(struct findings *f);

/* rules_ports.c */
void look_ports_exhausted(const struct machine *m, struct findings *f);
void look_ports_running_out(const struct machine *m, struct findings *f);
void look_reuse_loopback_only(const struct machine *m, struct findings *f);
void look_reuse_no_timestamps(const struct machine *m, struct findings *f);

/* rules_netns.c */
void look_netns_sysctls(const struct machine *m, struct findings *f);

/* rules_bind.c */
void look_bind_pool_exhausted(const struct machine *m, struct findings *f);
void look_bind_pool_running_out(const struct machine *m, struct findings *f);
void look_bind_blocked(const struct machine *m, struct findings *f);
void look_server_port(const struct machine *m, struct findings *f);

/* rules_limit.c */
void look_overflow(const struct machine *m, struct findings *f);
void look_overflow_near(const struct machine *m, struct findings *f);
void look_overflow_counted(const struct machine *m, struct findings *f);
void look_out_of_memory(const struct machine *m, struct findings *f);
void look_limit_lowered(const struct machine *m, struct findings *f);
void look_fin_wait2(const struct machine *m, struct findings *f);
void look_conntrack_full(const struct machine *m, struct findings *f);
void look_conntrack_near(const struct machine *m, struct findings *f);

/* rules_files.c */
void look_sysctl_recycle(const struct machine *m, struct findings *f);
void look_sysctl_fin_timeout(const struct machine *m, struct findings *f);
void look_sysctl_unknown(const struct machine *m, struct findings *f);

/* rules_observed.c */
void look_syns_refused(const struct machine *m, struct findings *f);
void look_assassinated(const struct machine *m, struct findings *f);
void look_rules_unknown(const struct machine *m, struct findings *f);
void look_verdict_mismatch(const struct machine *m, struct findings *f);
void look_hooks_missed(const struct machine *m, struct findings *f);

#endif /* TWCTL_RULES_PARTS_H */
