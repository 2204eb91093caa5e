/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may come next where words are typed, for the completions of shells. The
 * tool says it from its own tables, so that the shells' scripts know no words.
 */
#ifndef TWCTL_COMPLETE_H
#define TWCTL_COMPLETE_H

#include <getopt.h>
#include <stdio.h>

#include "command.h"

struct completion {
	const struct command *const *command;
	size_t n_commands;
	/* the general ones */
	const struct option *option;
	size_t n_options;
	/* what twctl help knows beside the commands */
	const struct command *topic;
	/* the directory with the names of network namespaces */
	const char *netns_dir;
};

/*
 * For the last of @argc words, which may be empty, prints what it may become: a
 * line for each, and behind a tab what that means where there is something to
 * say. A line ":files" is for names of files, which the shell knows best.
 */
void complete(const struct completion *c, int argc, char *const *argv, FILE *out);

/*
 * The same for the end of a filter: @text up to @word, which is typed by half.
 * @before is what each line begins with: what of the shell's word precedes @word.
 */
void complete_filter(const char *text, const char *before, const char *word,
		     FILE *out);

/* A line "BEFORE CANDIDATE" without the blank, where @candidate begins with @word. */
void complete_offer(FILE *out, const char *before, const char *word,
		    const char *candidate, const char *meaning);

/* A line for each network device of this namespace. */
void complete_devices(FILE *out, const char *before, const char *word);

#endif /* TWCTL_COMPLETE_H */
