/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's family over generic netlink. Only nl*.c know of libnl; what comes
 * out of here are the structs of types.h.
 *
 * The calls return 0 when all was read, -1 on an error (twnl_error() says which
 * in words for people), and 1 where the callback returned non-zero or the
 * stop flag was raised.
 */
#ifndef TWCTL_NL_H
#define TWCTL_NL_H

#include <signal.h>
#include <sys/types.h>

#include "filter.h"
#include "types.h"

struct twnl;

typedef int (*twnl_summary_fn)(const struct tws_summary *s, void *ctx);
typedef int (*twnl_bucket_fn)(const struct tws_bucket *b, void *ctx);
typedef int (*twnl_group_fn)(const struct tws_group *g, void *ctx);
typedef int (*twnl_stats_fn)(const struct tws_stats *s, void *ctx);
typedef int (*twnl_hook_fn)(const struct tws_hook *h, void *ctx);
/* Either an event or a number of lost ones. */
typedef int (*twnl_news_fn)(const struct tws_news *n, void *ctx);

/*
 * Connects in the current network namespace and finds the family. On failure
 * returns NULL with the reason in @err.
 */
struct twnl *twnl_open(char *err, size_t size);
/* The same over @fd, which it takes over in any case. */
struct twnl *twnl_attach(int fd, char *err, size_t size);
void twnl_close(struct twnl *nl);
const char *twnl_error(const struct twnl *nl);
/* What the kernel answered to the last request; 0 where the error is another. */
int twnl_errno(const struct twnl *nl);

/* A read ends early once *@stop is not 0. */
void twnl_stop_on(struct twnl *nl, const volatile sig_atomic_t *stop);
/* Whether the kernel said that what it dumped changed meanwhile. */
bool twnl_inconsistent(const struct twnl *nl);
/* For a callback that could not keep what it was given; always -1. */
int twnl_out_of_memory(struct twnl *nl);

/* The pointers may be NULL. */
struct tws_bucket_query {
	const struct tws_filter *filter;
	const struct tws_policy *policy;
	const struct tws_syn *syn;
	bool explain;
	bool all_netns;
};

int twnl_info_get(struct twnl *nl, struct tws_info *info);
/* @filter and @policy may be NULL. With a policy there are changes. */
int twnl_summary_get(struct twnl *nl, const struct tws_filter *filter,
		   const struct tws_policy *policy, twnl_summary_fn fn,
		   void *ctx);
/* The same for each network namespace. */
int twnl_summary_dump(struct twnl *nl, const struct tws_filter *filter,
		    const struct tws_policy *policy, twnl_summary_fn fn,
		    void *ctx);
/* @q may be NULL: every bucket of the namespace. */
int twnl_bucket_dump(struct twnl *nl, const struct tws_bucket_query *q,
		   twnl_bucket_fn fn, void *ctx);

struct tws_group_query {
	/* or NULL */
	const struct tws_filter *filter;
	const struct tws_policy *policy;
	const struct tws_group_by *by;
	/* an enum twscope_group_sort */
	uint32_t sort;
	/* 0: all of them */
	uint32_t limit;
	bool count_ports;
	bool all_netns;
};

/* The totals first, at the end the rest and the others, if any. */
int twnl_group_dump(struct twnl *nl, const struct tws_group_query *q,
		    twnl_group_fn fn, void *ctx);

int twnl_port_get(struct twnl *nl, const struct tws_port_query *q,
		struct tws_ports *out);

/* It is no error where it is so already. @recorder: 0 for the module's choice. */
int twnl_observe_set(struct twnl *nl, bool on, uint32_t recorder);
/* ENODATA where nothing is observed, as with events. */
int twnl_stats_get(struct twnl *nl, twnl_stats_fn fn, void *ctx);
/* The same for each network namespace. */
int twnl_stats_dump(struct twnl *nl, twnl_stats_fn fn, void *ctx);
int twnl_hook_dump(struct twnl *nl, twnl_hook_fn fn, void *ctx);

struct tws_event_query {
	/* or NULL */
	const struct tws_filter *filter;
	bool all_netns;
	/* events at most so old, where there is no cursor yet */
	uint32_t since_ms;
	/* begins where the last one ended; set to where this one does */
	struct tws_cursor *cursor;
};

/* ESTALE where the cursor is one of an observation that was ended since. */
int twnl_event_dump(struct twnl *nl, const struct tws_event_query *q,
		    twnl_news_fn fn, void *ctx);

/* What is below is for the files of this layer and for their tests. */

struct nl_msg;

struct twnl_family {
	uint16_t id;
	uint32_t version;
};

/* Fills @err with the words that @fmt makes; always -1. */
int twnl_say(char *err, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * @attrs: the attributes of one reply, aligned to 4 bytes. Return -1 with the
 * reason in @err where one is missing or has a wrong length.
 */
int twnl_parse_info(const void *attrs, size_t len, struct tws_info *info,
		  char *err, size_t size);
int twnl_parse_summary(const void *attrs, size_t len, struct tws_summary *s,
		     char *err, size_t size);
int twnl_parse_bucket(const void *attrs, size_t len, struct tws_bucket *b,
		    char *err, size_t size);
int twnl_parse_group(const void *attrs, size_t len, struct tws_group *g,
		     char *err, size_t size);
int twnl_parse_ports(const void *attrs, size_t len, struct tws_ports *p,
		   char *err, size_t size);
int twnl_parse_stats(const void *attrs, size_t len, struct tws_stats *s,
		     char *err, size_t size);
int twnl_parse_hook(const void *attrs, size_t len, struct tws_hook *h,
		    char *err, size_t size);
int twnl_parse_news(const void *attrs, size_t len, struct tws_news *n,
		    char *err, size_t size);
int twnl_parse_family(const void *attrs, size_t len, struct twnl_family *f,
		      char *err, size_t size);

/* Put the attributes of a request into @msg; -1 where it has no room. */
int twnl_put_summary(struct nl_msg *msg, const struct tws_filter *filter,
		   const struct tws_policy *policy);
int twnl_put_bucket(struct nl_msg *msg, const struct tws_bucket_query *q);
int twnl_put_group(struct nl_msg *msg, const struct tws_group_query *q);
int twnl_put_port(struct nl_msg *msg, const struct tws_port_query *q);
int twnl_put_observe(struct nl_msg *msg, bool on, uint32_t recorder);
int twnl_put_event(struct nl_msg *msg, const struct tws_event_query *q);

#endif /* TWCTL_NL_H */
