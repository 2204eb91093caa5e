#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What observing costs a connection, in instructions of all that runs in the guest."""

import json
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

from tap import NETLINK_GENERIC, SOL_NETLINK, must, run, sysctl

HERE = os.path.dirname(os.path.abspath(__file__))
CONNLOOP = os.path.join(HERE, "connloop")
BPFTRACE = os.path.join(HERE, "bpftrace")
ROUNDS, COUNT = 5, 2000
# The range of local ports that is full, and how many connect()s try it.
FIRST, PORTS, FAILS = 20000, 2000, 10
PROBES = [
    "kprobe:inet_twsk_alloc",
    "kprobe:inet_twsk_hashdance_schedule",
    "kprobe:inet_twsk_hashdance",
    "kprobe:__inet_twsk_schedule",
    "kprobe:tcp_timewait_state_process",
    "kprobe:inet_twsk_kill",
    "kprobe:tw_timer_handler",
    "kretprobe:tcp_twsk_unique",
]
GENL_ID_CTRL, NLM_F_REQUEST, CTRL_CMD_GETFAMILY = 16, 1, 3
CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS, CTRL_ATTR_MCAST_GRP_ID = 2, 7, 2
NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE = 1, 33
# Of one round, if we count what we mean to.
MUST_SEE = {
    "kprobe:inet_twsk_alloc": COUNT + PORTS,
    "kprobe:tw_timer_handler": COUNT + PORTS,
    "kretprobe:tcp_twsk_unique": FAILS * PORTS,
}


class NotThere(Exception):
    """What a case is about does not exist yet."""


class Nothing:
    """The kernel alone; the cases below add to it and take away again."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Module(Nothing):
    def __enter__(self):
        must("/usr/sbin/modprobe", "twscope")
        return self

    def __exit__(self, *_):
        must("/usr/sbin/rmmod", "twscope")


class Observing(Module):
    def __enter__(self):
        need("observe")
        super().__enter__()
        must("twctl", "observe", "on")
        return self

    def __exit__(self, *_):
        seen = json.loads(must("twctl", "-j", "observe", "off"))
        if not seen["created"] == seen["ended"] == COUNT + PORTS:
            sys.exit(f"observed not {COUNT + PORTS} buckets, but {seen}")
        super().__exit__()


class Monitor(Observing):
    def __enter__(self):
        need("monitor")
        super().__enter__()
        self.process = self.start()
        time.sleep(2)
        if self.process.poll() is not None:
            sys.exit("who listens does not stay")
        return self

    @staticmethod
    def start():
        return subprocess.Popen(["twctl", "monitor"], stdout=subprocess.DEVNULL)

    def __exit__(self, *_):
        stop(self.process)
        super().__exit__()


class Multicast(Monitor):
    """A program that takes the notifications and does nothing with them."""

    @staticmethod
    def start():
        with events_socket() as sock:
            return subprocess.Popen(["cat"], stdin=sock, stdout=subprocess.DEVNULL)


class Bpftrace(Module):
    """The same functions watched by what people have without us."""

    def __enter__(self):
        super().__enter__()
        with open("/sys/kernel/tracing/available_filter_functions") as f:
            known = {line.split()[0] for line in f}
        probes = [p for p in PROBES if p.split(":")[1] in known]
        program = "\n".join(f"{p} {{ @[probe] = count(); }}" for p in probes)
        environment = dict(os.environ, LD_LIBRARY_PATH=f"{BPFTRACE}/lib")
        self.process = subprocess.Popen([f"{BPFTRACE}/bpftrace", "-e", program],
                                        stdout=subprocess.PIPE, text=True, env=environment)
        while self.attached() < len(probes):
            if self.process.poll() is not None:
                sys.exit("bpftrace does not stay")
            time.sleep(0.2)
        time.sleep(2)
        return self

    @staticmethod
    def attached():
        with open("/sys/kernel/debug/kprobes/list") as f:
            return len(f.readlines())

    def __exit__(self, *_):
        seen = dict(re.findall(r"^@\[(\S+)\]: (\d+)$", stop(self.process), re.M))
        for probe, times in MUST_SEE.items():
            if seen.get(probe) != str(times):
                sys.exit(f"bpftrace saw {probe} {seen.get(probe)} times, not {times}")
        super().__exit__()


def attributes(data):
    """Of netlink, by type; a later one of the same type wins."""
    found = {}
    while data:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def events_socket():
    """A socket in the one multicast group of twscope."""
    name = struct.pack("=HH", 4 + 8, CTRL_ATTR_FAMILY_NAME) + b"twscope\0"
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    sock.send(struct.pack("=IHHIIBBH", 20 + len(name), GENL_ID_CTRL, NLM_F_REQUEST, 0, 0,
                          CTRL_CMD_GETFAMILY, 1, 0) + name)
    family = attributes(sock.recv(65536)[20:])
    groups = attributes(family[CTRL_ATTR_MCAST_GROUPS])
    group, = struct.unpack("=I", attributes(groups[1])[CTRL_ATTR_MCAST_GRP_ID])
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
    return sock


def need(command):
    if "unknown command" in run("twctl", command, "--help").stderr:
        raise NotThere


def stop(process):
    process.send_signal(signal.SIGINT)
    return process.communicate()[0]


CASES = [
    ("module absent", Nothing),
    ("module loaded, observing off", Module),
    ("observing, nobody listens", Observing),
    ("observing, twctl monitor follows", Monitor),
    ("observing, notifications taken", Multicast),
    ("observing off, bpftrace watches", Bpftrace),
]


def life():
    sysctl("net.ipv4.ip_local_port_range", "10000 60999")
    return [int(n) / COUNT for n in must(CONNLOOP, "life", str(COUNT)).split()]


def full():
    sysctl("net.ipv4.ip_local_port_range", f"{FIRST} {FIRST + PORTS - 1}")
    return [int(must(CONNLOOP, "full", str(PORTS), str(FIRST), str(FAILS))) / PORTS / FAILS]


def cell(figures):
    """The median, for now and then one round has a stranger's work in it."""
    return f"{statistics.median(figures):9,.0f} {f'({min(figures):,.0f}-{max(figures):,.0f})':17}"


def table(title, columns, rows):
    """Of each case its rounds, a list of figures each; then their sum against the first case."""
    several = len(columns) > 1
    print(f"{title}; median (least-most) of {ROUNDS} rounds\n")
    print(f"{'':33}" + "".join(f"{c:>27}" for c in columns) +
          (f"{'both':>10}" if several else "") + f"{'more':>10}{'of absent':>11}")
    base = None
    for name, rounds in rows:
        if rounds is None:
            print(f"{name:33}{'not measured':>27}")
            continue
        whole = statistics.median(sum(r) for r in rounds)
        base = base or whole
        print(f"{name:33}" + "".join(cell(c) for c in zip(*rounds)) +
              (f"{whole:10,.0f}" if several else "") +
              f"{whole - base:+10,.0f}{whole / base * 100:9.1f} %")
    print(flush=True)


def main():
    # A bucket must end by its timer alone, and no port be taken over.
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    lives, fulls = {}, {}
    # What grows with the first use only, grows in a round that does not count.
    life()
    full()
    for _ in range(ROUNDS):
        for name, case in CASES:
            try:
                with case():
                    lives.setdefault(name, []).append(life())
                    fulls.setdefault(name, []).append(full())
            except NotThere:
                lives[name] = fulls[name] = None
    print(f"kernel {os.uname().release}")
    table(f"instructions of a loopback connection, of {COUNT:,} a round",
          ["connect+accept+close", "end of its bucket"], lives.items())
    table(f"instructions of a connect() that finds no port, per refused port, of {PORTS:,}",
          ["port"], fulls.items())


main()
