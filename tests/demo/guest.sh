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

export LANG=C.UTF-8
show twctl observe on
show python3 client.py 600
sleep 3
show python3 client.py 600
show ss -s
printf '\n%s\n' "What ss does not say:"
show twctl --color=always summary
show twctl --color=always group remote,remote-port,verdict
show twctl --color=always pressure --top 1
show twctl --color=always ports --to 127.0.0.1:80
printf '\n%s\n' "What is wrong, how that is known, what to do and what not:"
show twctl --color=always doctor
printf '\n%s\n' "And what another setting would change, without setting it:"
show twctl --color=always whatif tcp_tw_reuse=1
printf '\n\033[1m# twctl list dport = :80 | head -n 5\033[0m\n'
twctl list dport = :80 | head -n 5
read -r local remote < <(twctl -n -H list dport = :80 | head -n 1 | awk '{ print $(NF - 1), $NF }')
show twctl --color=always explain "$local" "$remote"
printf '\n%s\n' "What the kernel really did, and what it did last:"
show twctl --color=always stats
printf '\n\033[1m# twctl monitor --last 60s | tail -n 5\033[0m\n'
twctl --color=always monitor --last 60s | tail -n 5
show twctl observe off
printf '\n%s\n' "Is that so? Real connections, in network namespaces of their own:"
show twctl --color=always verify --trials 100
show head -n 12 /sys/kernel/debug/twscope/decisions
show twctl info
