/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COMPAT_HOOKS_H
#define TWSCOPE_COMPAT_HOOKS_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>

#include "compat/features.h"

/* What puts a new bucket into the hash. */
#ifdef TWSCOPE_HAVE_HASHDANCE_SCHEDULE
# define TWSCOPE_HASHDANCE	"inet_twsk_hashdance_schedule"
#else
# define TWSCOPE_HASHDANCE	"inet_twsk_hashdance"
#endif

/*
 * A stop at a function's entry, by the cheapest means that hands its arguments
 * over. TWSCOPE_ENTRY(name, where, regs) begins the definition of what runs
 * there: @where is an address in the function's first bytes, an argument is
 * read with twscope_compat_arg(regs, n).
 */
#if defined(TWSCOPE_HAVE_FTRACE_ARGS) && !defined(TWSCOPE_BY_KPROBE)
# define TWSCOPE_BY_FTRACE
# define TWSCOPE_FTRACE_FLAGS	FTRACE_OPS_FL_PERMANENT
# define twscope_regs struct ftrace_regs
# define twscope_compat_arg(regs, n)	ftrace_regs_get_argument(regs, n)
#elif defined(TWSCOPE_HAVE_FTRACE_FREGS) && !defined(TWSCOPE_BY_KPROBE)
# define TWSCOPE_BY_FTRACE
# define TWSCOPE_FTRACE_FLAGS	FTRACE_OPS_FL_PERMANENT
# define twscope_regs struct ftrace_regs
# define twscope_compat_arg(regs, n)	regs_get_kernel_argument(&(regs)->regs, n)
#elif defined(TWSCOPE_HAVE_FTRACE_PT_REGS) && !defined(TWSCOPE_BY_KPROBE)
# define TWSCOPE_BY_FTRACE
# define TWSCOPE_FTRACE_FLAGS \
	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_RECURSION_SAFE)
# define twscope_regs struct pt_regs
# define twscope_compat_arg(regs, n)	regs_get_kernel_argument(regs, n)
#else
# define twscope_regs struct pt_regs
# define twscope_compat_arg(regs, n)	regs_get_kernel_argument(regs, n)
#endif

/*
 * FTRACE_OPS_FL_PERMANENT makes the kernel refuse kernel.ftrace_enabled=0 while
 * the hooks are on; without, they would fall silent and the counts be wrong.
 * The handlers call nothing that is hooked, so they need none of the tracer's
 * protection against recursion.
 */
#ifdef TWSCOPE_BY_FTRACE
# define twscope_entry_t ftrace_func_t
# define TWSCOPE_ENTRY(name, where, regs)				\
static __always_inline void name##_entry(unsigned long where,		\
					 twscope_regs *regs);		\
static void name(unsigned long ip, unsigned long parent_ip,		\
		 struct ftrace_ops *ops, twscope_regs *fregs)		\
{									\
	name##_entry(ip, fregs);					\
}									\
static __always_inline void name##_entry(unsigned long where,		\
					 twscope_regs *regs)
#else
# define twscope_entry_t kprobe_pre_handler_t
# define TWSCOPE_ENTRY(name, where, regs)				\
static __always_inline void name##_entry(unsigned long where,		\
					 twscope_regs *regs);		\
static int name(struct kprobe *kp, struct pt_regs *pt)			\
{									\
	name##_entry((unsigned long)kp->addr, pt);			\
	return 0;							\
}									\
static __always_inline void name##_entry(unsigned long where,		\
					 twscope_regs *regs)
#endif

#endif /* TWSCOPE_COMPAT_HOOKS_H */
