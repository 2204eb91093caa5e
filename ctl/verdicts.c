// SPDX-License-Identifier: GPL-2.0
#include "verdicts.h"

const struct verdict verdicts[TWSCOPE_N_VERDICTS] = {
	[TWSCOPE_VERDICT_UNKNOWN] = {
		.name = "unknown",
		.brief = "not known: see rules in twctl info",
		.why = "by which rules this kernel reuses is not known, so nothing is judged",
		.stays = "by which rules this kernel reuses them is not known",
	},
	[TWSCOPE_VERDICT_REUSABLE] = {
		.name = "reusable",
		.brief = "reusable now",
		.why = "connect() takes the bucket's place; until one does it stays",
		.stays = "they are already",
	},
	[TWSCOPE_VERDICT_TOO_YOUNG] = {
		.name = "too-young",
		.brief = "too young",
		.why = "refused now, as not enough time has passed",
		.stays = "their time is not over under either",
	},
	[TWSCOPE_VERDICT_DISABLED] = {
		.name = "disabled",
		.brief = "refused: tcp_tw_reuse is 0",
		.why = "refused, as tcp_tw_reuse is 0",
		.stays = "tcp_tw_reuse is 0 under both",
	},
	[TWSCOPE_VERDICT_NOT_LOOPBACK] = {
		.name = "not-loopback",
		.brief = "refused: tcp_tw_reuse=2, not loopback",
		.why = "refused, as tcp_tw_reuse is 2 and this is not loopback traffic",
		.stays = "tcp_tw_reuse is 2 under both, which is for loopback traffic only",
	},
	[TWSCOPE_VERDICT_FIN_WAIT2] = {
		.name = "fin-wait2",
		.brief = "refused: FIN_WAIT2, peer not closed",
		.why = "refused, as the peer's FIN has not arrived",
		.stays = "the peer has not closed; no sysctl changes that. Its FIN makes them time-wait, else their timer ends them",
	},
	[TWSCOPE_VERDICT_NO_TIMESTAMP] = {
		.name = "no-timestamp",
		.brief = "refused: the peer sent no timestamps",
		.why = "refused for as long as the bucket lives, as the peer sent no timestamps",
		.stays = "the peer sent none; no sysctl changes that for a bucket that is there",
	},
	[TWSCOPE_VERDICT_BIND_BLOCKED] = {
		.name = "bind-blocked",
		.brief = "skipped: made or joined by bind()",
		.why = "the port search skips the port without asking, as bind() made or joined its bind bucket",
		.stays = "bind() made or joined the port, so connect() skips it; no sysctl changes that. Programs that bind() before connect() avoid it with IP_BIND_ADDRESS_NO_PORT",
	},
	[TWSCOPE_VERDICT_NOT_SEARCHED] = {
		.name = "not-searched",
		.brief = "not searched: out of range or reserved",
		.why = "the port search never comes to the port: it is outside of ip_local_port_range, or in ip_local_reserved_ports",
		.stays = "the port search never comes to their ports: they are outside of ip_local_port_range, such as a server's own, or in ip_local_reserved_ports",
	},
};

const uint8_t verdict_order[TWSCOPE_N_VERDICTS] = {
	TWSCOPE_VERDICT_REUSABLE,
	TWSCOPE_VERDICT_TOO_YOUNG,
	TWSCOPE_VERDICT_DISABLED,
	TWSCOPE_VERDICT_NOT_LOOPBACK,
	TWSCOPE_VERDICT_FIN_WAIT2,
	TWSCOPE_VERDICT_NO_TIMESTAMP,
	TWSCOPE_VERDICT_BIND_BLOCKED,
	TWSCOPE_VERDICT_NOT_SEARCHED,
	TWSCOPE_VERDICT_UNKNOWN,
};

const struct syn_verdict syn_verdicts[N_SYN_VERDICTS] = {
	[TWSCOPE_SYN_VERDICT_UNKNOWN] = {
		"unknown",
		"by which rules this kernel judges is not known",
		"Linux",
	},
	[TWSCOPE_SYN_VERDICT_ACCEPT] = {
		"accept",
		"it is given to a listener on the local address and port, which ends the bucket; where nobody listens an ACK is the answer and the bucket stays",
		"RFC 1122 4.2.2.13, RFC 6191",
	},
	[TWSCOPE_SYN_VERDICT_CHALLENGE_ACK] = {
		"challenge-ack",
		"it is not new enough: an ACK is the answer and the bucket stays. A peer that has forgotten the connection resets it then and tries again",
		"RFC 9293 3.10.7.4, RFC 5961",
	},
	[TWSCOPE_SYN_VERDICT_PAWS_REJECT] = {
		"paws-reject",
		"its TSval is older than the last one seen: an ACK is the answer, and in TIME_WAIT 2MSL begins anew",
		"RFC 7323 5 (PAWS)",
	},
	[TWSCOPE_SYN_VERDICT_RESET] = {
		"reset",
		"it is inside the receive window of a connection whose other half is open: an RST is the answer, which ends the bucket",
		"RFC 9293 3.10.7.4",
	},
	[TWSCOPE_SYN_VERDICT_DROP] = {
		"drop",
		"it would be answered with an ACK, but another one was less than tcp_invalid_ratelimit ago: there is no answer",
		"Linux: tcp_invalid_ratelimit",
	},
};

const struct rules rules_table[N_RULES] = {
	[TWSCOPE_RULES_UNKNOWN] = {
		"unknown",
		"nothing in this kernel's headers tells: every verdict is unknown",
	},
	[TWSCOPE_RULES_SECONDS] = {
		"seconds",
		"a bucket is reusable once the second in which the peer's last timestamp came is over, by this host's clock, FIN_WAIT2 as well",
	},
	[TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2] = {
		"seconds-not-fin-wait2",
		"a bucket is reusable once the second in which the peer's last timestamp came is over, by this host's clock, never in FIN_WAIT2",
	},
	[TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN] = {
		"seconds-fin-wait2-unknown",
		"a bucket is reusable once the second in which the peer's last timestamp came is over, by this host's clock; of FIN_WAIT2 this kernel's headers do not tell, so such a bucket's verdict is unknown",
	},
	[TWSCOPE_RULES_ENTRY_DELAY] = {
		"entry-delay",
		"a bucket is reusable when it was entered longer than tcp_tw_reuse_delay ago, never in FIN_WAIT2",
	},
};

const struct condition conditions[N_CONDITIONS] = {
	{ TWSCOPE_CONDITION_PORT_SEARCH, "port-search" },
	{ TWSCOPE_CONDITION_TIMESTAMP, "timestamp" },
	{ TWSCOPE_CONDITION_SUBSTATE, "substate" },
	{ TWSCOPE_CONDITION_ENABLED, "enabled" },
	{ TWSCOPE_CONDITION_LOOPBACK, "loopback" },
	{ TWSCOPE_CONDITION_AGE, "age" },
};

const struct port_state port_states[TWSCOPE_N_PORT_STATES] = {
	[TWSCOPE_PORT_STATE_FREE] = {
		"free", "free", "nothing of this source and destination",
	},
	[TWSCOPE_PORT_STATE_REUSABLE] = {
		"reusable", "reusable", "a bucket whose place connect() takes",
	},
	[TWSCOPE_PORT_STATE_WAITING] = {
		"waiting", "waiting", "a bucket that connect() is refused",
	},
	[TWSCOPE_PORT_STATE_IN_USE] = {
		"in-use", "in use", "a full socket of this source and destination",
	},
	[TWSCOPE_PORT_STATE_BIND_BLOCKED] = {
		"bind-blocked", "blocked", "skipped, as bind() made or joined the port",
	},
	[TWSCOPE_PORT_STATE_RESERVED] = {
		"reserved", "reserved", "skipped, as ip_local_reserved_ports has it",
	},
};

const char *verdict_name(uint32_t verdict)
{
	return verdict < TWSCOPE_N_VERDICTS ? verdicts[verdict].name : NULL;
}

const char *syn_verdict_name(uint32_t verdict)
{
	return verdict < N_SYN_VERDICTS ? syn_verdicts[verdict].name : NULL;
}

const char *rules_name(uint32_t rules)
{
	return rules < N_RULES ? rules_table[rules].name : NULL;
}
