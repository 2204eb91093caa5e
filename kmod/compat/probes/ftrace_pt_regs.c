// SPDX-License-Identifier: GPL-2.0
// Up to 5.10: the function tracer hands over all registers, and guards
// against recursion unless told not to.
#include <linux/ftrace.h>

#ifndef CONFIG_DYNAMIC_FTRACE_WITH_REGS
#error without registers
#endif

static void stop(unsigned long ip, unsigned long parent_ip,
		 struct ftrace_ops *ops, struct pt_regs *regs)
{
}

int probe(struct ftrace_ops *ops);
int probe(struct ftrace_ops *ops)
{
	ops->func = stop;
	return FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE;
}
