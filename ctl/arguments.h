/* SPDX-License-Identifier: GPL-2.0 */
/* What commands make of their words. */
#ifndef TWCTL_ARGUMENTS_H
#define TWCTL_ARGUMENTS_H

#include "session.h"

/*
 * The filter that the words make, with the condition of -4 or -6 if any.
 * Returns EXIT_OK, or after a complaint what the command is to end with.
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

#endif /* TWCTL_ARGUMENTS_H */
