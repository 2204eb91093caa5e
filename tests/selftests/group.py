#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""group.py [SEED]: groups against what people piped ss into, and against the list, grouped here.

Then what pressure says of a destination, against the walk over its ports.
"""

import collections
import contextlib
import ipaddress
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

from tap import (FinWait2, done, endpoint, equal, kernel, key, make_buckets, must, note, ok, run,
                 setting, skip, sockstat_tw, sysctl, twctl)

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1 << 32)
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# The names of twctl and those of a row in JSON; local and remote may have a prefix.
KEYS = {"netns": "netns", "family": "family", "local": "local", "local-port": "local_port",
        "remote": "remote", "remote-port": "remote_port", "dev": "ifindex", "mark": "mark",
        "substate": "substate", "verdict": "verdict"}
NOT_OF_FULL = {"substate", "verdict"}
# A bucket of the first ones must not end while they are compared.
SAFE_S = 45
# Whoever came so far within this will be through with what follows, which is less, before they end.
QUICK_S = 30
MAX_WITH_PORTS = 1024
# What bind() is asked for here; no connect() may have come first.
BOUND = "45000-46099"
TRACING = "/sys/kernel/tracing"
PREEMPT = "/sys/kernel/debug/sched/preempt"
# Buckets that a walk copies at a time (BATCH_SIZE of kmod/ehash.c), and by whom, inlined or not.
BATCH, CALLERS = 64, ("<-twscope_walk_refill", "<-next_batch")


class Held:
    """Connections that stay open: full sockets at both ends."""

    def __init__(self):
        self.kept = contextlib.ExitStack()
        self.mark = {}
        self.listener = self.kept.enter_context(socket.create_server(
            ("::", 8090), family=socket.AF_INET6, backlog=256, dualstack_ipv6=True))

    def connect(self, address, n, mark=0, port=0):
        for i in range(n):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = self.kept.enter_context(socket.socket(family))
            if mark:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
            if port:
                sock.bind((address, port + i))
            sock.connect((address, 8090))
            self.kept.enter_context(self.listener.accept()[0])
            self.mark[(*sock.getsockname()[:2], *sock.getpeername()[:2])] = mark


def plain(address):
    """As a group has it: an IPv4 address is one, through whatever socket."""
    ip = ipaddress.ip_address(address)
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def prefix_of(address, len4, len6):
    ip = ipaddress.ip_address(plain(address))
    length = len4 if ip.version == 4 else len6
    return str(ipaddress.ip_network(f"{ip}/{length}", strict=False).network_address)


def full_sockets(held):
    """What is no bucket, of ss: as rows. What ss does not tell we do not set, but marks."""
    rows = []
    for line in must("ss", "-Htano").splitlines():
        words = line.split()
        if words[0] in ("LISTEN", "UNCONN", "TIME-WAIT") or "timer:(timewait" in line:
            continue
        (local, sport), (remote, dport) = map(endpoint, words[3:5])
        rows.append({"netns": own_inode, "family": "inet6" if ":" in local else "inet",
                     "local": local, "local_port": sport, "remote": remote, "remote_port": dport,
                     "ifindex": 0, "mark": held.mark.get((local, sport, remote, dport), 0)})
    return rows


def key_of(row, by, lengths):
    values = []
    for name in by:
        value = row[KEYS[name]]
        values.append(prefix_of(value, *lengths[name]) if name in lengths else
                      plain(value) if name in ("local", "remote") else value)
    return tuple(values)


def grouped(rows, by, lengths):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[key_of(row, by, lengths)].append(row)
    return groups


def shown(answer, by):
    return {tuple(row[KEYS[name]] for name in by): row for row in answer["rows"]}


def by_words(by, lengths):
    return ",".join(name + "".join(f"/{n}" for n in lengths.get(name, ())) for name in by)


def setup(bound):
    """Ports from bound on are bind()'s; those that others choose are no hindrance to it."""
    sysctl("net.ipv4.tcp_tw_reuse", 1)
    sysctl("net.ipv4.ip_local_reserved_ports", BOUND)
    sysctl("net.ipv4.tcp_max_tw_buckets", 100000)
    must("ip", "-batch", "-", input="addr replace fd77::1:1/128 dev lo nodad\n"
         "addr replace fd77::1:2/128 dev lo nodad\naddr replace fd77:0:1::1/128 dev lo nodad\n")
    make_buckets("-n", 90)
    make_buckets("-n", 40, "-r", "127.1.2.3", "-l", "127.9.8.7", "-p", 443)
    make_buckets("-n", 30, "-r", "127.1.2.77", "-l", "127.9.8.8", "-p", 443)
    make_buckets("-n", 25, "-r", "127.200.0.1", "-p", 8005, "-m", 42)
    make_buckets("-n", 20, "-r", "127.1.2.3", "-p", 444, "-d", "lo")
    make_buckets("-n", 15, "-r", "127.1.2.3", "-p", 445, "-s", bound)
    make_buckets("-n", 10, "-r", "127.1.2.3", "-p", 445, "-s", bound - 25000)
    make_buckets("-n", 35, "-r", "::ffff:127.1.2.3", "-l", "::ffff:127.9.8.7", "-p", 446)
    make_buckets("-n", 60, "-r", "::1", "-p", 8001)
    for i, address in enumerate(("fd77::1:1", "fd77::1:2", "fd77:0:1::1")):
        make_buckets("-n", 10 + i, "-r", address, "-p", 8006)
    sysctl("net.ipv4.ip_local_reserved_ports", "")


def hold(held):
    held.connect("127.0.0.1", 12)
    held.connect("127.1.2.3", 7, mark=42)
    held.connect("::ffff:127.1.2.3", 5)
    held.connect("::1", 4)
    held.connect("fd77::1:2", 3, mark=7)
    held.connect("127.1.2.77", 3, port=46000)


def piped(pipeline):
    counts = {}
    for line in must("bash", "-c", pipeline).splitlines():
        n, what = line.split()
        counts[what] = int(n)
    return counts


def as_in_ss(address, port=None):
    """127.0.0.1, [::1], 127.0.0.1:80, [::1]:80"""
    address = f"[{address}]" if ":" in address else address
    return address if port is None else f"{address}:{port}"


# IPv4 is one group through whatever socket, and the device is no part of an address.
UNMAP = r"sed -e 's/\[::ffff:\([0-9.]*\)\]/\1/' -e 's/%lo//'"
SS = "ss -Htan state {} | awk '{{print ${}}}' | " + UNMAP


def pipelines(state, figure, words=()):
    """What people type, as they type it."""
    cases = (
        ("remote address", "remote",
         SS.format(state, 4) + r" | sed 's/:[0-9]*$//' | sort | uniq -c",
         lambda r: as_in_ss(r["remote"])),
        ("remote address and port", "remote,remote-port", SS.format(state, 4) + " | sort | uniq -c",
         lambda r: as_in_ss(r["remote"], r["remote_port"])),
        ("local port", "local-port", SS.format(state, 3) + r" | sed 's/.*://' | sort | uniq -c",
         lambda r: str(r["local_port"])),
    )
    for name, by, pipeline, to_text in cases:
        answer = twctl("group", by, "--top", "0", *words)
        seen = {to_text(r): r[figure] for r in answer["rows"] if r[figure]}
        wanted = piped(pipeline)
        ok(seen == wanted and wanted,
           f"{state} by {name}: as ss | awk | sort | uniq -c, {len(wanted)} lines",
           f"seen   {sorted(seen.items() - wanted.items())[:5]}\n"
           f"wanted {sorted(wanted.items() - seen.items())[:5]}")


def random_by(rng):
    by = rng.sample(list(KEYS), rng.randrange(1, 5))
    lengths = {name: (rng.choice((0, 1, 8, 16, 24, 25, 31, 32)),
                      rng.choice((0, 1, 16, 48, 64, 112, 127, 128)))
               for name in by if name in ("local", "remote") and rng.random() < 0.7}
    return by, lengths


def differences(answer, rows, later, full, by, lengths, ports):
    """What is not as it is when the list is grouped here."""
    seen, wanted = shown(answer, by), grouped(rows, by, lengths)
    then = grouped(later, by, lengths)
    has_full = not set(by) & NOT_OF_FULL
    in_use = grouped(full, by, lengths) if has_full else {}
    if len(seen) != len(answer["rows"]):
        yield "a group is there twice"
    if set(seen) != set(wanted) | set(in_use):
        yield f"groups {set(seen) ^ (set(wanted) | set(in_use))}"
        return
    if (answer["total"], answer.get("total_in_use"), answer["groups"]) != (
            len(rows), len(full) if has_full else None, len(seen)):
        yield f"totals of {answer['total']}, {answer.get('total_in_use')}, {answer['groups']}"
    for k, row in seen.items():
        of, users = wanted.get(k, []), in_use.get(k, [])
        verdicts = collections.Counter(r["verdict"].replace("-", "_") for r in of)
        if row["count"] != len(of):
            yield f"{k}: count {row['count']}, not {len(of)}"
        if {v: n for v, n in row["verdicts"].items() if n} != verdicts:
            yield f"{k}: verdicts {row['verdicts']}, not {dict(verdicts)}"
        if row.get("in_use") != (len(users) if has_full else None):
            yield f"{k}: in use {row.get('in_use')}, not {len(users)}"
        if sum(row["closes_hist"]) != sum(r["substate"] == "time-wait" for r in of):
            yield f"{k}: closes {row['closes_hist']}"
        if ports and row["local_ports"] != len({r["local_port"] for r in of + users}):
            yield f"{k}: {row['local_ports']} local ports"
        yield from wrong_times(k, row, of, then.get(k, []))
        yield from wrong_searched(k, row, users)


def wrong_times(k, row, of, later):
    """One list is from just before, the other from just after."""
    for name, pick in (("earliest_ms", min), ("latest_ms", max)):
        if bool(of) != (name in row):
            yield f"{k}: {name} is there without a bucket, or not with one"
        elif of:
            before, after = (pick(r["remaining_ms"] for r in rows) for rows in (of, later))
            if not after <= row[name] <= before:
                yield f"{k}: {name} {row[name]}, {before} before, {after} after"


def wrong_searched(k, row, users):
    """Of the range, and no port that bind() took."""
    if "in_use_searched" not in row:
        return
    low, high = map(int, setting("net.ipv4.ip_local_port_range").split())
    searched = sum(low <= r["local_port"] <= high and not 46000 <= r["local_port"] < 46003
                   for r in users)
    if row["in_use_searched"] != searched:
        yield f"{k}: {row['in_use_searched']} of those in use are searched, not {searched}"


def orders(answer, order):
    figure = {"count": lambda r: r["count"], "rate": lambda r: sum(r["closes_hist"][:10]),
              "held": lambda r: r["count"] + r.get("in_use", 0)}[order]
    figures = [figure(r) for r in answer["rows"]]
    return figures == sorted(figures, reverse=True)


def against_the_list(held, end):
    rng = random.Random(SEED)
    wrong, tried, unsteady = [], 0, 0
    while time.monotonic() < end and tried < 40:
        by, lengths = random_by(rng)
        order, ports = rng.choice(("count", "rate", "held")), rng.random() < 0.3
        rows, full = twctl("list"), full_sockets(held)
        answer = twctl("group", by_words(by, lengths), "--top", "0", "--sort", order,
                       *(["--ports"] if ports else []))
        after = twctl("list")
        if [(key(r), r["verdict"]) for r in sorted(rows, key=key)] != [
                (key(r), r["verdict"]) for r in sorted(after, key=key)]:
            unsteady += 1
            continue
        tried += 1
        what = f"{by_words(by, lengths)} by {order}"
        wrong += [f"{what}: {d}"
                  for d in differences(answer, rows, after, full, by, lengths, ports)]
        if not orders(answer, order):
            wrong.append(f"{what}: not in order")
        if answer["by"] != by or answer["sort"] != order:
            wrong.append(f"{what}: asked {answer['by']} by {answer['sort']}")
    ok(not wrong and tried, f"{tried} random groupings are those of the list and of ss",
       "\n".join(wrong))
    note(f"seed {SEED}; {unsteady} more in which a verdict changed meanwhile")


def summed(rows):
    """As the rest is."""
    return (len(rows), sum(r["count"] for r in rows), sum(r["in_use"] for r in rows),
            {v: sum(r["verdicts"][v] for r in rows) for v in rows[0]["verdicts"]},
            sum(sum(r["closes_hist"]) for r in rows))


def until_ended():
    """Those made so far end in bursts, which would change what is compared."""
    for _ in range(150):
        if not twctl("summary")["total"]:
            return
        time.sleep(1)
    ok(False, "the buckets end", must("twctl", "summary"))


def top():
    """The rest is the sum of what is not shown, if nothing of it changed meanwhile."""
    whole = twctl("group", "remote,remote-port", "--top", "0")
    for _ in range(20):
        before, few = whole, twctl("group", "remote,remote-port", "--top", "3")
        whole = twctl("group", "remote,remote-port", "--top", "0")
        if summed(before["rows"][3:]) == summed(whole["rows"][3:]):
            break
    equal([(r["remote"], r["count"]) for r in few["rows"]],
          [(r["remote"], r["count"]) for r in whole["rows"][:3]], "--top 3: the first three")
    rest = few["rest"]
    equal((rest["groups"], rest["count"], rest["in_use"], rest["verdicts"], sum(rest["closes_hist"])),
          summed(whole["rows"][3:]), "and the rest is the sum of the others")
    ok("rest" not in whole and "other" not in whole, "--top 0: no rest")
    text = must("twctl", "group", "remote,remote-port", "--top", "3")
    ok(f"rest: {rest['groups']} more groups" in text, "text tells of the rest", text)
    # By the rules of 6.14 and later none is reusable within its first second.
    time.sleep(1.1)
    whatif = twctl("group", "remote", "tcp_tw_reuse=0", "--top", "0")
    ok(all(r["whatif_verdicts"]["reusable"] == 0 and
           sum(r["whatif_verdicts"].values()) == r["count"] for r in whatif["rows"]) and
       any(r["verdicts"]["reusable"] for r in whatif["rows"]), "what-if: none would be reusable",
       whatif["rows"][:2])


def unprivileged():
    rows = twctl("group", "remote", "--top", "0")["rows"]
    result = run(*AS_NOBODY, "twctl", "-j", "group", "remote", "--top", "0")
    seen = json.loads(result.stdout) if result.returncode == 0 else {"rows": []}
    equal({r["remote"]: (r["count"], r["in_use"]) for r in seen["rows"]},
          {r["remote"]: (r["count"], r["in_use"]) for r in rows}, "nobody groups what it may list")
    for what, words, text in (
            ("by mark", ("group", "mark"), "mark: needs CAP_NET_ADMIN"),
            ("by mark and others", ("group", "remote,mark,dev"), "mark: needs CAP_NET_ADMIN"),
            ("all namespaces", ("-A", "group", "netns"), "CAP_NET_ADMIN"),
            ("pressure of all namespaces", ("-A", "pressure"), "CAP_NET_ADMIN")):
        result = run(*AS_NOBODY, "twctl", *words)
        ok(result.returncode == 1 and not result.stdout and text in result.stderr,
           f"nobody: {what}: refused", result)
    ok(run(*AS_NOBODY, "twctl", "pressure").returncode == 0, "nobody: pressure")


def routes(answer):
    """Of what a connect() from an unbound socket meets."""
    return [d for d in answer["destinations"] if d["ifindex"] == 0]


def routes_of_top(top):
    answer = twctl("pressure", "--top", str(top))
    return ([(d["local"], d["remote"], d["remote_port"], d["ifindex"])
             for d in answer["destinations"]], answer["more_destinations"])


def top_of_pressure():
    """Those that bind() alone holds are among the first ones, and none of them."""
    for _ in range(10):
        whole = routes_of_top(0)[0]
        seen = [routes_of_top(n) for n in range(1, len(whole) + 1)]
        if routes_of_top(0)[0] == whole:
            break
    equal(seen, [(whole[:n], len(whole) - n) for n in range(1, len(whole) + 1)],
          f"pressure --top N: the first N, for each N up to {len(whole)}")


def pressure():
    """At rest a destination has the figures of the walk over its ports."""
    low, high = map(int, setting("net.ipv4.ip_local_port_range").split())
    sysctl("net.ipv4.ip_local_reserved_ports", f"{low},{high - 1}")
    for reuse in (0, 1):
        sysctl("net.ipv4.tcp_tw_reuse", reuse)
        # Which of the buckets are reusable is settled a second after the last of them.
        time.sleep(1.1)
        answer, wrong = twctl("pressure", "--top", "0"), []
        for d in routes(answer):
            ports = twctl("ports", "--from", d["local"], "--to",
                          as_in_ss(d["remote"], d["remote_port"]))
            wanted = {"available": ports["free"] + ports["reusable"], "waiting": ports["waiting"],
                      "in_use": ports["in_use"],
                      "ports": high - low + 1 - ports["bind_blocked"] - ports["reserved"]}
            seen = {k: d[k] for k in wanted}
            if seen != wanted:
                wrong.append(f"{d['local']} to {d['remote']}:{d['remote_port']}: {seen}, {wanted}")
        ok(not wrong and len(routes(answer)) > 7,
           f"pressure, tcp_tw_reuse={reuse}: {len(routes(answer))} destinations as in ports --to",
           "\n".join(wrong) or answer)
    must("sysctl", "-q", "net.ipv4.ip_local_reserved_ports=")


def namespaces():
    for netns in ("red", "blue"):
        must("ip", "netns", "add", netns)
        must("ip", "-n", netns, "link", "set", "lo", "up")
    make_buckets("-n", 33, "-p", 9001, netns="red")
    make_buckets("-n", 44, "-p", 9002, "-r", "::1", netns="blue")
    inode = {n: os.stat(f"/run/netns/{n}").st_ino for n in ("red", "blue")}
    own = twctl("group", "family", "--top", "0")
    everywhere = {r["netns"]: r["count"] for r in twctl("-A", "group", "netns")["rows"]}
    equal(everywhere, {own_inode: own["total"], inode["red"]: 33, inode["blue"]: 44},
          "-A group netns: each its own")
    equal({(r["netns"], r["family"], r["count"]) for r in
           twctl("-A", "group", "netns,family", "--top", "0")["rows"]
           if r["netns"] != own_inode},
          {(inode["red"], "inet", 33), (inode["blue"], "inet6", 44)}, "-A group netns,family")
    for netns, n in (("red", 33), ("blue", 44)):
        answer = twctl("group", "netns", netns=netns)
        equal([(r["netns"], r["count"]) for r in answer["rows"]], [(inode[netns], n)],
              f"in {netns} none but its own")
    words = "dport >= :9000 and dport <= :9999".split()
    listed = collections.Counter(r["remote_port"] for r in twctl("-A", "list", *words))
    equal(({r["remote_port"]: r["count"] for r in
            twctl("-A", "group", "remote-port", *words)["rows"]}, len(listed)),
          (dict(listed), 2), "-A group remote-port: as in list -A")


def many():
    """More groups than are told apart: the others are summed, none is lost."""
    made = make_buckets("-n", 1500, "-p", 8070)
    words = ("dport", "=", ":8070")
    answer = twctl("group", "local-port,remote-port", "--ports", "--top", "0", *words)
    equal((answer["total"], answer["groups"], len(answer["rows"])),
          (len(made), MAX_WITH_PORTS, MAX_WITH_PORTS), "1,500 groups: 1,024 are told apart")
    equal((answer["other"]["count"], sum(r["count"] for r in answer["rows"])),
          (len(made) - MAX_WITH_PORTS, MAX_WITH_PORTS), "what is beyond is summed as other")
    equal((sum(answer["other"]["verdicts"].values()), sum(answer["other"]["closes_hist"])),
          (answer["other"]["count"],) * 2, "its verdicts and closes too")
    few = twctl("group", "local-port,remote-port", "--ports", "--top", "5", *words)
    equal((few["rest"]["count"], few["other"]["count"]),
          (MAX_WITH_PORTS - 5, len(made) - MAX_WITH_PORTS), "beside the rest of those told apart")
    ok("other: beyond the groups" in must("twctl", "group", "local-port", "--ports", *words),
       "text tells of other")
    whole = twctl("group", "local-port,remote-port", "--top", "0", *words)
    equal((len(whole["rows"]), whole.get("other")), (len(made), None),
          "without --ports all have a place")
    one = twctl("group", "remote-port", "--ports", *words)["rows"]
    equal([(r["count"], r["local_ports"]) for r in one], [(len(made),) * 2],
          "--ports counts each port once")


def lets_others_run():
    """Where a kernel preempts nobody who does not ask for it, a walk asks for each of its batches."""
    what = "a walk asks for each batch whether others want the processor"
    if os.path.exists(PREEMPT):
        with open(PREEMPT) as f:
            if "(none)" not in (mode := f.read()) and "(voluntary)" not in mode:
                skip(what, f"this kernel does not wait to be asked: {mode.strip()}")
                return
    name = "_cond_resched" if kernel() < (5, 12) else "__cond_resched"
    with tracing(name) as trace:
        with open("/sys/kernel/debug/twscope/summary") as f:
            f.read()
        asked = sum(line.rstrip().endswith(CALLERS) for line in trace())
    batches = sockstat_tw() // BATCH
    ok(asked >= batches > 5, what, f"asked {asked} times for {batches} batches")


@contextlib.contextmanager
def tracing(function):
    """Calls of a function by this process; yields what reads the lines."""
    instance = os.path.join(TRACING, "instances", "selftest")

    def write(name, text):
        with open(os.path.join(instance, name), "w") as f:
            f.write(str(text))

    def lines():
        write("tracing_on", 0)
        with open(os.path.join(instance, "trace")) as f:
            return [line for line in f if not line.startswith("#")]

    os.mkdir(instance)
    try:
        write("set_ftrace_filter", function)
        write("set_ftrace_pid", os.getpid())
        write("current_tracer", "function")
        yield lines
    finally:
        write("current_tracer", "nop")
        os.rmdir(instance)


def killed():
    """Amid the walk, or with half of the answer read: nothing stays."""
    for i in range(30):
        process = subprocess.Popen(
            ("twctl", "-n", "group", "local,local-port,remote", "--top", "0"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.002 * i)
        process.send_signal(signal.SIGKILL)
        process.wait()
    equal(run("rmmod", "twscope").returncode, 0, "killed 30 times: none holds the module")
    must("modprobe", "twscope")
    ok(twctl("group", "remote")["total"] > 0, "and it goes on")


own_inode = os.stat("/proc/self/ns/net").st_ino
for words in ("remote", "mark,verdict"):
    equal([twctl("group", words)[k] for k in ("rows", "total", "groups")], [[], 0, 0],
          f"without a bucket there is no group by {words}")
begin = time.monotonic()
setup(45000)
held = Held()
hold(held)
with FinWait2(20, "-p", 8003):
    pipelines("time-wait", "count", ("substate", "time-wait"))
    against_the_list(held, begin + SAFE_S)
pipelines("established", "in_use")
if time.monotonic() - begin > QUICK_S:
    until_ended()
setup(45100)
top()
unprivileged()
top_of_pressure()
pressure()
held.kept.close()
namespaces()
many()
lets_others_run()
killed()
done()
