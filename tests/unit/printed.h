/* SPDX-License-Identifier: GPL-2.0 */
/* What a writer wrote, as text and as JSON. */
#ifndef TWSCOPE_UNIT_PRINTED_H
#define TWSCOPE_UNIT_PRINTED_H

#include <jansson.h>

#include "out.h"
#include "spec.h"

extern const struct out_options plain;

struct out *open_out(bool json, const struct out_options *options,
		     enum out_kind kind);
/* What each device is called from here on; NULL for what the kernel calls it. */
extern const char *devices_called;

/* What was written until here; free() it. */
char *close_out(struct out *o, bool failed);
/* Fails the test where @got is not @want; frees @got. */
void is_text(char *got, const char *want);
/* Fails the test where a line of @got is wider than a terminal; frees @got. */
void fits(char *got);

/* The JSON in @got, which it frees. */
json_t *parsed(char *got);
void keys_are(const json_t *object, const struct spec_set *spec);
json_int_t number(const json_t *object, const char *key);
const char *string(const json_t *object, const char *key);
/* The member, which has to be an object or an array. */
const json_t *member(const json_t *object, const char *key);

#endif /* TWSCOPE_UNIT_PRINTED_H */
