/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the uapi's numbers, as the spec has them. Whoever includes this
 * defines NAME(number, name), and LAST() for the last one.
 */
#ifndef TWSCOPE_NAMES_H
#define TWSCOPE_NAMES_H

#define TWSCOPE_NAMES_OF_SUBSTATES					\
	NAME(TWSCOPE_SUBSTATE_FIN_WAIT2, "fin-wait2")			\
	LAST(TWSCOPE_SUBSTATE_TIME_WAIT, "time-wait")

#define TWSCOPE_NAMES_OF_DECISIONS					\
	NAME(TWSCOPE_DECISION_UNKNOWN, "unknown")			\
	NAME(TWSCOPE_DECISION_REUSE, "reuse")				\
	NAME(TWSCOPE_DECISION_REFUSE_TOO_YOUNG, "refuse-too-young")	\
	NAME(TWSCOPE_DECISION_REFUSE_DISABLED, "refuse-disabled")	\
	NAME(TWSCOPE_DECISION_REFUSE_NOT_LOOPBACK, "refuse-not-loopback") \
	NAME(TWSCOPE_DECISION_REFUSE_FIN_WAIT2, "refuse-fin-wait2")	\
	NAME(TWSCOPE_DECISION_REFUSE_NO_TIMESTAMP, "refuse-no-timestamp") \
	NAME(TWSCOPE_DECISION_REFUSE_OTHER, "refuse-other")		\
	NAME(TWSCOPE_DECISION_BOUND_REUSE, "bound-reuse")		\
	NAME(TWSCOPE_DECISION_BOUND_REFUSE_NO_TIMESTAMP, "bound-refuse-no-timestamp") \
	NAME(TWSCOPE_DECISION_BOUND_REFUSE_OTHER, "bound-refuse-other")	\
	NAME(TWSCOPE_DECISION_SYN_SEQUENCE, "syn-sequence")		\
	NAME(TWSCOPE_DECISION_SYN_TIMESTAMP, "syn-timestamp")		\
	NAME(TWSCOPE_DECISION_PAWS_REJECT, "paws-reject")		\
	NAME(TWSCOPE_DECISION_CHALLENGE_ACK, "challenge-ack")		\
	NAME(TWSCOPE_DECISION_OLD_DUPLICATE, "old-duplicate")		\
	NAME(TWSCOPE_DECISION_RATE_LIMITED, "rate-limited")		\
	NAME(TWSCOPE_DECISION_FIN, "fin")				\
	NAME(TWSCOPE_DECISION_ACK, "ack")				\
	NAME(TWSCOPE_DECISION_RST, "rst")				\
	NAME(TWSCOPE_DECISION_RST_IGNORED, "rst-ignored")		\
	NAME(TWSCOPE_DECISION_RESET, "reset")				\
	LAST(TWSCOPE_DECISION_IGNORED, "ignored")

#define TWSCOPE_NAMES_OF_CAUSES						\
	NAME(TWSCOPE_CAUSE_OTHER, "other")				\
	NAME(TWSCOPE_CAUSE_TIMER, "timer")				\
	NAME(TWSCOPE_CAUSE_ACTIVE_REUSE, "active-reuse")		\
	NAME(TWSCOPE_CAUSE_BOUND_REUSE, "bound-reuse")			\
	NAME(TWSCOPE_CAUSE_PASSIVE_SYN, "passive-syn")			\
	NAME(TWSCOPE_CAUSE_RST, "rst")					\
	NAME(TWSCOPE_CAUSE_FIN_WAIT2_DATA, "fin-wait2-data")		\
	NAME(TWSCOPE_CAUSE_NETNS_EXIT, "netns-exit")			\
	LAST(TWSCOPE_CAUSE_SOCK_DESTROY, "sock-destroy")

#endif /* TWSCOPE_NAMES_H */
