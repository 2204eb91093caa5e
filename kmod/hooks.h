/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_HOOKS_H
#define TWSCOPE_HOOKS_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "compat/hooks.h"

/* The functions of the kernel that are watched, the most frequent first. */
enum twscope_hook {
	TWSCOPE_HOOK_UNIQUE,		/* tcp_twsk_unique() */
	TWSCOPE_HOOK_CONNECT,		/* __inet_hash_connect() */
	TWSCOPE_HOOK_ALLOC,		/* inet_twsk_alloc() */
	TWSCOPE_HOOK_SCHEDULE,		/* __inet_twsk_schedule() */
	TWSCOPE_HOOK_HASHDANCE,		/* inet_twsk_hashdance_schedule() */
	TWSCOPE_HOOK_KILL,		/* inet_twsk_kill() */
	TWSCOPE_HOOK_SEGMENT,		/* tcp_timewait_state_process() */
	TWSCOPE_HOOK_DESCHEDULE,	/* inet_twsk_deschedule_put() */
	TWSCOPE_HOOK_ABORT,		/* tcp_abort() */
	TWSCOPE_N_ENTRY_HOOKS,
	/* with their return */
	TWSCOPE_HOOK_ANSWER = TWSCOPE_N_ENTRY_HOOKS, /* tcp_oow_rate_limited() */
	TWSCOPE_HOOK_TOLD,		/* tcp_twsk_unique() again, where asked for */
	TWSCOPE_N_HOOKS,
};

#define TWSCOPE_N_RETURN_HOOKS	(TWSCOPE_N_HOOKS - TWSCOPE_N_ENTRY_HOOKS)

/**
 * struct twscope_return_hook - what runs at a function's entry and return
 * @entry:	its return is not waited for when this returns other than 0; NULL
 *		where there is to be no such hook
 * @ret:	at the return
 * @data_size:	bytes that @entry hands to @ret
 */
struct twscope_return_hook {
	kretprobe_handler_t	entry;
	kretprobe_handler_t	ret;
	size_t			data_size;
};

/**
 * struct twscope_hook_state - a hook, for those who want to look
 * @symbol:	the function
 * @mechanism:	enum twscope_mechanism
 * @hits:	times it ran
 * @missed:	times it could not
 */
struct twscope_hook_state {
	const char	*symbol;
	u32		mechanism;
	u64		hits;
	u64		missed;
};

/* Where the entry hooks are, by which one handler tells them apart. */
extern unsigned long twscope_hook_at[TWSCOPE_N_ENTRY_HOOKS];

/* Functions are longer than what comes before the stop in each of them. */
#define TWSCOPE_STOP_WITHIN	16

/**
 * twscope_hook_is() - is a stop that of a hook
 * @hook: the hook
 * @where: where the stop is
 *
 * Context: any, while the hooks are on.
 * Return: true when it is.
 */
static inline bool twscope_hook_is(enum twscope_hook hook, unsigned long where)
{
	return where - twscope_hook_at[hook] < TWSCOPE_STOP_WITHIN;
}

/* hooks.c */
DECLARE_PER_CPU(unsigned long [TWSCOPE_N_HOOKS], twscope_hook_hits);
int twscope_hooks_on(twscope_entry_t entry,
		     const struct twscope_return_hook *on_return,
		     const char **why);
void twscope_hooks_off(void);
bool twscope_hooks_has(enum twscope_hook hook);
void twscope_hooks_state(enum twscope_hook hook, struct twscope_hook_state *s);
u64 twscope_hooks_missed(void);

#endif /* TWSCOPE_HOOKS_H */
