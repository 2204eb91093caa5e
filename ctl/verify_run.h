/* SPDX-License-Identifier: GPL-2.0 */
/* The trials: buckets are made, the module is asked, connect() is tried. */
#ifndef TWCTL_VERIFY_RUN_H
#define TWCTL_VERIFY_RUN_H

#include "nl.h"
#include "verify_judge.h"
#include "verify_net.h"

struct verify_event {
	const struct verify_scenario *scenario;
	enum verify_check check;
	const struct verify_look *said;
	bool got_port;
	enum verify_result result;
};

struct verify_plan {
	uint64_t seed;
	uint32_t trials;
	/* told of each comparison; may be NULL */
	void (*tell)(const struct verify_event *e, void *ctx);
	void *ctx;
};

/*
 * @nl was opened in the namespace of @net. Fills @r, which the caller frees in
 * any case. Returns 0, or -1 with the reason in @err.
 */
int verify_run(const struct verify_plan *plan, const struct tws_info *info,
	       struct twnl *nl, struct verify_net *net, struct verify_report *r,
	       char *err, size_t size);

#endif /* TWCTL_VERIFY_RUN_H */
