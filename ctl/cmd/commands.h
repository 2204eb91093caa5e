/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_COMMANDS_H
#define TWCTL_COMMANDS_H

#include "../command.h"

extern const struct command cmd_summary;
extern const struct command cmd_list;
extern const struct command cmd_explain;
extern const struct command cmd_whatif;
extern const struct command cmd_ports;
extern const struct command cmd_group;
extern const struct command cmd_pressure;
extern const struct command cmd_top;
extern const struct command cmd_verify;
extern const struct command cmd_observe;
extern const struct command cmd_stats;
extern const struct command cmd_monitor;
extern const struct command cmd_diff;
extern const struct command cmd_doctor;
extern const struct command cmd_check;
extern const struct command cmd_metrics;
extern const struct command cmd_info;

/* of twctl help only */
extern const struct command topic_filter;

#endif /* TWCTL_COMMANDS_H */
