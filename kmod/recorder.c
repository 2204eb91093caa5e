// SPDX-License-Identifier: GPL-2.0
/*
 * The flight recorder: the last events, by processor.
 *
 * Hooks write without a lock and never wait, with softirqs off: those end buckets
 * by the thousand, and each has an event, so a hook that they interrupted would
 * find its place taken again. A slot says which event it has, or none while it is
 * written; a reader copies it and looks again. Who reads too late finds that
 * events are gone, and how many.
 *
 * Memory goes to processors that are there, not to all that there could be. One
 * that comes later gets its share before it runs, or, without memory, keeps its
 * last event only.
 */

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "event.h"
#include "recorder.h"

#define MIN_EVENTS	64U

/**
 * struct slot - a place for an event
 * @valid:	number of the event that is here, plus 1; 0 while it is written
 * @n:		the number of the event that is written
 * @ev:		the event
 */
struct slot {
	unsigned long		valid;
	unsigned long		n;
	struct twscope_event	ev;
};

/**
 * struct ring - the events of a processor
 * @slots:	places
 * @mask:	their number, a power of two, less 1
 * @head:	events so far, begun ones included
 * @read:	events up to here were read, or are being read right now
 * @who:	whose event it was that may be repeated
 * @last:	that event's number
 * @reason:	that event's reason
 */
struct ring {
	struct slot	*slots;
	unsigned long	mask;
	unsigned long	head;
	unsigned long	read;
	const void	*who;
	unsigned long	last;
	u8		reason;
};

static DEFINE_PER_CPU(struct ring, rings);
/* A ring's only place before it has others. */
static DEFINE_PER_CPU(struct slot, only_slot);
static unsigned long ring_size;
static bool lacks_memory;
static enum cpuhp_state hotplug;
static u64 recording;

static bool is_made(int cpu)
{
	return per_cpu(rings, cpu).slots != per_cpu_ptr(&only_slot, cpu);
}

/*
 * As kvcalloc() does, but not to observe is better than to have the OOM killer
 * make room for it. Not __GFP_RETRY_MAYFAIL: vmalloc() of 6.19 warns of it and
 * leaves it out.
 */
static struct slot *alloc_slots(void)
{
	struct slot *slots;

	slots = kcalloc(ring_size, sizeof(*slots),
			GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (slots)
		return slots;
	return __vmalloc(array_size(ring_size, sizeof(*slots)),
			 GFP_KERNEL | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN);
}

static int make_ring(unsigned int cpu)
{
	struct ring *ring = per_cpu_ptr(&rings, cpu);
	struct slot *slots;

	if (is_made(cpu) || ring->head)
		return 0;
	slots = alloc_slots();
	if (slots) {
		ring->slots = slots;
		ring->mask = ring_size - 1;
	} else {
		lacks_memory = true;
	}
	return 0;
}

static void free_rings(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (is_made(cpu))
			kvfree(per_cpu(rings, cpu).slots);
}

/**
 * twscope_recorder_start() - record
 * @events: how many to keep for each processor, rounded up to a power of two
 *
 * To be called before the hooks go on. An event takes 112 bytes.
 *
 * Context: process, may sleep. Not to be called twice.
 * Return: 0, -ENOMEM, or an errno of the kernel's processor hotplug.
 */
int twscope_recorder_start(unsigned int events)
{
	int cpu, state;

	for_each_possible_cpu(cpu) {
		per_cpu(only_slot, cpu) = (struct slot) {};
		per_cpu(rings, cpu) = (struct ring) {
			.slots = per_cpu_ptr(&only_slot, cpu),
		};
	}
	ring_size = roundup_pow_of_two(max(events, MIN_EVENTS));
	lacks_memory = false;

	/* That those that are there are asked is not so on every kernel. */
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		make_ring(cpu);
		if (lacks_memory)
			break;
		cond_resched();
	}
	state = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN,
						     "net/twscope:prepare",
						     make_ring, NULL);
	cpus_read_unlock();
	if (state < 0) {
		free_rings();
		return state;
	}
	hotplug = state;
	recording = ktime_get_ns();
	if (!lacks_memory)
		return 0;
	twscope_recorder_stop();
	return -ENOMEM;
}

/**
 * twscope_recorder_stop() - forget
 *
 * To be called when the hooks are off and nobody reads.
 *
 * Context: process, may sleep.
 */
void twscope_recorder_stop(void)
{
	recording = 0;
	cpuhp_remove_state_nocalls(hotplug);
	free_rings();
}

/**
 * twscope_recorder_begin() - begin to write an event
 *
 * Context: a hook, with softirqs or interrupts off until twscope_recorder_end().
 * Return: where to, @time_ns and @count are filled in, the rest is old.
 */
struct twscope_event *twscope_recorder_begin(void)
{
	unsigned long n = this_cpu_inc_return(rings.head) - 1;
	struct slot *slot = &this_cpu_read(rings.slots)[n & this_cpu_read(rings.mask)];

	WARN_ON_ONCE(IS_ENABLED(CONFIG_PROVE_LOCKING) && !softirq_count() &&
		     !irqs_disabled());
	WRITE_ONCE(slot->valid, 0);
	smp_wmb(); /* before the event, for is_still() */
	slot->n = n;
	slot->ev.time_ns = ktime_get_mono_fast_ns();
	slot->ev.count = 1;
	return &slot->ev;
}

/**
 * twscope_recorder_end() - the event is written
 * @ev: what twscope_recorder_begin() returned
 *
 * Context: a hook.
 */
void twscope_recorder_end(struct twscope_event *ev)
{
	struct slot *slot = container_of(ev, struct slot, ev);

	smp_store_release(&slot->valid, slot->n + 1); /* after the event */
}

/**
 * twscope_recorder_end_of() - the same for an event that may be repeated
 * @ev: what twscope_recorder_begin() returned
 * @who: whose it is
 *
 * Context: a hook, with softirqs off.
 */
void twscope_recorder_end_of(struct twscope_event *ev, const void *who)
{
	struct ring *ring = this_cpu_ptr(&rings);

	ring->who = who;
	ring->last = container_of(ev, struct slot, ev)->n;
	ring->reason = ev->reason;
	twscope_recorder_end(ev);
}

/**
 * twscope_recorder_others() - from now on it is not the same who again
 *
 * Context: a hook.
 */
void twscope_recorder_others(void)
{
	this_cpu_write(rings.who, NULL);
}

/**
 * twscope_recorder_again() - count another such event with the last one
 * @who: whose it is
 * @reason: why
 *
 * A connect() may be refused at thousands of ports. They would drive all else
 * out of the ring.
 *
 * Context: a hook, with softirqs off.
 * Return: false when it has to be written: the last event was another one, or
 * somebody has read it.
 */
bool twscope_recorder_again(const void *who, u8 reason)
{
	struct ring *ring = this_cpu_ptr(&rings);
	unsigned long last = ring->last;
	struct slot *slot;

	if (ring->who != who || ring->reason != reason || ring->head != last + 1)
		return false;

	slot = &ring->slots[last & ring->mask];
	WRITE_ONCE(slot->valid, 0);
	/* A reader says that it reads, then looks; here it is the other way. */
	smp_mb();
	if (READ_ONCE(ring->read) <= last)
		slot->ev.count++;
	else
		ring->who = NULL;
	smp_store_release(&slot->valid, last + 1); /* after the count */
	return ring->who;
}

/**
 * twscope_playback_cursor_bytes() - size of a reader's place
 *
 * Context: any.
 * Return: bytes of @cursor.
 */
unsigned int twscope_playback_cursor_bytes(void)
{
	return (1 + nr_cpu_ids) * sizeof(u64);
}

/* Is a slot what it was when it was copied. */
static bool is_still(const struct slot *slot, unsigned long valid)
{
	smp_rmb(); /* after the copy, for twscope_recorder_begin() */
	return READ_ONCE(slot->valid) == valid;
}

/* Other readers may be ahead, or say so at the same time. */
static void read_up_to(struct ring *ring, unsigned long valid)
{
	unsigned long seen, old = READ_ONCE(ring->read);

	while (old < valid) {
		seen = cmpxchg(&ring->read, old, valid);
		if (seen == old)
			break;
		old = seen;
	}
	smp_mb(); /* see twscope_recorder_again() */
}

/*
 * When the event of a number happened. Of one that is just being written, or that
 * is gone: after all others, so that hold() ends there or counts it as lost.
 */
static u64 time_of(const struct ring *ring, u64 n)
{
	const struct slot *slot = &ring->slots[n & ring->mask];
	unsigned long valid = n + 1;
	u64 time_ns;

	/* before the copy */
	if (smp_load_acquire(&slot->valid) == valid) {
		time_ns = READ_ONCE(slot->ev.time_ns);
		if (is_still(slot, valid))
			return time_ns;
	}
	return U64_MAX;
}

/*
 * The first of the events from @at on and before @end that did not happen before
 * @since_ns, by halves: to pass a million one by one takes long, and whoever
 * reads may hold RCU.
 */
static u64 first_since(const struct ring *ring, u64 at, u64 end, u64 since_ns)
{
	while (at < end) {
		u64 middle = at + (end - at) / 2;

		if (time_of(ring, middle) < since_ns)
			at = middle + 1;
		else
			end = middle;
	}
	return at;
}

/**
 * twscope_playback_init() - begin to read
 * @p: the reader
 * @cursor: where another one ended; NULL for the oldest there is
 * @since_ns: skip what happened before, CLOCK_MONOTONIC
 *
 * What is recorded from now on is not read.
 *
 * Context: process, may sleep. Nobody may stop the recorder during a call; see
 * twscope_playback_is_valid() for what is between two.
 * Return: 0, -ENOMEM, or -ESTALE when @cursor belongs to another recording.
 */
int twscope_playback_init(struct twscope_playback *p, const u64 *cursor,
			  u64 since_ns)
{
	int cpu;

	*p = (struct twscope_playback) { .since_ns = since_ns };
	if (cursor && cursor[0] != recording)
		return -ESTALE;

	p->cursor = kvcalloc(1 + nr_cpu_ids, sizeof(u64), GFP_KERNEL_ACCOUNT);
	p->end = kvcalloc(nr_cpu_ids, sizeof(u64), GFP_KERNEL_ACCOUNT);
	p->held = kvcalloc(nr_cpu_ids, sizeof(*p->held), GFP_KERNEL_ACCOUNT);
	p->cpus = kvcalloc(nr_cpu_ids, sizeof(*p->cpus), GFP_KERNEL_ACCOUNT);
	if (!p->cursor || !p->end || !p->held || !p->cpus) {
		twscope_playback_free(p);
		return -ENOMEM;
	}

	p->cursor[0] = recording;
	for_each_possible_cpu(cpu) {
		struct ring *ring = per_cpu_ptr(&rings, cpu);
		u64 head = READ_ONCE(ring->head);
		u64 size = ring->mask + 1;
		u64 *at = &p->cursor[1 + cpu];

		p->end[cpu] = head;
		*at = cursor ? min(cursor[1 + cpu], head) : 0;
		if (head > size && *at < head - size) {
			p->lost += cursor ? head - size - *at : 0;
			*at = head - size;
		}
		if (since_ns) {
			*at = first_since(ring, *at, head, since_ns);
			/* What was passed by must not be counted on. */
			read_up_to(ring, *at);
		}
		if (*at < head)
			p->cpus[p->n++] = cpu;
	}
	return 0;
}

/**
 * twscope_playback_free() - read no more
 * @p: the reader
 *
 * Context: process.
 */
void twscope_playback_free(struct twscope_playback *p)
{
	kvfree(p->cursor);
	kvfree(p->end);
	kvfree(p->held);
	kvfree(p->cpus);
}

/**
 * twscope_playback_is_valid() - may reading go on
 * @p: the reader
 *
 * To be asked when the recorder may have been stopped since the last call.
 *
 * Context: process.
 * Return: false when the recording is not the one any more that it began with.
 */
bool twscope_playback_is_valid(const struct twscope_playback *p)
{
	return p->cursor[0] == recording;
}

/*
 * Copies the next event of a processor. False when there is none: it ends
 * before one that is just being written, which the next reading begins with.
 */
static bool hold(struct twscope_playback *p, int cpu)
{
	struct ring *ring = per_cpu_ptr(&rings, cpu);
	struct twscope_event *ev = &p->held[cpu];
	u64 *at = &p->cursor[1 + cpu];

	while (*at < p->end[cpu]) {
		const struct slot *slot = &ring->slots[*at & ring->mask];
		unsigned long head, valid = *at + 1;

		read_up_to(ring, valid);

		/* before the copy */
		if (smp_load_acquire(&slot->valid) == valid) {
			*ev = data_race(slot->ev); /* for is_still() to judge */
			if (is_still(slot, valid)) {
				if (ev->time_ns >= p->since_ns)
					return true;
				++*at;
				continue;
			}
		}

		head = READ_ONCE(ring->head);
		if (head - *at <= ring->mask + 1) {
			p->end[cpu] = *at;
			break;
		}
		p->lost += head - ring->mask - 1 - *at;
		*at = head - ring->mask - 1;
	}
	ev->time_ns = 0;
	return false;
}

/**
 * twscope_playback_peek() - the next event
 * @p: the reader
 *
 * Context: process.
 * Return: the earliest of those that the processors have next, until
 * twscope_playback_advance(); NULL at the end.
 */
const struct twscope_event *twscope_playback_peek(struct twscope_playback *p)
{
	const struct twscope_event *first = NULL;
	unsigned int i = 0;

	while (i < p->n) {
		unsigned int cpu = p->cpus[i];
		const struct twscope_event *ev = &p->held[cpu];

		if (!ev->time_ns && !hold(p, cpu)) {
			p->cpus[i] = p->cpus[--p->n];
			continue;
		}
		if (!first || ev->time_ns < first->time_ns) {
			first = ev;
			p->next = cpu;
		}
		i++;
	}
	return first;
}

/**
 * twscope_playback_advance() - go on to the event after
 * @p: the reader, whose peek just returned one
 *
 * Context: process.
 */
void twscope_playback_advance(struct twscope_playback *p)
{
	p->cursor[1 + p->next]++;
	p->held[p->next].time_ns = 0;
}
