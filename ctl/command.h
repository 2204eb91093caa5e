/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_COMMAND_H
#define TWCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct options;

/* What a word is, for those who complete it: see complete.h. */
enum taken {
	TAKES_ANY, TAKES_FILE, TAKES_DEVICE, TAKES_NETNS, TAKES_COLOR, TAKES_ORDER,
	TAKES_FORMAT, TAKES_COMMAND, TAKES_KEYS, TAKES_POLICY, TAKES_SWITCH,
};

/* A long option of a command's own, beside the general ones. */
struct command_option {
	const char *name;
	/* what it needs, for errors; NULL for one without an argument */
	const char *argument;
	/* a short form, or 0 */
	char letter;
	/* what that argument is */
	enum taken takes;
};

struct command {
	const char *name;
	/* which of the options beside the general ones it knows */
	bool takes_family;
	bool takes_all_netns;
	/* its words, before those of a filter */
	enum taken takes;
	/* ends with one without a name; NULL for none */
	const struct command_option *options;
	const char *brief;
	const char *help;
	int (*run)(const struct options *o, int argc, char **argv);
	/*
	 * Of one that a program runs which has rules of its own: takes complaints, from
	 * before its options are read on; and after one about them says so in its own
	 * way. Returns the exit code. Both NULL for a complaint on stderr, and 2.
	 */
	void (*complain)(const char *text, void *unused);
	int (*give_up)(void);
};

/*
 * The command that @word names or is the beginning of. NULL with the reason in
 * @err where there is none or more than one.
 */
const struct command *command_find(const struct command *const *table, size_t n,
				   const char *word, char *err, size_t size);

/* Whether @c has an option of its own by that name. */
bool command_has_option(const struct command *c, const char *name);

#endif /* TWCTL_COMMAND_H */
