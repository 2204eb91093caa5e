/* SPDX-License-Identifier: GPL-2.0 */
/* What commands make of their words. */
#ifndef TWCTL_ARGUMENTS_H
#define TWCTL_ARGUMENTS_H

#include "session.h"

/*
 * All the words in one, so that quoting a filter or not makes no difference; to be
 * freed. NULL where memory is short.
 */
char *arguments_join(int argc, char **argv);

/*
 * The filter that the words make, with the condition of -4 or -6 if any. It
 * enters the network namespace, as session_open() does. Returns EXIT_OK, or
 * after a complaint what the command is to end with.
 */
enum exit_code arguments_filter(const struct options *o, int argc, char **argv,
				struct tws_filter *f);

/*
 * Takes the words SYSCTL=VALUE out of @argv and into @p; the others move up,
 * and *@argc is then how many there are. Returns as arguments_filter().
 */
enum exit_code arguments_policy(int *argc, char **argv, struct tws_policy *p);

/* SEQ or SEQ,TSVAL, decimal or with 0x. Returns as arguments_filter(). */
enum exit_code arguments_syn(const char *text, struct tws_syn *syn);

/*
 * The number that option --@name of the command gives, from @min to @max; *@v is
 * left as it is where it is not given. Returns as arguments_filter().
 */
enum exit_code arguments_number(const struct options *o, const char *name,
				uint32_t min, uint32_t max, uint32_t *v);

/*
 * The same of a time of at least @min_ms, in milliseconds: 60, 60s, 0.5, 500ms,
 * 2m or 1h.
 */
enum exit_code arguments_time(const struct options *o, const char *name,
			      uint32_t min_ms, uint32_t *ms);

#endif /* TWCTL_ARGUMENTS_H */
