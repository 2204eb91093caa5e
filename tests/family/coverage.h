/* SPDX-License-Identifier: GPL-2.0 */
/* Which places of the module a process came to, as KCOV tells. */
#ifndef FAMILY_COVERAGE_H
#define FAMILY_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

/* More than the module's text has bytes. */
#define TEXT_MAX	(1U << 20)

void coverage_open(void);
void coverage_enable(uint8_t *of_all);
void coverage_reset(void);
bool coverage_is_new(void);

#endif /* FAMILY_COVERAGE_H */
