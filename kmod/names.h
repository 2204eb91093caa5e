/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the uapi's numbers, as the spec has them. Whoever includes this
 * defines EM(number, name), and EMe() for the last one.
 */
#ifndef TWSCOPE_NAMES_H
#define TWSCOPE_NAMES_H

#define TWSCOPE_NAMES_OF_SUBSTATES					\
	EM(TWSCOPE_SUBSTATE_FIN_WAIT2,		"fin-wait2")		\
	EMe(TWSCOPE_SUBSTATE_TIME_WAIT,		"time-wait")

#define TWSCOPE_NAMES_OF_DECISIONS					\
	EM(TWSCOPE_DECISION_UNKNOWN,		"unknown")		\
	EM(TWSCOPE_DECISION_REUSE,		"reuse")		\
	EM(TWSCOPE_DECISION_REFUSE_TOO_YOUNG,	"refuse-too-young")	\
	EM(TWSCOPE_DECISION_REFUSE_DISABLED,	"refuse-disabled")	\
	EM(TWSCOPE_DECISION_REFUSE_NOT_LOOPBACK, "refuse-not-loopback") \
	EM(TWSCOPE_DECISION_REFUSE_FIN_WAIT2,	"refuse-fin-wait2")	\
	EM(TWSCOPE_DECISION_REFUSE_NO_TIMESTAMP, "refuse-no-timestamp") \
	EM(TWSCOPE_DECISION_REFUSE_OTHER,	"refuse-other")		\
	EM(TWSCOPE_DECISION_BOUND_REUSE,	"bound-reuse")		\
	EM(TWSCOPE_DECISION_BOUND_REFUSE_NO_TIMESTAMP, "bound-refuse-no-timestamp") \
	EM(TWSCOPE_DECISION_BOUND_REFUSE_OTHER, "bound-refuse-other")	\
	EM(TWSCOPE_DECISION_SYN_SEQUENCE,	"syn-sequence")		\
	EM(TWSCOPE_DECISION_SYN_TIMESTAMP,	"syn-timestamp")	\
	EM(TWSCOPE_DECISION_PAWS_REJECT,	"paws-reject")		\
	EM(TWSCOPE_DECISION_CHALLENGE_ACK,	"challenge-ack")	\
	EM(TWSCOPE_DECISION_OLD_DUPLICATE,	"old-duplicate")	\
	EM(TWSCOPE_DECISION_RATE_LIMITED,	"rate-limited")		\
	EM(TWSCOPE_DECISION_FIN,		"fin")			\
	EM(TWSCOPE_DECISION_ACK,		"ack")			\
	EM(TWSCOPE_DECISION_RST,		"rst")			\
	EM(TWSCOPE_DECISION_RST_IGNORED,	"rst-ignored")		\
	EM(TWSCOPE_DECISION_RESET,		"reset")		\
	EMe(TWSCOPE_DECISION_IGNORED,		"ignored")

#define TWSCOPE_NAMES_OF_CAUSES						\
	EM(TWSCOPE_CAUSE_OTHER,			"other")		\
	EM(TWSCOPE_CAUSE_TIMER,			"timer")		\
	EM(TWSCOPE_CAUSE_ACTIVE_REUSE,		"active-reuse")		\
	EM(TWSCOPE_CAUSE_BOUND_REUSE,		"bound-reuse")		\
	EM(TWSCOPE_CAUSE_PASSIVE_SYN,		"passive-syn")		\
	EM(TWSCOPE_CAUSE_RST,			"rst")			\
	EM(TWSCOPE_CAUSE_FIN_WAIT2_DATA,	"fin-wait2-data")	\
	EM(TWSCOPE_CAUSE_NETNS_EXIT,		"netns-exit")		\
	EMe(TWSCOPE_CAUSE_SOCK_DESTROY,		"sock-destroy")

#endif /* TWSCOPE_NAMES_H */
