/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's family over generic netlink. Only nl.c and nl_parse.c know of
 * libnl; what comes out of here are the structs of types.h.
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

/*
 * Connects in the current network namespace and finds the family. On failure
 * returns NULL with the reason in @err.
 */
struct twnl *twnl_open(char *err, size_t size);
/* The same over @fd, which it takes over in any case. */
struct twnl *twnl_attach(int fd, char *err, size_t size);
void twnl_close(struct twnl *nl);
const char *twnl_error(const struct twnl *nl);

/* A read ends early once *@stop is not 0. */
void twnl_stop_on(struct twnl *nl, const volatile sig_atomic_t *stop);
/* Whether the kernel said that what it dumped changed meanwhile. */
bool twnl_inconsistent(const struct twnl *nl);

int twnl_info_get(struct twnl *nl, struct tws_info *info);
int twnl_summary_get(struct twnl *nl, twnl_summary_fn fn, void *ctx);
int twnl_summary_dump(struct twnl *nl, twnl_summary_fn fn, void *ctx);
int twnl_bucket_dump(struct twnl *nl, const struct tws_filter *f, bool all_netns,
		   twnl_bucket_fn fn, void *ctx);

/* What is below is for nl.c and nl_parse.c themselves and for their tests. */

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
int twnl_parse_family(const void *attrs, size_t len, struct twnl_family *f,
		      char *err, size_t size);

/* The attributes of a bucket-get request; their length, or -1 without room. */
ssize_t twnl_bucket_request(const struct tws_filter *f, bool all_netns, void *buf,
			  size_t size);

#endif /* TWCTL_NL_H */
