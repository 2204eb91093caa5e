/* SPDX-License-Identifier: GPL-2.0 */
/* What "twctl verify" found, for people and for programs. */
#ifndef TWCTL_VERIFY_OUT_H
#define TWCTL_VERIFY_OUT_H

#include <stdio.h>

#include "verify_run.h"

/* A line for one comparison. */
void verify_out_event(FILE *fp, const struct verify_event *e);
void verify_out_text(FILE *fp, const struct tws_info *info,
		     const struct verify_report *r);
/* Returns -1 where memory is short. */
int verify_out_json(FILE *fp, const struct tws_info *info,
		    const struct verify_report *r, bool pretty);

#endif /* TWCTL_VERIFY_OUT_H */
