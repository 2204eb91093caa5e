// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "explain.h"
#include "pressure.h"
#include "text.h"

#define LINUX_REUSE	"Linux: tcp_tw_reuse"
#define LINUX_BIND	"Linux: bind buckets"
#define LINUX_RANGE	"Linux: ip_local_port_range"
#define RFC_TIMESTAMPS	"RFC 6191, RFC 7323 (PAWS)"
#define RFC_CLOSING	"RFC 9293 3.6"
#define RFC_2MSL	"RFC 9293 3.6.1, RFC 1122 4.2.2.13"
#define RFC_SYN		"RFC 9293 3.10.7.4"

static void __attribute__((format(printf, 3, 4)))
say(struct explained *x, const char *source, const char *fmt, ...)
{
	va_list ap;

	x->source = source;
	va_start(ap, fmt);
	vsnprintf(x->text, sizeof(x->text), fmt, ap);
	va_end(ap);
}

static bool is_fin_wait2(const struct explanation *e)
{
	return e->bucket->substate == TWSCOPE_SUBSTATE_FIN_WAIT2;
}

static bool by_entry(const struct explanation *e)
{
	return e->info->rules == TWSCOPE_RULES_ENTRY_DELAY;
}

static const char *ends_in(const struct explanation *e, char *buf, size_t size)
{
	return text_time_words(buf, size, e->bucket->remaining_ms);
}

void explain_closers(const struct explanation *e, struct explained *x)
{
	say(x, RFC_CLOSING, is_fin_wait2(e) ?
	    "this side has closed, the peer has not" :
	    "this side closed first, or both did at once");
}

void explain_end(const struct explanation *e, struct explained *x)
{
	double late_s = pressure_late_seconds(e->info);
	char in[24], len[24], late[32] = "";

	ends_in(e, in, sizeof(in));
	if (late_s > 0)
		snprintf(late, sizeof(late), ", up to %.0f s late", late_s);
	if (is_fin_wait2(e))
		say(x, "Linux: tcp_fin_timeout",
		    "its timer ends it in %s%s: tcp_fin_timeout, now %u s, bounds FIN_WAIT2",
		    in, late, e->sysctls->tcp_fin_timeout);
	else
		say(x, RFC_2MSL,
		    "its timer ends it in %s%s: TIME_WAIT (2MSL) lasts %s in this kernel, so that a lost last ACK can be sent again and late segments die out",
		    in, late, text_time_words(len, sizeof(len),
						e->info->timewait_len_ms));
}

void explain_anew(const struct explanation *e, struct explained *x)
{
	char len[24];

	text_time_words(len, sizeof(len), e->info->timewait_len_ms);
	if (is_fin_wait2(e))
		say(x, RFC_CLOSING,
		    "the peer's FIN makes it time-wait, and %s begin", len);
	else
		say(x, RFC_2MSL,
		    "the %s begin anew when the peer sends its FIN or an ACK again, or a segment with an older timestamp",
		    len);
}

void explain_owner(const struct explanation *e, struct explained *x)
{
	(void)e;
	say(x, "Linux: inet_diag",
	    "no process has it any more, so its uid and inode are 0 in ss -e; who closes is in twctl monitor");
}

/* The conditions */

static void port_search(const struct explanation *e, bool held,
			struct explained *x)
{
	if (e->bucket->verdict == TWSCOPE_VERDICT_NOT_SEARCHED)
		say(x, LINUX_RANGE,
		    "its port is outside of ip_local_port_range, %u-%u, or in ip_local_reserved_ports: the port search never comes to it",
		    e->sysctls->ip_local_port_range_min,
		    e->sysctls->ip_local_port_range_max);
	else
		say(x, LINUX_BIND, held ?
		    "its bind bucket was made by connect() alone, so the port search goes on to ask" :
		    "bind() made or joined its bind bucket: the port search skips the port without asking");
}

static void timestamp(const struct explanation *e, bool held,
		      struct explained *x)
{
	const struct tws_bucket *b = e->bucket;

	if (!held)
		say(x, RFC_TIMESTAMPS,
		    "the peer sent no timestamps, so nothing would tell a late segment of the old connection from the new one's");
	else if (b->has_ts_recent_age)
		say(x, RFC_TIMESTAMPS,
		    "the peer sent timestamps, the last one %u s ago: they tell late segments of the old connection from the new one's",
		    b->ts_recent_age_s);
	else
		say(x, RFC_TIMESTAMPS, "the peer sent timestamps");
}

static void substate(const struct explanation *e, bool held,
		     struct explained *x)
{
	(void)e;
	say(x, RFC_CLOSING, held ?
	    "the peer's FIN has arrived: both sides have closed" :
	    "the peer's FIN has not arrived: its half of the connection is open");
}

static void enabled(const struct explanation *e, bool held, struct explained *x)
{
	(void)held;
	say(x, LINUX_REUSE, "tcp_tw_reuse is %u%s", e->sysctls->tcp_tw_reuse,
	    e->sysctls->tcp_tw_reuse == 0 ? ": off" :
	    e->sysctls->tcp_tw_reuse == 1 ? ": on" :
	    e->sysctls->tcp_tw_reuse == 2 ? ": on for loopback traffic" : "");
}

static void loopback(const struct explanation *e, bool held,
		     struct explained *x)
{
	(void)e;
	say(x, LINUX_REUSE, held ?
	    "it is loopback traffic: an address is one of loopback, or the socket was bound to lo" :
	    "it is not loopback traffic: neither address is one of loopback, and the socket was not bound to lo. A host's other addresses of its own do not count");
}

static void age_by_entry(const struct explanation *e, bool held,
			 struct explained *x)
{
	static const char source[] =
		"RFC 6191; tcp_tw_reuse_delay is Linux's own";
	char age[24];

	if (e->bucket->has_age)
		say(x, source,
		    "it was entered %s ago, which is %slonger than tcp_tw_reuse_delay, %u ms",
		    text_time_words(age, sizeof(age), e->bucket->age_ms),
		    held ? "" : "not ", e->sysctls->tcp_tw_reuse_delay);
	else
		say(x, source, "it was entered %slonger than tcp_tw_reuse_delay, %u ms, ago",
		    held ? "" : "not ", e->sysctls->tcp_tw_reuse_delay);
}

static void age_by_second(const struct explanation *e, bool held,
			  struct explained *x)
{
	static const char source[] = "RFC 6191; the second is Linux's own";

	if (!e->bucket->has_ts_recent_age)
		say(x, source,
		    "it is counted from the peer's last timestamp, and there is none");
	else if (held)
		say(x, source,
		    "the second in which the peer's last timestamp came is over, by this host's clock, whose grain is one second here");
	else
		say(x, source,
		    "the second in which the peer's last timestamp came is not over, by this host's clock, whose grain is one second here: a bucket is reusable once that is over");
}

static void age(const struct explanation *e, bool held, struct explained *x)
{
	if (by_entry(e))
		age_by_entry(e, held, x);
	else
		age_by_second(e, held, x);
}

static void not_asked(const struct explanation *e, uint32_t bit,
		      struct explained *x)
{
	if (e->info->rules == TWSCOPE_RULES_UNKNOWN)
		say(x, "Linux", "whether this kernel asks is not known");
	else if (bit == TWSCOPE_CONDITION_LOOPBACK)
		say(x, LINUX_REUSE, "with tcp_tw_reuse 2 only; it is %u",
		    e->sysctls->tcp_tw_reuse);
	else if (bit == TWSCOPE_CONDITION_SUBSTATE)
		say(x, "Linux", "this kernel reuses in FIN_WAIT2 as well");
	else
		say(x, "Linux", "this kernel does not ask");
}

void explain_conditions(const struct explanation *e,
			struct explained_condition c[N_CONDITIONS])
{
	static void (*const explain[N_CONDITIONS])(const struct explanation *e,
						   bool held,
						   struct explained *x) = {
		port_search, timestamp, substate, enabled, loopback, age,
	};
	unsigned int i;

	for (i = 0; i < N_CONDITIONS; i++) {
		c[i].name = conditions[i].name;
		c[i].asked = e->bucket->conditions_asked & conditions[i].bit;
		c[i].held = c[i].asked &&
			    e->bucket->conditions_held & conditions[i].bit;
		if (c[i].asked)
			explain[i](e, c[i].held, &c[i].why);
		else
			not_asked(e, conditions[i].bit, &c[i].why);
	}
}

/* The verdict */

void explain_verdict(const struct explanation *e, struct explained *x)
{
	static const char *const source[TWSCOPE_N_VERDICTS] = {
		[TWSCOPE_VERDICT_UNKNOWN] = "Linux",
		[TWSCOPE_VERDICT_REUSABLE] = "RFC 6191",
		[TWSCOPE_VERDICT_TOO_YOUNG] = "RFC 6191",
		[TWSCOPE_VERDICT_DISABLED] = LINUX_REUSE,
		[TWSCOPE_VERDICT_NOT_LOOPBACK] = LINUX_REUSE,
		[TWSCOPE_VERDICT_FIN_WAIT2] = RFC_CLOSING,
		[TWSCOPE_VERDICT_NO_TIMESTAMP] = RFC_TIMESTAMPS,
		[TWSCOPE_VERDICT_BIND_BLOCKED] = LINUX_BIND,
		[TWSCOPE_VERDICT_NOT_SEARCHED] = LINUX_RANGE,
	};
	uint32_t v = e->bucket->verdict;

	if (v < TWSCOPE_N_VERDICTS)
		say(x, source[v], "%s", verdicts[v].why);
	else
		say(x, "Linux", "a verdict of a newer module, unknown to this twctl");
}

static void change_of_young(const struct explanation *e, struct explained *x)
{
	const struct tws_bucket *b = e->bucket;
	char in[24], wait[24];

	ends_in(e, in, sizeof(in));
	if (!b->has_wait || b->wait_ms >= b->remaining_ms)
		say(x, RFC_2MSL,
		    "its timer ends it in %s, before it is old enough", in);
	else
		say(x, by_entry(e) ? "Linux: tcp_tw_reuse_delay" : "Linux",
		    "reusable in %s%s",
		    text_wait_words(wait, sizeof(wait), b->wait_ms),
		    by_entry(e) ? "" :
		    ", unless a segment of the peer with a timestamp comes before: then a second begins anew");
}

void explain_change(const struct explanation *e, struct explained *x)
{
	char in[24];

	ends_in(e, in, sizeof(in));
	switch (e->bucket->verdict) {
	case TWSCOPE_VERDICT_REUSABLE:
		say(x, "Linux", by_entry(e) ?
		    "so until its timer ends it in %s" :
		    "so until its timer ends it in %s, but for up to a second after a segment of the peer with a timestamp",
		    in);
		break;
	case TWSCOPE_VERDICT_TOO_YOUNG:
		change_of_young(e, x);
		break;
	case TWSCOPE_VERDICT_DISABLED:
	case TWSCOPE_VERDICT_NOT_LOOPBACK:
		say(x, LINUX_REUSE,
		    "so while tcp_tw_reuse is %u, until its timer ends it in %s; what another value would do: twctl whatif",
		    e->sysctls->tcp_tw_reuse, in);
		break;
	case TWSCOPE_VERDICT_FIN_WAIT2:
		say(x, RFC_CLOSING,
		    "so until the peer's FIN arrives, or its timer ends it in %s",
		    in);
		break;
	case TWSCOPE_VERDICT_BIND_BLOCKED:
		say(x, LINUX_BIND,
		    "so while the port's bind bucket is there and not left to connect() alone; this bucket's timer ends it in %s. Programs that bind() before connect() avoid this with IP_BIND_ADDRESS_NO_PORT",
		    in);
		break;
	default:
		say(x, RFC_2MSL, "so until its timer ends it in %s", in);
	}
}

void explain_bound(const struct explanation *e, struct explained *x)
{
	switch (e->bucket->bound_verdict) {
	case TWSCOPE_VERDICT_REUSABLE:
		say(x, "Linux",
		    "connect() takes its place: timestamps are all that is asked then. Whether bind() gives the port is another matter: SO_REUSEADDR, or SO_REUSEPORT, on both sockets");
		break;
	case TWSCOPE_VERDICT_NO_TIMESTAMP:
		say(x, RFC_TIMESTAMPS,
		    "connect() is refused as well, as the peer sent no timestamps");
		break;
	default:
		say(x, "Linux", "by which rules this kernel judges is not known");
	}
}

/* The peer's side */

/* @b has a least TSval that is accepted whatever the sequence number. */
static unsigned int syn_by_tsval(const struct tws_bucket *b, struct explained *x)
{
	unsigned int n = 0;

	say(&x[n++], RFC_TIMESTAMPS,
	    "a SYN of the peer is accepted with a TSval from %u on, whatever its sequence number (all modulo 2^32)",
	    b->syn_tsval);
	/* a last one of 0 is held against nobody */
	if (b->syn_tsval == 1)
		say(&x[n++], RFC_2MSL,
		    "with an older one, or none, it is accepted with a sequence number from %u on",
		    b->syn_seq);
	else
		say(&x[n++], RFC_2MSL,
		    "with TSval %u, or none, it is accepted with a sequence number from %u on; with an older TSval not at all",
		    b->syn_tsval - 1, b->syn_seq);
	return n;
}

static unsigned int syn_by_seq(const struct explanation *e, struct explained *x)
{
	const struct tws_bucket *b = e->bucket;

	say(x, RFC_2MSL,
	    b->has_ts_recent_age ?
	    "a SYN of the peer is accepted with a sequence number from %u on (modulo 2^32); its timestamp does not count, as tcp_timestamps is %u" :
	    "a SYN of the peer is accepted with a sequence number from %u on (modulo 2^32); its timestamp does not count, as the connection had none",
	    b->syn_seq, e->sysctls->tcp_timestamps);
	return 1;
}

static unsigned int syn_in_time_wait(const struct explanation *e,
				     struct explained *x)
{
	const struct tws_bucket *b = e->bucket;
	unsigned int n = 1;

	if (!b->has_syn_seq)
		say(x, RFC_2MSL,
		    "what a SYN of the peer needs is told to CAP_NET_ADMIN over the network namespace only: the bucket's sequence numbers are no business of others");
	else
		n = b->has_syn_tsval ? syn_by_tsval(b, x) : syn_by_seq(e, x);
	say(&x[n++], "Linux",
	    "accepted means given to a listener on the local address and port, which ends the bucket; where nobody listens an ACK is the answer");
	return n;
}

static void syn_in_fin_wait2(const struct explanation *e, struct explained *x)
{
	const struct tws_bucket *b = e->bucket;
	char from[64] = "";

	if (b->has_rcv_nxt && b->has_rcv_wnd)
		snprintf(from, sizeof(from), ", %u bytes from %u on,",
			 b->rcv_wnd, b->rcv_nxt);
	say(x, RFC_SYN,
	    "no SYN of the peer is accepted in FIN_WAIT2: inside the receive window%s the answer is an RST, which ends the bucket; outside of it, and where its TSval is older than the last one seen, it is an ACK",
	    from);
}

static void answers(const struct explanation *e, struct explained *x)
{
	char in[24];

	if (!e->bucket->has_rcv_wnd)
		say(x, "Linux: tcp_invalid_ratelimit",
		    "one that is not accepted is answered with an ACK, at most every %u ms",
		    e->sysctls->tcp_invalid_ratelimit);
	else if (e->bucket->has_answer_in)
		say(x, "Linux: tcp_invalid_ratelimit",
		    "one that is not accepted gets no answer for %s: an ACK was sent less than %u ms ago",
		    text_wait_words(in, sizeof(in), e->bucket->answer_in_ms),
		    e->sysctls->tcp_invalid_ratelimit);
	else
		say(x, "Linux: tcp_invalid_ratelimit",
		    "one that is not accepted is answered with an ACK, at most every %u ms; none is held back now",
		    e->sysctls->tcp_invalid_ratelimit);
}

static void resets(const struct explanation *e, struct explained *x)
{
	if (is_fin_wait2(e))
		say(x, RFC_SYN, "an RST inside the receive window ends the bucket");
	else if (e->sysctls->tcp_rfc1337)
		say(x, "RFC 1337",
		    "an RST does not end the bucket, as tcp_rfc1337 is %u",
		    e->sysctls->tcp_rfc1337);
	else
		say(x, "RFC 1337",
		    "an RST with the next sequence number ends the bucket, as tcp_rfc1337 is 0");
}

unsigned int explain_peer(const struct explanation *e,
			  struct explained x[N_PEER_LINES])
{
	unsigned int n = 0;

	if (is_fin_wait2(e))
		syn_in_fin_wait2(e, &x[n++]);
	else
		n = syn_in_time_wait(e, x);
	answers(e, &x[n++]);
	resets(e, &x[n++]);
	return n;
}

/* An accepted SYN is new by its sequence number, or else by its timestamp. */
static void accepted(const struct explanation *e, struct explained *x)
{
	const struct tws_bucket *b = e->bucket;
	bool by_seq = b->has_syn_seq &&
		      (int32_t)(e->syn->seq - b->syn_seq) >= 0;

	say(x, by_seq ? RFC_2MSL : "RFC 6191", "its %s is new enough: %s",
	    by_seq ? "sequence number" : "TSval",
	    syn_verdicts[TWSCOPE_SYN_VERDICT_ACCEPT].why);
}

void explain_syn(const struct explanation *e, struct explained *x)
{
	uint32_t v = e->bucket->syn_verdict;

	if (!e->bucket->has_syn_verdict || v >= N_SYN_VERDICTS)
		say(x, "Linux", "the module's answer is unknown to this twctl");
	else if (v == TWSCOPE_SYN_VERDICT_ACCEPT)
		accepted(e, x);
	else
		say(x, syn_verdicts[v].source, "%s", syn_verdicts[v].why);
}
