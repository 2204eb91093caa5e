/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_CHURN_H
#define TWCTL_CHURN_H

#include "types.h"

/*
 * By how many buckets the walk and the kernel's counter may differ although
 * both are right, because buckets came and went during the walk. @cpus is the
 * number of processors.
 */
uint64_t churn_allowed(const struct tws_summary *s, unsigned int cpus);

/* |total - kernel-count| */
uint64_t churn_difference(const struct tws_summary *s);

#endif /* TWCTL_CHURN_H */
