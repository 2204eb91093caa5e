/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "twctl verify" tries: scenarios by chance, the same ones for the same seed.
 * All pure: no socket, no clock, no output.
 */
#ifndef TWCTL_VERIFY_PLAN_H
#define TWCTL_VERIFY_PLAN_H

#include "types.h"

#define VERIFY_NS_PER_MS	1000000LL
#define VERIFY_NS_PER_S		1000000000LL

/* splitmix64: small, and the same on every machine */
struct verify_random {
	uint64_t state;
};

uint64_t verify_random_next(struct verify_random *r);
/* Evenly from 0 to @below, which is not included. */
uint32_t verify_random_below(struct verify_random *r, uint32_t below);
/* Evenly from @low to @high, both included. */
int32_t verify_random_between(struct verify_random *r, int32_t low, int32_t high);

/* A scenario is one choice of each kind. */

enum verify_kind {
	VERIFY_FAMILY,
	VERIFY_PATH,
	VERIFY_CLOSE,
	VERIFY_TIMESTAMPS,
	VERIFY_REUSE,
	VERIFY_DELAY,
	VERIFY_MADE,
	VERIFY_OPTIONS,
	VERIFY_JOINED,
	VERIFY_DEVICE,
	VERIFY_CONNECT,
	VERIFY_SOCKET,
	VERIFY_MOMENT,
	VERIFY_N_KINDS
};

enum { FAMILY_IPV4, FAMILY_IPV6, FAMILY_MAPPED };
enum { PATH_LOOPBACK, PATH_HALF, PATH_OWN, PATH_VETH };
/* the server closes at once, or later (first a FIN_WAIT2 bucket), or never */
enum { CLOSE_AT_ONCE, CLOSE_LATER, CLOSE_NEVER };
enum { TIMESTAMPS_ON, TIMESTAMPS_OFF, TIMESTAMPS_TURNED_OFF, TIMESTAMPS_TURNED_ON };
enum { REUSE_OFF, REUSE_ON, REUSE_LOOPBACK };
enum { DELAY_ABSENT, DELAY_SHORT, DELAY_PASSED, DELAY_ENDLESS };
/* who chose the port of the connection that became the bucket */
enum { MADE_CONNECT, MADE_NO_PORT, MADE_BIND, MADE_BIND_ZERO };
enum { OPTIONS_NONE, OPTIONS_REUSEADDR, OPTIONS_REUSEPORT, OPTIONS_BOTH };
/* another socket at the same port */
enum { JOINED_NONE, JOINED_BOUND, JOINED_WAS_BOUND, JOINED_CONNECTED };
enum { DEVICE_NONE, DEVICE_BUCKET, DEVICE_CONNECT };
enum { CONNECT_AUTO, CONNECT_NO_PORT, CONNECT_BOUND, CONNECT_BOUND_ANY };
/* IPv4 and IPv4-mapped sockets meet each other's buckets */
enum { SOCKET_SAME, SOCKET_OTHER_FAMILY };
enum { MOMENT_ANY, MOMENT_THRESHOLD };

#define VERIFY_MAX_CHOICES 4

struct verify_kind_info {
	const char *name;
	unsigned int n;
	const char *choice[VERIFY_MAX_CHOICES];
	uint8_t weight[VERIFY_MAX_CHOICES];
};

extern const struct verify_kind_info verify_kinds[VERIFY_N_KINDS];

/* What this machine can do. */
struct verify_abilities {
	bool ipv6;
	bool veth;
	bool delay;
};

struct verify_scenario {
	uint64_t number;
	uint8_t choice[VERIFY_N_KINDS];
	/* tcp_tw_reuse_delay, where the kernel has it */
	uint32_t delay_ms;
	/* the server closes so long after the client; CLOSE_LATER only */
	uint32_t close_after_ms;
	/*
	 * When connect() is tried: counted from the last close or, for
	 * MOMENT_THRESHOLD, from the moment the kernel begins to allow it.
	 */
	int32_t moment_ms;
	/* the verdict under its sysctls is asked for before they are set */
	bool check_whatif;
	/* a "too young" is tried again at its end, and so long before that */
	bool check_wait;
	uint32_t before_ms;
};

/* The same for the same @seed, @number and @can. */
void verify_scenario_make(struct verify_scenario *s, uint64_t seed,
			  uint64_t number, const struct verify_abilities *can);

/* "family=ipv4 path=veth ..." */
char *verify_scenario_text(const struct verify_scenario *s, char *buf,
			   size_t size);

/* Whether connect() comes with a port that bind() gave it. */
bool verify_is_bound(const struct verify_scenario *s);
/* tcp_timestamps when the bucket is made, and at the connect() in question. */
unsigned int verify_timestamps_first(const struct verify_scenario *s);
unsigned int verify_timestamps_then(const struct verify_scenario *s);

/* 4 or 16 bytes, as the module shows them in @family. */
struct verify_address {
	uint16_t family;
	uint8_t bytes[16];
};

struct verify_addresses {
	struct verify_address local;
	struct verify_address remote;
	/* of this machine as well, and neither of the two */
	struct verify_address third;
};

#define VERIFY_OWN_IPV4		"198.51.100.1"
#define VERIFY_OWN_IPV6		"2001:db8::1"
#define VERIFY_THIRD_IPV4	"198.51.100.3"
#define VERIFY_THIRD_IPV6	"2001:db8::3"
#define VERIFY_NEAR_IPV4	"192.0.2.1"
#define VERIFY_NEAR_IPV6	"2001:db8:1::1"
#define VERIFY_FAR_IPV4		"192.0.2.2"
#define VERIFY_FAR_IPV6		"2001:db8:1::2"

void verify_addresses_of(const struct verify_scenario *s,
			 struct verify_addresses *a);
/* The IPv4-mapped form of an IPv4 address, and the reverse. */
struct verify_address verify_other_family(const struct verify_address *a);

/*
 * Nanoseconds of CLOCK_MONOTONIC at which connect() is to be tried, for a
 * bucket that was last closed at @closed.
 */
int64_t verify_moment(const struct verify_scenario *s, uint32_t rules,
		      int64_t closed);

#endif /* TWCTL_VERIFY_PLAN_H */
