/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_RECORDER_H
#define TWSCOPE_RECORDER_H

#include <linux/types.h>

struct twscope_event;

/**
 * struct twscope_playback - a reader's place in the recorder
 * @cursor:	the recording, then by processor the next event to read
 * @end:	by processor, where to stop
 * @since_ns:	skip what happened before, CLOCK_MONOTONIC
 * @lost:	events that were overwritten before they were read
 * @held:	by processor, the event that @cursor is at, if it was read
 * @cpus:	processors that have events left
 * @n:		how many
 * @next:	which of them has the next event
 */
struct twscope_playback {
	u64			*cursor;
	u64			*end;
	u64			since_ns;
	u64			lost;
	struct twscope_event	*held;
	unsigned int		*cpus;
	unsigned int		n;
	unsigned int		next;
};

/* recorder.c */
int twscope_recorder_start(unsigned int events);
void twscope_recorder_stop(void);
struct twscope_event *twscope_recorder_begin(void);
void twscope_recorder_end(struct twscope_event *ev);
void twscope_recorder_end_of(struct twscope_event *ev, const void *who);
void twscope_recorder_others(void);
bool twscope_recorder_again(const void *who, u8 reason);
int twscope_playback_init(struct twscope_playback *p, const u64 *cursor,
			  u64 since_ns);
void twscope_playback_free(struct twscope_playback *p);
bool twscope_playback_is_valid(const struct twscope_playback *p);
const struct twscope_event *twscope_playback_peek(struct twscope_playback *p);
void twscope_playback_advance(struct twscope_playback *p);
unsigned int twscope_playback_cursor_bytes(void);

#endif /* TWSCOPE_RECORDER_H */
