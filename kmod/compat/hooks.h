/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COMPAT_HOOKS_H
#define TWSCOPE_COMPAT_HOOKS_H

#include <linux/ftrace.h>
#include <linux/kconfig.h>
#include <linux/kprobes.h>

#include "compat/features.h"
#include "compat/timewait.h"

/* What puts a new bucket into the hash. */
#ifdef TWSCOPE_HAVE_HASHDANCE_SCHEDULE
# define TWSCOPE_HASHDANCE	"inet_twsk_hashdance_schedule"
#else
# define TWSCOPE_HASHDANCE	"inet_twsk_hashdance"
#endif

/*
 * A stop at a function's entry, by the cheapest means that hands its arguments
 * over: what stops there, what it was registered with, and an argument.
 */
#if defined(TWSCOPE_HAVE_FTRACE_ARGS) && !defined(TWSCOPE_BY_KPROBE)
# define TWSCOPE_BY_FTRACE
# define TWSCOPE_FTRACE_FLAGS	FTRACE_OPS_FL_PERMANENT
# define TWSCOPE_REGS		ftrace_regs
#elif defined(TWSCOPE_HAVE_FTRACE_FREGS) && !defined(TWSCOPE_BY_KPROBE)
# define TWSCOPE_BY_FTRACE
# define TWSCOPE_FTRACE_FLAGS	FTRACE_OPS_FL_PERMANENT
# define TWSCOPE_REGS		ftrace_regs
# define TWSCOPE_WITHIN_FREGS
#elif defined(TWSCOPE_HAVE_FTRACE_PT_REGS) && !defined(TWSCOPE_BY_KPROBE)
# define TWSCOPE_BY_FTRACE
# define TWSCOPE_FTRACE_FLAGS \
	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
# define TWSCOPE_REGS		pt_regs
#else
# define TWSCOPE_REGS		pt_regs
#endif

static inline unsigned long twscope_compat_arg(struct TWSCOPE_REGS *regs,
					       unsigned int n)
{
#if defined(TWSCOPE_HAVE_FTRACE_ARGS) && !defined(TWSCOPE_BY_KPROBE)
	return ftrace_regs_get_argument(regs, n);
#elif defined(TWSCOPE_WITHIN_FREGS)
	return regs_get_kernel_argument(&regs->regs, n);
#else
	return regs_get_kernel_argument(regs, n);
#endif
}

/*
 * FTRACE_OPS_FL_PERMANENT makes the kernel refuse kernel.ftrace_enabled=0 while
 * the hooks are on; without, they would fall silent and the counts be wrong.
 * The handlers call nothing that is hooked, so they need none of the tracer's
 * protection against recursion.
 *
 * TWSCOPE_DEFINE_ENTRY(name, handler) defines what can be registered, which
 * calls the handler with an address in the function's first bytes and with the
 * registers.
 */
#ifdef TWSCOPE_BY_FTRACE
# define twscope_entry_t ftrace_func_t
# define TWSCOPE_DEFINE_ENTRY(name, handler)				\
static void name(unsigned long ip, unsigned long parent_ip,		\
		 struct ftrace_ops *ops, struct TWSCOPE_REGS *regs)	\
{									\
	handler(ip, regs);						\
}
#else
# define twscope_entry_t kprobe_pre_handler_t
# define TWSCOPE_DEFINE_ENTRY(name, handler)				\
static int name(struct kprobe *kp, struct pt_regs *regs)		\
{									\
	handler((unsigned long)kp->addr, regs);				\
	return 0;							\
}
#endif

/*
 * From 6.18 on ("softirq: Allow to drop the softirq-BKL lock on PREEMPT_RT") a
 * real-time kernel may let one task without softirqs preempt another, unless it
 * was configured not to. No header shows it.
 */
static inline bool twscope_compat_softirqs_mix(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       !IS_ENABLED(CONFIG_PREEMPT_RT_NEEDS_BH_LOCK) &&
	       twscope_compat_version() >= KERNEL_VERSION(6, 18, 0);
}

#endif /* TWSCOPE_COMPAT_HOOKS_H */
