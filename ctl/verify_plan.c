// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "verify_plan.h"

/* With DELAY_SHORT; short enough to wait for. */
#define SHORT_MIN_MS	30
#define SHORT_MAX_MS	1200
#define PASSED_MS	1
/* the kernel's highest */
#define ENDLESS_MS	60000
/* How far from the threshold MOMENT_THRESHOLD may be. */
#define NEAR_MS		80
/* Waits that end together are not all to be tried in the same moment. */
#define BEFORE_MS	100
/* How long after the threshold MOMENT_ANY may be. */
#define AFTER_MS	300

const struct verify_kind_info verify_kinds[VERIFY_N_KINDS] = {
	[VERIFY_FAMILY] = { "family", 3,
		{ "ipv4", "ipv6", "ipv4-mapped" }, { 3, 3, 2 } },
	[VERIFY_PATH] = { "path", 4,
		{ "loopback", "half-loopback", "own-address", "veth" },
		{ 4, 2, 3, 3 } },
	[VERIFY_CLOSE] = { "close", 3,
		{ "at-once", "later", "never" }, { 4, 3, 2 } },
	[VERIFY_TIMESTAMPS] = { "timestamps", 4,
		{ "on", "off", "turned-off", "turned-on" }, { 8, 1, 4, 1 } },
	[VERIFY_REUSE] = { "reuse", 3, { "0", "1", "2" }, { 1, 4, 3 } },
	[VERIFY_DELAY] = { "delay", 4,
		{ "absent", "short", "passed", "endless" }, { 0, 6, 1, 1 } },
	[VERIFY_MADE] = { "made", 4,
		{ "connect", "no-port", "bind", "bind-zero" }, { 8, 6, 2, 1 } },
	[VERIFY_OPTIONS] = { "options", 4,
		{ "none", "reuseaddr", "reuseport", "both" }, { 4, 2, 2, 1 } },
	[VERIFY_JOINED] = { "joined", 4,
		{ "none", "bound", "was-bound", "connected" }, { 12, 1, 1, 2 } },
	[VERIFY_DEVICE] = { "device", 3,
		{ "none", "bucket", "connect" }, { 5, 2, 1 } },
	[VERIFY_CONNECT] = { "connect", 4,
		{ "auto", "no-port", "bound", "bound-any" }, { 5, 3, 3, 1 } },
	[VERIFY_SOCKET] = { "socket", 2, { "same", "other-family" }, { 3, 1 } },
	[VERIFY_MOMENT] = { "moment", 2, { "any", "threshold" }, { 1, 1 } },
};

uint64_t verify_random_next(struct verify_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint32_t verify_random_below(struct verify_random *r, uint32_t below)
{
	return (uint32_t)(((verify_random_next(r) >> 32) * below) >> 32);
}

int32_t verify_random_between(struct verify_random *r, int32_t low, int32_t high)
{
	return low + (int32_t)verify_random_below(r, (uint32_t)(high - low) + 1);
}

static uint8_t choose(struct verify_random *r, const struct verify_kind_info *k)
{
	unsigned int i, sum = 0;
	uint32_t at;

	for (i = 0; i < k->n; i++)
		sum += k->weight[i];
	at = verify_random_below(r, sum);
	for (i = 0; at >= k->weight[i]; i++)
		at -= k->weight[i];
	return (uint8_t)i;
}

bool verify_is_bound(const struct verify_scenario *s)
{
	return s->choice[VERIFY_CONNECT] == CONNECT_BOUND ||
	       s->choice[VERIFY_CONNECT] == CONNECT_BOUND_ANY;
}

/* What this machine lacks. */
static void drop_impossible(uint8_t *c, const struct verify_abilities *can)
{
	if (!can->ipv6)
		c[VERIFY_FAMILY] = FAMILY_IPV4;
	if (!can->veth && c[VERIFY_PATH] == PATH_VETH)
		c[VERIFY_PATH] = PATH_OWN;
	if (!can->delay)
		c[VERIFY_DELAY] = DELAY_ABSENT;
	if (!can->ipv6 || c[VERIFY_FAMILY] == FAMILY_IPV6)
		c[VERIFY_SOCKET] = SOCKET_SAME;
}

/* What the kernel would refuse for a reason that is not ours to test. */
static void drop_pointless(uint8_t *c)
{
	bool bound = c[VERIFY_CONNECT] == CONNECT_BOUND ||
		     c[VERIFY_CONNECT] == CONNECT_BOUND_ANY;

	/* bind() to a bucket's port takes an option that both have */
	if (bound && c[VERIFY_OPTIONS] == OPTIONS_NONE) {
		c[VERIFY_CONNECT] = CONNECT_AUTO;
		bound = false;
	}
	/* the route would choose another source address */
	if (c[VERIFY_PATH] == PATH_HALF && c[VERIFY_CONNECT] == CONNECT_AUTO)
		c[VERIFY_CONNECT] = CONNECT_NO_PORT;
	if (c[VERIFY_PATH] == PATH_HALF && c[VERIFY_CONNECT] == CONNECT_BOUND_ANY)
		c[VERIFY_CONNECT] = CONNECT_BOUND;
	if (c[VERIFY_PATH] == PATH_HALF && c[VERIFY_MADE] == MADE_CONNECT)
		c[VERIFY_MADE] = MADE_NO_PORT;
	/* connect() would skip a port that bind() gave */
	if (c[VERIFY_JOINED] == JOINED_CONNECTED &&
	    (c[VERIFY_MADE] == MADE_BIND || c[VERIFY_MADE] == MADE_BIND_ZERO))
		c[VERIFY_JOINED] = JOINED_NONE;
	/* which threshold there is, is past or out of reach */
	if (c[VERIFY_DELAY] == DELAY_PASSED || c[VERIFY_DELAY] == DELAY_ENDLESS)
		c[VERIFY_MOMENT] = MOMENT_ANY;
}

static uint32_t choose_delay(struct verify_random *r, uint8_t choice)
{
	uint32_t some = (uint32_t)verify_random_between(r, SHORT_MIN_MS,
							SHORT_MAX_MS);

	switch (choice) {
	case DELAY_SHORT:
		return some;
	case DELAY_PASSED:
		return PASSED_MS;
	case DELAY_ENDLESS:
		return ENDLESS_MS;
	default:
		return 0;
	}
}

static int32_t choose_moment(struct verify_random *r,
			     const struct verify_scenario *s)
{
	int32_t threshold = 0, near;

	/* the closer the more often */
	if (s->choice[VERIFY_MOMENT] == MOMENT_THRESHOLD) {
		near = verify_random_between(r, 1, NEAR_MS);
		return verify_random_between(r, -near, near);
	}
	if (s->choice[VERIFY_DELAY] == DELAY_ABSENT)
		threshold = 1000;
	if (s->choice[VERIFY_DELAY] == DELAY_SHORT)
		threshold = (int32_t)s->delay_ms;
	return verify_random_between(r, 0, threshold + AFTER_MS);
}

void verify_scenario_make(struct verify_scenario *s, uint64_t seed,
			  uint64_t number, const struct verify_abilities *can)
{
	struct verify_random r = { .state = seed };
	unsigned int i;

	/* not the next ones of the scenario before */
	r.state = verify_random_next(&r) ^ number;
	r.state = verify_random_next(&r);

	memset(s, 0, sizeof(*s));
	s->number = number;
	for (i = 0; i < VERIFY_N_KINDS; i++)
		s->choice[i] = choose(&r, &verify_kinds[i]);
	drop_impossible(s->choice, can);
	drop_pointless(s->choice);
	s->delay_ms = choose_delay(&r, s->choice[VERIFY_DELAY]);
	s->close_after_ms = (uint32_t)verify_random_between(&r, 20, 300);
	if (s->choice[VERIFY_CLOSE] != CLOSE_LATER)
		s->close_after_ms = 0;
	s->check_whatif = !verify_random_below(&r, 3);
	s->check_wait = !verify_random_below(&r, 3);
	s->before_ms = verify_random_below(&r, BEFORE_MS);
	s->moment_ms = choose_moment(&r, s);
}

char *verify_scenario_text(const struct verify_scenario *s, char *buf,
			   size_t size)
{
	size_t len = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < VERIFY_N_KINDS && len < size; i++) {
		snprintf(buf + len, size - len, "%s=%s ", verify_kinds[i].name,
			 verify_kinds[i].choice[s->choice[i]]);
		len += strlen(buf + len);
	}
	if (len < size)
		snprintf(buf + len, size - len,
			 "delay-ms=%u close-after-ms=%u moment-ms=%d",
			 s->delay_ms, s->close_after_ms, s->moment_ms);
	return buf;
}

unsigned int verify_timestamps_first(const struct verify_scenario *s)
{
	return s->choice[VERIFY_TIMESTAMPS] == TIMESTAMPS_ON ||
	       s->choice[VERIFY_TIMESTAMPS] == TIMESTAMPS_TURNED_OFF;
}

unsigned int verify_timestamps_then(const struct verify_scenario *s)
{
	return s->choice[VERIFY_TIMESTAMPS] == TIMESTAMPS_ON ||
	       s->choice[VERIFY_TIMESTAMPS] == TIMESTAMPS_TURNED_ON;
}

static void set_address(struct verify_address *a, bool ipv6, const char *ipv4,
			const char *text)
{
	memset(a, 0, sizeof(*a));
	a->family = ipv6 ? AF_INET6 : AF_INET;
	inet_pton(a->family, ipv6 ? text : ipv4, a->bytes);
}

struct verify_address verify_other_family(const struct verify_address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct verify_address o = { 0 };

	if (a->family == AF_INET) {
		o.family = AF_INET6;
		memcpy(o.bytes, mapped, sizeof(mapped));
		memcpy(o.bytes + sizeof(mapped), a->bytes, 4);
	} else {
		o.family = AF_INET;
		memcpy(o.bytes, a->bytes + sizeof(mapped), 4);
	}
	return o;
}

void verify_addresses_of(const struct verify_scenario *s,
			 struct verify_addresses *a)
{
	bool ipv6 = s->choice[VERIFY_FAMILY] == FAMILY_IPV6;

	switch (s->choice[VERIFY_PATH]) {
	case PATH_LOOPBACK:
		set_address(&a->local, ipv6, "127.0.0.1", "::1");
		a->remote = a->local;
		break;
	case PATH_HALF:
		/* which half is as good as by chance */
		set_address(&a->local, ipv6, "127.0.0.1", "::1");
		set_address(&a->remote, ipv6, VERIFY_OWN_IPV4, VERIFY_OWN_IPV6);
		if (s->number & 1) {
			struct verify_address swap = a->local;

			a->local = a->remote;
			a->remote = swap;
		}
		break;
	case PATH_OWN:
		set_address(&a->local, ipv6, VERIFY_OWN_IPV4, VERIFY_OWN_IPV6);
		a->remote = a->local;
		break;
	default:
		set_address(&a->local, ipv6, VERIFY_NEAR_IPV4, VERIFY_NEAR_IPV6);
		set_address(&a->remote, ipv6, VERIFY_FAR_IPV4, VERIFY_FAR_IPV6);
	}
	set_address(&a->third, ipv6, VERIFY_THIRD_IPV4, VERIFY_THIRD_IPV6);
	if (s->choice[VERIFY_FAMILY] == FAMILY_MAPPED) {
		a->local = verify_other_family(&a->local);
		a->remote = verify_other_family(&a->remote);
		a->third = verify_other_family(&a->third);
	}
}

int64_t verify_moment(const struct verify_scenario *s, uint32_t rules,
		      int64_t closed)
{
	int64_t moment = s->moment_ms * VERIFY_NS_PER_MS;

	if (s->choice[VERIFY_MOMENT] == MOMENT_ANY)
		return closed + moment;
	if (rules == TWSCOPE_RULES_ENTRY_DELAY)
		return closed + s->delay_ms * VERIFY_NS_PER_MS + moment;
	/* the next full second */
	return (closed / VERIFY_NS_PER_S + 1) * VERIFY_NS_PER_S + moment;
}
