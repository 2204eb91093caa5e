/* SPDX-License-Identifier: GPL-2.0 */
/* What each command does around its own work. */
#ifndef TWCTL_SESSION_H
#define TWCTL_SESSION_H

#include <time.h>

#include "nl.h"
#include "out.h"

enum exit_code { EXIT_OK, EXIT_ERROR, EXIT_USAGE };

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* of all commands together */
#define MAX_OWN_OPTIONS 40

struct own_option {
	const char *name;
	/* "" for one without an argument */
	const char *value;
};

struct options {
	bool json;
	bool pretty;
	bool numeric;
	bool no_header;
	bool all_netns;
	int family;
	enum color_mode color;
	const char *netns;
	/* what was given of the options that a command has of its own */
	unsigned int n_own;
	struct own_option own[MAX_OWN_OPTIONS];
};

struct session {
	struct twnl *nl;
	struct tws_info info;
	struct out *out;
	struct netns_names *netns_names;
	enum netns_wanted names_wanted;
	/* of CLOCK_MONOTONIC; and how long it took */
	uint64_t names_loaded_ns;
	uint64_t names_took_ns;
	struct services *services;
	int write_errno;
};

/* The value of an option of the command's own; NULL where it was not given. */
const char *own_option(const struct options *o, const char *name);

/*
 * Enters the namespace, connects, compares versions and makes the writer.
 * Returns -1 when it has said on stderr why it cannot.
 */
int session_open(struct session *s, const struct options *o, enum out_kind kind);

/* The beginning of it, for what must know the namespace before; twice is fine. */
int session_enter(const struct options *o);
/* session_open() without a kernel to ask; s->nl is then NULL. */
int session_open_offline(struct session *s, const struct options *o,
			 enum out_kind kind);

/* The middle of it: for what opens no writer, and closes s->nl by itself. */
int session_connect(struct session *s);

/*
 * Once more, after an error that may be over: the module may be another by now.
 * Returns -1 after a complaint; s->nl is then NULL, and the rest of @s stays.
 */
int session_reconnect(struct session *s);

/*
 * For what goes on for long, before the network namespace @netns is shown: with -A
 * the names anew where they are old, or where it has none. What netns_find() gave
 * before is gone then; whoever has s->netns_names keeps it.
 */
void session_renew_names(struct session *s, uint32_t netns);

/* To be returned by a callback with what out_*() returned. */
int session_wrote(struct session *s, int failed);

/*
 * Ends the output, says what went wrong, and frees all. @ret is what the twnl_
 * call returned. Returns the exit code; after an interrupt it does not return.
 */
int session_close(struct session *s, int ret);

/* "twctl: ..." on stderr */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

typedef void (*complain_fn)(const char *text, void *ctx);

/* From here on complaints go to @fn, without a newline; to stderr where it is NULL. */
void complain_to(complain_fn fn, void *ctx);
/* A complain_fn: a line of the FILE @fp, none where that is NULL. */
void complain_into(const char *text, void *fp);

/*
 * The last that is done with it: 0, or 1 after a complaint where stdout did not
 * take all that was written.
 */
int close_stdout(void);

/* From here on an interrupt lets what is printed be ended properly. */
void catch_interrupts(void);
/* The same of what ends us otherwise: for what a terminal has to recover from. */
void catch_hangups(void);

/*
 * Waits until @deadline_ns of now_ns(CLOCK_MONOTONIC). False where an interrupt
 * came first. Ends the program where the reader of stdout leaves meanwhile: it
 * would learn of it with the next line only, which may never come.
 */
bool pause_until(uint64_t deadline_ns);

enum wait_end {
	WAIT_TIME,
	/* something was typed, or nothing can be read any more */
	WAIT_KEY,
	/* a signal such as that of another size */
	WAIT_SIGNAL,
	/* an interrupt, or the terminal is gone */
	WAIT_INTERRUPT,
};

/*
 * The same for a terminal at stdin. SIGWINCH is let in where the caller has it
 * blocked, so that none is missed right before.
 */
enum wait_end wait_for_key(uint64_t deadline_ns);
uint64_t now_ns(clockid_t clock);

#endif /* TWCTL_SESSION_H */
