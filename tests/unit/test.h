/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_UNIT_TEST_H
#define TWSCOPE_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif /* TWSCOPE_UNIT_TEST_H */
