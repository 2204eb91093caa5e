#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the VM: a busy client meets a small range of ports.

show() {
	printf '\n\033[1m# %s\033[0m\n' "$*"
	"$@"
}

echo "A machine with kernel $(uname -r), nginx, 1,000 local ports and tcp_tw_reuse=0."
echo "A client opens a connection for each request; there is no keep-alive."
sysctl -q net.ipv4.ip_local_port_range='32768 33767' net.ipv4.tcp_tw_reuse=0
nginx || exit 1

show python3 client.py 600
sleep 3
show python3 client.py 600
show ss -s
printf '\n%s\n' "What ss does not say:"
export LANG=C.UTF-8
show twctl --color=always summary
printf '\n\033[1m# twctl list dport = :80 | head\033[0m\n'
twctl list dport = :80 | head
printf '\n\033[1m# twctl --json --pretty list | head -n 18\033[0m\n'
twctl --json --pretty list | head -n 18
show head -n 12 /sys/kernel/debug/twscope/summary
show head -n 4 /sys/kernel/debug/twscope/buckets
show twctl info
