#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest: loading the module runs its suites. What they said, and which lines
# they reached, goes out as a tar in base64.
set -e

out=/tmp/kunit
mkdir "$out"
insmod /root/twscope_kunit.ko

# Copies, because a file of debugfs says that it is empty until it is read.
for results in /sys/kernel/debug/kunit/*/results; do
	suite=${results%/results}
	cat "$results" >"$out/${suite##*/}.ktap"
done
find /sys/kernel/debug/gcov -name '*.gcda' | while read -r gcda; do
	cat "$gcda" >"$out/${gcda##*/}"
done

rmmod twscope_kunit
tar -c -C "$out" . | base64
