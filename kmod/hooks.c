// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks in the kernel's functions, on and off.
 *
 * Entries are watched by the function tracer with one ftrace_ops for all of
 * them, so that they come and go together and are waited for once. Where a
 * return value counts that shows in nothing else there is a kretprobe. An
 * ftrace_ops without a filter would trace everything, so it is registered only
 * when every function was found.
 */

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <uapi/linux/twscope.h>

#include "hooks.h"

unsigned long twscope_hook_at[TWSCOPE_N_ENTRY_HOOKS];
DEFINE_PER_CPU(unsigned long [TWSCOPE_N_HOOKS], twscope_hook_hits);

/**
 * struct watched - a function
 * @symbol:	its name
 * @absent:	what to say when there is none
 * @refused:	what to say when it can't be watched
 */
struct watched {
	const char *symbol;
	const char *absent;
	const char *refused;
};

#define ABSENT(symbol)	"this kernel has no function " symbol " to watch"
#define REFUSED(symbol)	symbol " can't be watched"
#define WATCHED(symbol)	{ symbol, ABSENT(symbol), REFUSED(symbol) }

static const struct watched watched[TWSCOPE_N_HOOKS] = {
	[TWSCOPE_HOOK_UNIQUE]	= WATCHED("tcp_twsk_unique"),
	[TWSCOPE_HOOK_CONNECT]	= WATCHED("__inet_hash_connect"),
	[TWSCOPE_HOOK_ALLOC]	= WATCHED("inet_twsk_alloc"),
	[TWSCOPE_HOOK_SCHEDULE]	= WATCHED("__inet_twsk_schedule"),
	[TWSCOPE_HOOK_HASHDANCE] = WATCHED(TWSCOPE_HASHDANCE),
	[TWSCOPE_HOOK_KILL]	= WATCHED("inet_twsk_kill"),
	[TWSCOPE_HOOK_SEGMENT]	= WATCHED("tcp_timewait_state_process"),
	[TWSCOPE_HOOK_DESCHEDULE] = WATCHED("inet_twsk_deschedule_put"),
	[TWSCOPE_HOOK_ABORT]	= WATCHED("tcp_abort"),
	[TWSCOPE_HOOK_ANSWER]	= WATCHED("tcp_oow_rate_limited"),
	[TWSCOPE_HOOK_TOLD]	= WATCHED("tcp_twsk_unique"),
};

static const char *why_not(unsigned int hook, int err)
{
	return err == -ENOENT ? watched[hook].absent : watched[hook].refused;
}

static struct kretprobe return_probes[TWSCOPE_N_RETURN_HOOKS];

/*
 * A disabled probe is the public way to ask where a function is, and whether
 * there is one.
 */
static int find(enum twscope_hook hook)
{
	struct kprobe kp = {
		.symbol_name = watched[hook].symbol,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err;

	err = register_kprobe(&kp);
	if (err)
		return err;
	twscope_hook_at[hook] = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return 0;
}

/*
 * To take a probe off, the kernel allocates memory; without it the probe stays,
 * nobody is told, and it would outlive us. Where the caller is a victim of the
 * OOM killer that can happen, in a worker it can't: what is as small as this is
 * waited for.
 */
static void by_worker(work_func_t off)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, off);
	queue_work(system_long_wq, &work);
	flush_work(&work);
	destroy_work_on_stack(&work);
}

#ifdef TWSCOPE_BY_FTRACE
static struct ftrace_ops entry_ops;

#define TRACER_IS_OFF \
	"the function tracer is switched off: kernel.ftrace_enabled has to be 1"

/* ftrace_free_filter() is not for modules on every kernel. */
static void clear_filter(void)
{
	ftrace_set_filter(&entry_ops, NULL, 0, 1);
}

static int entries_on(twscope_entry_t entry, const char **why)
{
	unsigned int i;
	int err;

	memset(&entry_ops, 0, sizeof(entry_ops));
	entry_ops.func = entry;
	entry_ops.flags = TWSCOPE_FTRACE_FLAGS;
	for (i = 0; i < TWSCOPE_N_ENTRY_HOOKS; i++) {
		err = find(i);
		if (!err)
			err = ftrace_set_filter_ip(&entry_ops,
						   twscope_hook_at[i], 0, i == 0);
		if (err) {
			*why = why_not(i, err);
			goto err_filter;
		}
	}

	err = register_ftrace_function(&entry_ops);
	if (err) {
		*why = err == -EBUSY ? TRACER_IS_OFF : NULL;
		goto err_filter;
	}
	return 0;

err_filter:
	clear_filter();
	return err;
}

/* Returns when no processor is in the handler any more. */
static void entries_off(void)
{
	unregister_ftrace_function(&entry_ops);
	clear_filter();
}

static u64 entry_missed(unsigned int hook)
{
	return 0;
}

#define ENTRY_MECHANISM	TWSCOPE_MECHANISM_FTRACE
#else
/* Tests set it: behind the call of ftrace there is a breakpoint. */
#ifndef TWSCOPE_PROBE_OFFSET
#define TWSCOPE_PROBE_OFFSET	0
#endif

static struct kprobe entry_probes[TWSCOPE_N_ENTRY_HOOKS];

static void entries_off(void)
{
	struct kprobe *all[TWSCOPE_N_ENTRY_HOOKS];
	unsigned int i, n = 0;

	for (i = 0; i < TWSCOPE_N_ENTRY_HOOKS; i++)
		if (entry_probes[i].addr)
			all[n++] = &entry_probes[i];
	unregister_kprobes(all, n);
}

static void take_entries_off(struct work_struct *work)
{
	entries_off();
}

static int entries_on(twscope_entry_t entry, const char **why)
{
	unsigned int i;
	int err;

	memset(entry_probes, 0, sizeof(entry_probes));
	for (i = 0; i < TWSCOPE_N_ENTRY_HOOKS; i++) {
		err = find(i);
		entry_probes[i].symbol_name = watched[i].symbol;
		entry_probes[i].offset = TWSCOPE_PROBE_OFFSET;
		entry_probes[i].pre_handler = entry;
		if (!err)
			err = register_kprobe(&entry_probes[i]);
		if (err) {
			entry_probes[i].addr = NULL;
			*why = why_not(i, err);
			goto err_probes;
		}
	}
	return 0;

err_probes:
	by_worker(take_entries_off);
	return err;
}

static u64 entry_missed(unsigned int hook)
{
	return entry_probes[hook].nmissed;
}

#define ENTRY_MECHANISM	TWSCOPE_MECHANISM_KPROBE
#endif

static void returns_off(void)
{
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_RETURN_HOOKS; i++)
		if (return_probes[i].kp.addr)
			unregister_kretprobe(&return_probes[i]);
}

static int return_on(unsigned int i, const struct twscope_return_hook *what)
{
	struct kretprobe *rp = &return_probes[i];
	int err;

	if (!what->entry)
		return 0;
	rp->kp.symbol_name = watched[TWSCOPE_N_ENTRY_HOOKS + i].symbol;
	rp->entry_handler = what->entry;
	rp->handler = what->ret;
	rp->data_size = what->data_size;
	/* One a processor, and some for those that were preempted inside. */
	rp->maxactive = 4 * num_possible_cpus();
	err = register_kretprobe(rp);
	if (err)
		rp->kp.addr = NULL;
	return err;
}

/* One that was registered can't be registered again as it is. */
static int returns_on(const struct twscope_return_hook *what, const char **why)
{
	unsigned int i;
	int err;

	memset(return_probes, 0, sizeof(return_probes));
	for (i = 0; i < TWSCOPE_N_RETURN_HOOKS; i++) {
		err = return_on(i, &what[i]);
		if (err) {
			*why = why_not(TWSCOPE_N_ENTRY_HOOKS + i, err);
			return err;
		}
	}
	return 0;
}

static void take_off(struct work_struct *work)
{
	entries_off();
	returns_off();
}

static void take_returns_off(struct work_struct *work)
{
	returns_off();
}

/**
 * twscope_hooks_on() - watch the functions, all of them or none
 * @entry: what runs at an entry
 * @on_return: what runs at the return hooks, from TWSCOPE_N_ENTRY_HOOKS on
 * @why: on an error, a text that says what was wrong, or NULL
 *
 * The return hooks come first: a segment must not be seen without them.
 *
 * Context: process, may sleep. Not to be called twice.
 * Return: 0; -ENOENT when there is no such function, -EBUSY when the function
 * tracer is switched off (kernel.ftrace_enabled), or another negative errno of
 * the registration.
 */
int twscope_hooks_on(twscope_entry_t entry,
		     const struct twscope_return_hook *on_return,
		     const char **why)
{
	int err, cpu;

	*why = NULL;
	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(&twscope_hook_hits, cpu), 0,
		       sizeof(twscope_hook_hits));

	err = returns_on(on_return, why);
	if (!err)
		err = entries_on(entry, why);
	if (err)
		by_worker(take_returns_off);
	return err;
}

/**
 * twscope_hooks_off() - watch them no longer
 *
 * When it returns no handler runs, and none will.
 *
 * Context: process, may sleep; about a fifth of a second.
 */
void twscope_hooks_off(void)
{
	by_worker(take_off);
}

/**
 * twscope_hooks_has() - is this hook one of those that were put on
 * @hook: the hook
 *
 * Context: process, while the hooks are on.
 * Return: false for a return hook that nobody asked for.
 */
bool twscope_hooks_has(enum twscope_hook hook)
{
	return hook < TWSCOPE_N_ENTRY_HOOKS ||
	       return_probes[hook - TWSCOPE_N_ENTRY_HOOKS].kp.addr;
}

static u64 missed(unsigned int hook)
{
	const struct kretprobe *rp;

	if (hook < TWSCOPE_N_ENTRY_HOOKS)
		return entry_missed(hook);
	rp = &return_probes[hook - TWSCOPE_N_ENTRY_HOOKS];
	return rp->nmissed + (u64)rp->kp.nmissed;
}

/**
 * twscope_hooks_state() - how a hook does
 * @hook: the hook
 * @s: where to
 *
 * Context: process, while the hooks are on.
 */
void twscope_hooks_state(enum twscope_hook hook, struct twscope_hook_state *s)
{
	int cpu;

	*s = (struct twscope_hook_state) {
		.symbol = watched[hook].symbol,
		.mechanism = hook < TWSCOPE_N_ENTRY_HOOKS ?
			     ENTRY_MECHANISM : TWSCOPE_MECHANISM_KRETPROBE,
		.missed = missed(hook),
	};
	for_each_possible_cpu(cpu)
		s->hits += per_cpu(twscope_hook_hits, cpu)[hook];
}

/**
 * twscope_hooks_missed() - how often did a hook not run
 *
 * Context: process, while the hooks are on.
 * Return: times, over all hooks.
 */
u64 twscope_hooks_missed(void)
{
	unsigned int i;
	u64 n = 0;

	for (i = 0; i < TWSCOPE_N_HOOKS; i++)
		n += missed(i);
	return n;
}
