// SPDX-License-Identifier: GPL-2.0
/*
 * Observing, on and off: the hooks with all that they need, or nothing.
 */

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/timekeeping.h>
#include <uapi/linux/twscope.h>

#include "counters.h"
#include "hooks.h"
#include "observe.h"
#include "recorder.h"
#include "scene.h"

#define DEFAULT_RECORDER	4096

static bool observe;
module_param(observe, bool, 0444);
MODULE_PARM_DESC(observe, "begin to observe at once");

static unsigned int recorder_events = DEFAULT_RECORDER;
module_param_named(recorder, recorder_events, uint, 0444);
MODULE_PARM_DESC(recorder, "events the flight recorder keeps for each processor");

/* Held for writing to put the hooks on or off, for reading by who looks. */
static DECLARE_RWSEM(observe_lock);
static bool is_on;
static ktime_t since;

static int put_on(unsigned int recorder, const char **why)
{
	int err;

	err = twscope_recorder_start(min(recorder ?: recorder_events,
					 (unsigned int)TWSCOPE_MAX_RECORDER));
	if (err)
		return err;
	err = twscope_counters_start();
	if (err)
		goto err_recorder;
	err = twscope_scene_watch(why);
	if (err)
		goto err_counters;

	since = ktime_get();
	twscope_counters_settle();
	is_on = true;
	return 0;

err_counters:
	twscope_counters_stop();
err_recorder:
	twscope_recorder_stop();
	return err;
}

/**
 * twscope_observe_on() - begin to observe
 * @recorder: events to keep for each processor, 0 for the module parameter's
 * @why: on an error, a text that says what was wrong, or NULL
 *
 * All of it or nothing. Does nothing when it is on already.
 *
 * Context: process, may sleep: some tenths of a second.
 * Return: 0, -ENOMEM, or an errno of twscope_hooks_on().
 */
int twscope_observe_on(unsigned int recorder, const char **why)
{
	int err = 0;

	*why = NULL;
	down_write(&observe_lock);
	if (!is_on)
		err = put_on(recorder, why);
	up_write(&observe_lock);
	return err;
}

/**
 * twscope_observe_off() - observe no more, and forget what was seen
 *
 * Does nothing when it is off already.
 *
 * Context: process, may sleep: some tenths of a second, and until those who
 * look have done so.
 */
void twscope_observe_off(void)
{
	down_write(&observe_lock);
	if (is_on) {
		is_on = false;
		twscope_hooks_off();
		twscope_counters_stop();
		twscope_recorder_stop();
	}
	up_write(&observe_lock);
}

/**
 * twscope_observe_is_on() - are the hooks on
 *
 * Context: any; it may change at once.
 * Return: true when they are.
 */
bool twscope_observe_is_on(void)
{
	return READ_ONCE(is_on);
}

/**
 * twscope_observe_hold() - keep the hooks on while looking
 *
 * Context: process, may sleep.
 * Return: true when they are on: to be followed by twscope_observe_release().
 */
bool twscope_observe_hold(void)
{
	down_read(&observe_lock);
	if (is_on)
		return true;
	up_read(&observe_lock);
	return false;
}

/**
 * twscope_observe_release() - have looked
 *
 * Context: process.
 */
void twscope_observe_release(void)
{
	up_read(&observe_lock);
}

/**
 * twscope_observe_since_ms() - for how long has it been on
 *
 * Context: process, while held.
 * Return: milliseconds.
 */
u64 twscope_observe_since_ms(void)
{
	return ktime_ms_delta(ktime_get(), since);
}

/**
 * twscope_observe_init() - begin at once, if the module parameter says so
 *
 * Context: process.
 * Return: 0 or a negative errno of twscope_observe_on().
 */
int __init twscope_observe_init(void)
{
	const char *why;
	int err;

	if (!observe)
		return 0;
	err = twscope_observe_on(0, &why);
	if (err)
		pr_err("twscope: cannot observe: %s\n", why ?: "out of memory");
	return err;
}

/**
 * twscope_observe_exit() - end for good
 *
 * Context: process.
 */
void twscope_observe_exit(void)
{
	twscope_observe_off();
}
