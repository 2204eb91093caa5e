/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COMPAT_WORKQUEUE_H
#define TWSCOPE_COMPAT_WORKQUEUE_H

#include <linux/workqueue.h>

#include "compat/features.h"

/* The queue whose work is done by whichever processor has time. */
#ifdef TWSCOPE_HAVE_DFL_WQ
# define twscope_compat_unbound_wq system_dfl_wq
#else
# define twscope_compat_unbound_wq system_unbound_wq
#endif

#endif /* TWSCOPE_COMPAT_WORKQUEUE_H */
