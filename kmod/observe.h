/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_OBSERVE_H
#define TWSCOPE_OBSERVE_H

#include <linux/types.h>

/* observe.c */
int twscope_observe_init(void);
void twscope_observe_exit(void);
int twscope_observe_on(unsigned int recorder, const char **why);
void twscope_observe_off(void);
bool twscope_observe_is_on(void);
bool twscope_observe_hold(void);
void twscope_observe_release(void);
u64 twscope_observe_since_ms(void);

#endif /* TWSCOPE_OBSERVE_H */
