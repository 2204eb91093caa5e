#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs in a VM, for some three minutes: what docs/field-guide.md shows, to be looked at or renewed.
#
#   tests/vm/run --kernel 6.12 --add tests/demo:/root/demo --add tests/selftests:/selftests \
#       tests/demo/field-guide.sh

show() {
	printf '\n# %s\n' "$*"
	bash -c "$*" 2>&1
}

make() { python3 /root/demo/traffic.py "$@"; }

# sysctls SETTING...: sets and shows them.
sysctls() { show sysctl -w "$@"; }

export LANG=C.UTF-8
set -m
modprobe tcp_diag 2>/dev/null
ip addr add 10.77.0.1/24 dev lo

echo; echo '# a proxy with 500 ports, in a namespace of its own, begins to open 20 connections a second: see the end'
ip netns add proxy
ip netns exec proxy ip link set lo up
show ip netns exec proxy sysctl -w "net.ipv4.ip_local_port_range='20000 20499'" net.ipv4.tcp_tw_reuse=0
ip netns exec proxy python3 /root/demo/traffic.py 20 127.0.0.1:8000 steady 100 >/tmp/proxy 2>&1 &
proxy=$!

show twctl info
show twctl summary
show sysctl net.ipv4.tcp_tw_recycle
show twctl whatif tcp_tw_recycle=1
show twctl whatif tcp_fin_timeout=5
show twctl whatif tcp_max_tw_buckets=5000
show twctl whatif net.netfilter.nf_conntrack_tcp_timeout_time_wait=30
show twctl whatif tcp_keepalive_time=60
show twctl whatif tcp_syncookies=1
show twctl whatif tcp_max_syn_backlog=4096
show twctl whatif tcp_time_wait_interval=30000
show twctl pressure

echo; echo "== FIN_WAIT2 and tcp_fin_timeout"
sysctls net.ipv4.tcp_fin_timeout=20
make 3 127.0.0.1:8001
mkfifo /tmp/hold; exec 9<>/tmp/hold
make 3 127.0.0.1:8002 open <&9 &
until [[ $(twctl -H list substate fin-wait2 | wc -l) -eq 3 ]]; do sleep 0.1; done
show 'ss -s | head -n 2'
show twctl summary
show twctl -n list
echo; echo '# a process that has shut down its side, and waits for the peer to close'
python3 - <<'END' &
import socket, time
server = socket.create_server(("127.0.0.1", 8012))
client = socket.create_connection(("127.0.0.1", 8012))
client.shutdown(socket.SHUT_WR)
time.sleep(600)
END
half=$!
until ss -tanp state fin-wait-2 | grep -q python3; do sleep 0.1; done
show ss -tanpo state fin-wait-2
show twctl -n list substate fin-wait2
{ kill "$half"; wait "$half"; } 2>/dev/null
sysctls net.ipv4.tcp_fin_timeout=60

echo; echo "== loopback, own address, no timestamps"
echo; echo '# 10.77.0.1 is an address of this host; to port 8004 without timestamps'
make 200 127.0.0.1:8003
make 200 10.77.0.1:8003
make 50 '[::1]:8003'
sysctls net.ipv4.tcp_timestamps=0
make 100 127.0.0.1:8004
sysctls net.ipv4.tcp_timestamps=1
sleep 1.2
show twctl group remote,remote-port,verdict
show twctl whatif tcp_tw_reuse=1
show twctl whatif tcp_timestamps=0

echo; echo "== a port is of a destination"
sysctls "net.ipv4.ip_local_port_range='32768 33767'" net.ipv4.tcp_tw_reuse=0
make 700 127.0.0.1:8005
show twctl ports --to 127.0.0.1:8005
show 'twctl ports --to 127.0.0.1:8006 | head -n 7'
echo; echo '# 200 clients that bind() before they connect() to 127.0.0.1:8007'
make 200 127.0.0.1:8007 bind
show twctl pressure --top 2
echo; echo '# as many connections to 127.0.0.1:8005 as can be had'
make 400 127.0.0.1:8005
show twctl pressure --top 1
show "twctl whatif tcp_tw_reuse=1 dport = :8005"
echo net.ipv4.tcp_tw_recycle = 1 >/etc/sysctl.conf
show twctl doctor

echo; echo "== one bucket, and a SYN"
read -r local remote < <(twctl -n -H list dport = :8005 | head -n 1 | awk '{ print $(NF - 1), $NF }')
show twctl explain "$local" "$remote"
show "twctl explain $local $remote --syn 1,1 | tail -n 5"

echo; echo "== a server that is started again"
python3 - <<'END'
import socket
server = socket.create_server(("127.0.0.1", 8090))
pairs = [(socket.create_connection(("127.0.0.1", 8090)), server.accept()[0]) for _ in range(20)]
for client, accepted in pairs:
    accepted.close()
    client.close()
server.close()
print("\n# a server closes 20 connections, ends, and starts again")
for value, how in ((0, "without"), (1, "with")):
    again = socket.socket()
    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, value)
    try:
        again.bind(("127.0.0.1", 8090))
        print(f"bind() {how} SO_REUSEADDR: works")
    except OSError as error:
        print(f"bind() {how} SO_REUSEADDR:", error.strerror)
END
show 'twctl doctor | sed -n "/server-port/,/^$/p"'

echo; echo "== another namespace"
ip netns add web
ip netns exec web ip link set lo up
ip netns exec web python3 /root/demo/traffic.py 50 127.0.0.1:8008
show twctl summary -A
show twctl group -A netns,verdict

echo; echo "== the limit, observed"
show twctl summary --save /tmp/before.json '>/dev/null'
show twctl observe on
sysctls net.ipv4.tcp_fin_timeout=3
mkfifo /tmp/hold3; exec 8<>/tmp/hold3
echo; echo '# three connections whose peer does not close'
make 3 127.0.0.1:8013 open <&8 &
echo; echo '# 50 buckets are there, and 100 connections come'
show ip netns exec web sysctl -w net.ipv4.tcp_max_tw_buckets=40
ip netns exec web python3 /root/demo/traffic.py 100 127.0.0.1:8009
show 'twctl -N web summary | head -n 3'
show twctl -N web stats
show 'ip netns exec web nstat -asz TcpExtTCPTimeWaitOverflow'
show twctl -N web doctor
sysctls net.ipv4.tcp_tw_reuse=1
sleep 1.2
make 300 127.0.0.1:8005
show twctl stats
show 'twctl monitor --last 60s dport = :8005 | tail -n 6 | cut -c1-118'
sleep 3
show twctl observe off
show twctl diff /tmp/before.json
exec 8>&-
sysctls net.ipv4.tcp_fin_timeout=60

PYTHONPATH=/selftests python3 /root/demo/other_end.py

echo; echo "== connection tracking"
ip netns add tracked
ip netns exec tracked ip link set lo up
PYTHONPATH=/selftests ip netns exec tracked python3 -c 'import track; track.track_connections()'
show sysctl -w net.netfilter.nf_conntrack_max=1000
ip netns exec tracked python3 /root/demo/traffic.py 495 127.0.0.1:8010
ip netns exec tracked python3 /root/demo/traffic.py 495 127.0.0.1:8011
show twctl -N tracked doctor
show 'grep -E "tw_sock_TCP |objsize" /proc/slabinfo | cut -c1-60'
exec 9>&-

echo; echo "== many"
ip netns add many
ip netns exec many ip link set lo up
show ip netns exec many sysctl -w net.ipv4.tcp_max_tw_buckets=262144
ip netns exec many python3 /root/demo/traffic.py 5000 127.0.0.1:8014
ip netns exec many python3 /root/demo/traffic.py 5000 127.0.0.1:8015
show 'time ip netns exec many ss -tan state time-wait | wc -l'
show 'time twctl -N many summary'

echo; echo "== a proxy with 500 ports that opens 20 connections a second"
wait "$proxy"
show cat /tmp/proxy
show twctl -N proxy pressure
