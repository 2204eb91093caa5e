// SPDX-License-Identifier: GPL-2.0
/*
 * KCOV notes each place that a process passes in code that was built for it, and
 * that is our module alone. What runs in a softirq or in a work is not noted.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kcov.h>

#include "coverage.h"

#define TEXT	"/sys/module/twscope/sections/.text"
/* A walk passes the same places again and again: what comes after must fit, too. */
#define PLACES	(1U << 16)

static int fd;
static unsigned long text;
static unsigned long *noted;
static uint8_t seen[TEXT_MAX], *all;

/* While we are root. */
void coverage_open(void)
{
	FILE *f = fopen(TEXT, "r");

	if (!f || fscanf(f, "%lx", &text) != 1)
		err(1, "%s", TEXT);
	fclose(f);
	fd = open("/sys/kernel/debug/kcov", O_RDWR);
	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, PLACES))
		err(1, "KCOV");
	noted = mmap(NULL, PLACES * sizeof(*noted), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (noted == MAP_FAILED)
		err(1, "KCOV: mmap");
}

/**
 * coverage_enable() - note what this process passes, from now on
 * @of_all: of all processes: a byte for each of the module's text, TEXT_MAX
 */
void coverage_enable(uint8_t *of_all)
{
	all = of_all;
	if (ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		err(1, "KCOV_ENABLE");
}

void coverage_reset(void)
{
	__atomic_store_n(&noted[0], 0, __ATOMIC_RELAXED);
}

/* Since coverage_reset(): was there a place where this process had not been. */
bool coverage_is_new(void)
{
	unsigned long i, n = __atomic_load_n(&noted[0], __ATOMIC_RELAXED);
	bool is_new = false;

	for (i = 1; i <= n && i < PLACES; i++) {
		unsigned long at = noted[i] - text;

		if (at >= TEXT_MAX || seen[at])
			continue;
		seen[at] = 1;
		all[at] = 1;
		is_new = true;
	}
	return is_new;
}
