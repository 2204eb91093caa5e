// SPDX-License-Identifier: GPL-2.0
#include "decisions.h"

static const char reuse[] = "reuse", refused[] = "refused", segment[] = "segment";

const struct decision decisions[TWSCOPE_N_DECISIONS] = {
	[TWSCOPE_DECISION_UNKNOWN] = {
		"unknown", segment, "not judged: the rules are not known",
	},
	[TWSCOPE_DECISION_REUSE] = {
		"reuse", reuse, "connect() took its place",
	},
	[TWSCOPE_DECISION_REFUSE_TOO_YOUNG] = {
		"refuse-too-young", refused, "too young",
	},
	[TWSCOPE_DECISION_REFUSE_DISABLED] = {
		"refuse-disabled", refused, "tcp_tw_reuse is 0",
	},
	[TWSCOPE_DECISION_REFUSE_NOT_LOOPBACK] = {
		"refuse-not-loopback", refused, "tcp_tw_reuse=2, not loopback",
	},
	[TWSCOPE_DECISION_REFUSE_FIN_WAIT2] = {
		"refuse-fin-wait2", refused, "FIN_WAIT2, the peer has not closed",
	},
	[TWSCOPE_DECISION_REFUSE_NO_TIMESTAMP] = {
		"refuse-no-timestamp", refused, "the peer sent no timestamps",
	},
	[TWSCOPE_DECISION_REFUSE_OTHER] = {
		"refuse-other", refused, "for a reason that is not known",
	},
	[TWSCOPE_DECISION_BOUND_REUSE] = {
		"bound-reuse", reuse, "a bound connect() took its place",
	},
	[TWSCOPE_DECISION_BOUND_REFUSE_NO_TIMESTAMP] = {
		"bound-refuse-no-timestamp", refused,
		"bound port, peer without timestamps",
	},
	[TWSCOPE_DECISION_BOUND_REFUSE_OTHER] = {
		"bound-refuse-other", refused, "bound port, reason not known",
	},
	[TWSCOPE_DECISION_SYN_SEQUENCE] = {
		"syn-sequence", segment, "SYN with a newer sequence number",
	},
	[TWSCOPE_DECISION_SYN_TIMESTAMP] = {
		"syn-timestamp", segment, "SYN newer by its timestamp alone",
	},
	[TWSCOPE_DECISION_PAWS_REJECT] = {
		"paws-reject", segment, "timestamp too old (PAWS): ACK sent",
	},
	[TWSCOPE_DECISION_CHALLENGE_ACK] = {
		"challenge-ack", segment, "SYN that is not newer: ACK sent",
	},
	[TWSCOPE_DECISION_OLD_DUPLICATE] = {
		"old-duplicate", segment, "out of turn: ACK sent",
	},
	[TWSCOPE_DECISION_RATE_LIMITED] = {
		"rate-limited", segment, "no ACK, by tcp_invalid_ratelimit",
	},
	[TWSCOPE_DECISION_FIN] = {
		"fin", segment, "the peer's FIN: now TIME_WAIT",
	},
	[TWSCOPE_DECISION_ACK] = {
		"ack", segment, "ACK in turn: TIME_WAIT begins anew",
	},
	[TWSCOPE_DECISION_RST] = {
		"rst", segment, "RST that ends the bucket",
	},
	[TWSCOPE_DECISION_RST_IGNORED] = {
		"rst-ignored", segment, "RST that was ignored",
	},
	[TWSCOPE_DECISION_RESET] = {
		"reset", segment, "data or SYN in FIN_WAIT2: RST sent",
	},
	[TWSCOPE_DECISION_IGNORED] = {
		"ignored", segment, "nothing to be done",
	},
};

const struct cause causes[TWSCOPE_N_CAUSES] = {
	[TWSCOPE_CAUSE_OTHER] = {
		"other", "TPROXY, say, or another module",
	},
	[TWSCOPE_CAUSE_TIMER] = {
		"timer", "its time was over",
	},
	[TWSCOPE_CAUSE_ACTIVE_REUSE] = {
		"active-reuse", "connect() took its place",
	},
	[TWSCOPE_CAUSE_BOUND_REUSE] = {
		"bound-reuse", "a bound connect() took its place",
	},
	[TWSCOPE_CAUSE_PASSIVE_SYN] = {
		"passive-syn", "a listener took the peer's SYN",
	},
	[TWSCOPE_CAUSE_RST] = {
		"rst", "an RST of the peer",
	},
	[TWSCOPE_CAUSE_FIN_WAIT2_DATA] = {
		"fin-wait2-data", "data in FIN_WAIT2: RST sent",
	},
	[TWSCOPE_CAUSE_NETNS_EXIT] = {
		"netns-exit", "its network namespace ended",
	},
	[TWSCOPE_CAUSE_SOCK_DESTROY] = {
		"sock-destroy", "SOCK_DESTROY (ss -K)",
	},
};

static const char *const event_types[N_EVENT_TYPES] = {
	[TWSCOPE_EVENT_TYPE_CREATED] = "created",
	[TWSCOPE_EVENT_TYPE_DECISION] = "decision",
	[TWSCOPE_EVENT_TYPE_ENDED] = "ended",
};

static const char *const mechanisms[N_MECHANISMS] = {
	[TWSCOPE_MECHANISM_FTRACE] = "ftrace",
	[TWSCOPE_MECHANISM_KPROBE] = "kprobe",
	[TWSCOPE_MECHANISM_KRETPROBE] = "kretprobe",
};

const char *event_type_name(uint32_t type)
{
	return type < N_EVENT_TYPES ? event_types[type] : NULL;
}

const char *decision_name(uint32_t decision)
{
	return decision < TWSCOPE_N_DECISIONS ? decisions[decision].name : NULL;
}

const char *cause_name(uint32_t cause)
{
	return cause < TWSCOPE_N_CAUSES ? causes[cause].name : NULL;
}

const char *mechanism_name(uint32_t mechanism)
{
	return mechanism < N_MECHANISMS ? mechanisms[mechanism] : NULL;
}

static bool of_event(uint32_t decision, const char *event)
{
	return decision < TWSCOPE_N_DECISIONS && decisions[decision].event == event;
}

bool decision_reused(uint32_t decision)
{
	return of_event(decision, reuse);
}

bool decision_refused(uint32_t decision)
{
	return of_event(decision, refused);
}

bool decision_on_connect(uint32_t decision)
{
	return decision_reused(decision) || decision_refused(decision);
}

bool decision_on_segment(uint32_t decision)
{
	return of_event(decision, segment);
}
