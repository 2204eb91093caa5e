#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each end cause and each decision, one at a time: it is told of, and nothing else is.

After each deed all counters of all namespaces are compared with those before it, and the events
and the tracepoints with what was done.
"""

import errno
import os
import socket
import sys
import threading
import time

from deeds import LOOPBACK, Local, Peer, at_begin_of_second, in_new_netns
from peer import ACK, FIN, RST, SYN
from scene import CLOSE, WRONG_RULES, rules, wait_for_state
from tap import (done, enter_netns, equal, kernel, must, new_netns, note, ok, own_netns, run,
                 setting, skip, sysctl)
from witness import Observer, Witness, netns_inode

FAILSLAB = "/sys/kernel/debug/failslab"
TIMESTAMP = 1000
MECHANISM = sys.argv[1] if len(sys.argv) > 1 else "ftrace"
KINDS = ("IPv4", "IPv6", "IPv4-mapped")


def segments_in_time_wait(w, peer, kind):
    """Those that leave the bucket, which an RST ends each time."""
    def trial(what, decision, seq, flags, tsval=TIMESTAMP, payload=b"", restarted=False,
              again=None):
        c = peer.bucket(kind)
        peer.segment(c, decision, seq, flags, tsval, payload, restarted=restarted)
        if again:
            peer.segment(c, again, seq, flags, tsval, payload, restarted=restarted)
        peer.kill(c)
        w.check(f"{kind}: {what}")

    setting("net.ipv4.tcp_invalid_ratelimit", 0)
    trial("a bare ACK in turn", "ack", 0, ACK, restarted=True)
    trial("a SYN that is not newer", "challenge-ack", -5, SYN)
    trial("an old segment", "old-duplicate", -9, ACK, payload=b"old", restarted=True)
    trial("a FIN once more", "old-duplicate", -1, FIN | ACK, restarted=True)
    trial("an old segment without ACK", "old-duplicate", -9, 0)
    trial("a SYN with an old timestamp", "paws-reject", 5, SYN, TIMESTAMP - 1, restarted=True)
    trial("an ACK with an old timestamp", "paws-reject", 0, ACK, TIMESTAMP - 1, restarted=True)
    trial("an RST out of turn", "rst-ignored", 1, RST)
    trial("an RST in turn with an old timestamp", "rst-ignored", 0, RST, TIMESTAMP - 1)
    setting("net.ipv4.tcp_invalid_ratelimit", 60000)
    trial("a second SYN at once", "challenge-ack", -5, SYN, again="rate-limited")
    trial("a second SYN with an old timestamp", "paws-reject", 5, SYN, TIMESTAMP - 1,
          restarted=True, again="rate-limited")
    trial("a second bare ACK out of turn", "old-duplicate", -9, ACK, restarted=True,
          again="rate-limited")
    trial("data is never limited in rate", "old-duplicate", -9, ACK, payload=b"old",
          restarted=True, again="old-duplicate")
    setting("net.ipv4.tcp_invalid_ratelimit", 0)

    peer.listen(kind, False)
    trial("a newer SYN and no listener", "syn-sequence", 5, SYN)
    trial("a SYN newer by its timestamp and no listener", "syn-timestamp", -5, SYN, TIMESTAMP + 1)
    peer.listen(kind, True)

    c = peer.bucket(kind)
    setting("net.ipv4.tcp_rfc1337", 1)
    peer.segment(c, "rst-ignored", 0, RST)
    setting("net.ipv4.tcp_rfc1337", 0)
    peer.kill(c)
    w.check(f"{kind}: an RST in turn with tcp_rfc1337, then without")


def segments_that_end(w, peer, kind):
    for what, decision, seq, tsval in (("a newer SYN", "syn-sequence", 5, TIMESTAMP),
                                       ("a SYN newer by its timestamp alone", "syn-timestamp", -5,
                                        TIMESTAMP + 1)):
        c = peer.bucket(kind)
        peer.segment(c, decision, seq, SYN, tsval)
        w.ended(c.at, "passive-syn", comm="python3")
        w.check(f"{kind}: {what} and a listener")
        peer.abort(c, seq)
    c = peer.bucket(kind, tsval=None)
    peer.segment(c, "syn-sequence", 1, SYN, None)
    w.ended(c.at, "passive-syn", comm="python3")
    w.check(f"{kind}: a newer SYN without timestamps")
    peer.abort(c, 1)


def segments_in_fin_wait2(w, peer, kind):
    def trial(what, decision, seq, flags, tsval=TIMESTAMP, payload=b"", ended=None):
        c = peer.bucket(kind, fin=False)
        peer.segment(c, decision, seq, flags, tsval, payload, substate="fin-wait2")
        if ended:
            w.ended(c.at, ended, "fin-wait2", "python3")
        else:
            peer.kill(c)
        w.check(f"{kind}: FIN_WAIT2: {what}")

    trial("data", "reset", 0, ACK, payload=b"more", ended="fin-wait2-data")
    trial("a SYN in the window", "reset", 5, SYN, ended="fin-wait2-data")
    trial("data and a FIN", "reset", 0, ACK | FIN, payload=b"more", ended="fin-wait2-data")
    trial("an RST", "rst", 0, RST, ended="rst")
    trial("an RST in the window", "rst", 7, RST, ended="rst")
    trial("a bare ACK", "ignored", 0, ACK)
    trial("a segment without ACK", "ignored", 0, 0, payload=b"?")
    trial("an old segment", "old-duplicate", -9, ACK)
    trial("an old RST", "old-duplicate", -9, RST)
    trial("an old SYN", "challenge-ack", -9, SYN)
    trial("an old timestamp", "paws-reject", 0, ACK, TIMESTAMP - 1)
    trial("a FIN with an old timestamp", "paws-reject", 0, ACK | FIN, TIMESTAMP - 1)
    setting("net.ipv4.tcp_rfc1337", 1)
    trial("an RST with tcp_rfc1337", "rst", 0, RST, ended="rst")
    setting("net.ipv4.tcp_rfc1337", 0)


def by_segments(w, kind):
    with in_new_netns(w):
        must("ip", "link", "set", "lo", "up")
        peer = Peer(w)
        segments_in_time_wait(w, peer, kind)
        segments_that_end(w, peer, kind)
        segments_in_fin_wait2(w, peer, kind)
        peer.close()


def active(w, local, kind):
    """connect() that looks for a port, of which there is one."""
    setting("net.ipv4.tcp_tw_reuse", 1)
    old = local.bucket(kind)
    without = local.bucket(kind, timestamps=False)
    w.check(f"{kind}: closed here, then there; with and without timestamps")
    fin_wait2 = local.bucket(kind, fin=False)
    w.check(f"{kind}: closed here, not there")
    time.sleep(1.1)

    setting("net.ipv4.tcp_tw_reuse", 0)
    local.refused(old, "refuse-disabled")
    w.check(f"{kind}: tcp_tw_reuse 0")
    setting("net.ipv4.tcp_tw_reuse", 1)
    local.refused(without, "refuse-no-timestamp")
    w.check(f"{kind}: no timestamps")
    if rules() == "seconds":
        local.reused(fin_wait2, "reuse", "active-reuse", "fin-wait2")
    else:
        local.refused(fin_wait2, "refuse-fin-wait2", "fin-wait2")
    w.check(f"{kind}: FIN_WAIT2, which {'counts not' if rules() == 'seconds' else 'is refused'}")
    local.reused(old, "reuse", "active-reuse")
    w.check(f"{kind}: reused")

    at_begin_of_second()
    young = local.bucket(kind)
    local.refused(young, "refuse-too-young")
    w.check(f"{kind}: too young")
    setting("net.ipv4.tcp_tw_reuse", 2)
    away = local.bucket(kind, loopback=False)
    here = local.bucket(kind)
    time.sleep(1.1)
    local.refused(away, "refuse-not-loopback")
    w.check(f"{kind}: tcp_tw_reuse 2, not loopback")
    local.reused(here, "reuse", "active-reuse")
    w.check(f"{kind}: tcp_tw_reuse 2, loopback")


def bound(w, local, kind):
    """connect() of a socket that has its port."""
    setting("net.ipv4.tcp_tw_reuse", 0)
    b = local.bucket(kind, bound=True)
    local.reused(b, "bound-reuse", "bound-reuse")
    w.check(f"{kind}: bound to the port")
    b = local.bucket(kind, bound=True, timestamps=False)
    local.refused(b, "bound-refuse-no-timestamp")
    w.check(f"{kind}: bound to the port, no timestamps")
    b = local.bucket(kind, bound=True, fin=False)
    local.reused(b, "bound-reuse", "bound-reuse", "fin-wait2")
    w.check(f"{kind}: bound to the port, FIN_WAIT2")


class Search:
    """A connect() that is refused at each port of a range is one event, if nobody traces."""

    LOW, N = 30001, 40

    def __init__(self, w, local):
        self.w, self.to = w, (LOOPBACK["IPv4"], local.PORT)
        for i in range(self.N):
            local.bucket("IPv4", timestamps=False, number=self.LOW + i)
        w.check(f"{self.N} buckets", timeout=10)
        setting("net.ipv4.ip_local_port_range", f"{self.LOW} {self.LOW + self.N - 1}")

    def refused(self, sock):
        return sock.connect_ex(self.to) == errno.EADDRNOTAVAIL

    def news(self):
        rows, _, self.w.cursor = self.w.events({"cursor": self.w.cursor, "all-netns": True})
        return [(r["pid"], r["comm"], r["count"]) for r in rows
                if r.get("decision") == "refuse-no-timestamp"]

    def are(self, wanted, what, deed):
        """Tried again, as an interrupt in between divides an event."""
        for _ in range(5):
            before = self.w.all_stats()[netns_inode()]
            who_did = deed()
            after = self.w.all_stats()[netns_inode()]
            moved = {name: after[name] - before[name] for name in after
                     if after[name] != before[name]}
            news = self.news()
            seen = [n for _, _, n in news]
            if seen == wanted:
                break
        equal(seen, wanted, what)
        equal(moved, {"decisions.refuse-no-timestamp": sum(wanted)}, "all of it is counted")
        equal([news[i][:2] for i in (0, -1)], [(pid, "python3") for pid in who_did],
              "it tells the process")

    def by_me(self, *socks):
        for sock in socks:
            if not self.refused(sock):
                raise RuntimeError("connect() was not refused")
        return os.getpid(), os.getpid()

    def by_new_ones(self):
        """Each closed before the next is made, so that they have the same memory, as a rule."""
        for _ in range(2):
            with socket.socket() as sock:
                self.by_me(sock)
        return os.getpid(), os.getpid()

    def by_others(self):
        pids = []
        for _ in range(2):
            pid = os.fork()
            if not pid:
                with socket.socket() as sock:
                    os._exit(not self.refused(sock))
            os.waitpid(pid, 0)
            pids.append(pid)
        return pids


def coalesced(w):
    with in_new_netns(w):
        local = Local(w)
        search = Search(w, local)
        n = search.N
        w.trace.switch(False)
        os.sched_setaffinity(0, {0})
        with socket.socket() as one:
            search.are([n], f"a connect() refused at {n} ports is one event",
                       lambda: search.by_me(one))
            search.are([n, n], "two of a socket are two", lambda: search.by_me(one, one))
        search.are([n, n], "those of two sockets one after the other are two", search.by_new_ones)
        search.are([n, n], "those of two processes are two", search.by_others)
        os.sched_setaffinity(0, range(os.cpu_count()))
        w.trace.switch(True)
        local.close()


def by_connect(w, kind):
    with in_new_netns(w):
        local = Local(w)
        active(w, local, kind)
        bound(w, local, kind)
        local.close()


def timers(w):
    """A FIN_WAIT2 is as long as the sysctl wants it."""
    with in_new_netns(w):
        setting("net.ipv4.tcp_fin_timeout", 2)
        local = Local(w)
        for b in [local.bucket(kind, fin=False) for kind in KINDS]:
            w.ended(b.at, "timer", "fin-wait2")
        w.check("FIN_WAIT2 ends by its timer", timeout=10, ordered=False)
        local.close()


def netns_exit(w, own_ehash=0):
    """The counts of a namespace that ends go to the sum over those that did."""
    what = "a namespace with an ehash of its own" if own_ehash else "a namespace"
    with in_new_netns(w, own_ehash):
        local, peer = Local(w), Peer(w)
        buckets = [local.bucket(kind).at for kind in KINDS[:-1]]
        last = local.bucket(KINDS[-1])
        buckets.append(last.at)
        minis = [peer.bucket(kind, fin=False).at for kind in KINDS]
        refused_everywhere(local, last)
        w.check(f"{what}: buckets")
        inside = w.all_stats()[netns_inode()]
        local.close()
        peer.close()
        w.start = lambda: None
    del w.start
    for name in set(inside) - {"missed"}:
        w.want_counter(0, name, inside[name])
    for substate, whose in (("time-wait", buckets), ("fin-wait2", minis)):
        for at in whose:
            w.ended(at, "netns-exit", substate, "kworker", netns=0)
    w.wanted = +w.wanted
    # The purge goes by hash chain.
    w.check(f"{what} ends", ordered=False)
    equal(w.present().get(0), 0, "none is present of those that ended")


def refused_everywhere(local, b):
    """What each processor saw last is a refusal, which must not be taken for the end's cause."""
    setting("net.ipv4.tcp_tw_reuse", 0)
    home = os.sched_getaffinity(0)
    for cpu in home:
        os.sched_setaffinity(0, {cpu})
        local.refused(b, "refuse-disabled")
    os.sched_setaffinity(0, home)


def netns_exit_with_own_ehash(w):
    netns_exit(w, 256)


def sock_destroy(w):
    with in_new_netns(w):
        local = Local(w)
        for kind in KINDS:
            for fin in (True, False):
                b = local.bucket(kind, fin=fin)
                result = ss_kill(b)
                if kernel() >= (6, 1):
                    w.ended(b.at, "sock-destroy", b.substate, "ss")
                w.check(f"{kind}: ss -K of {b.substate}" +
                        ("" if kernel() >= (6, 1) else ", which this kernel refuses"))
        note(f"ss said {result.stdout.strip()!r} {result.stderr.strip()!r}")
        if kernel() < (6, 1):
            after_refusal(w, local)
        local.close()


def ss_kill(b):
    return run("ss", "-K", "-tnH", "state", "all", "sport", "=", f":{b.at.local_port}",
               "dport", "=", f":{b.at.remote_port}")


def after_refusal(w, local):
    """What a refused SOCK_DESTROY asked for ends for another reason."""
    setting("net.ipv4.tcp_tw_reuse", 0)
    b = local.bucket("IPv4", bound=True)
    ss_kill(b)
    w.check("ss -K is refused")
    local.reused(b, "bound-reuse", "bound-reuse")
    w.check("and the bucket's end has the cause that it has")


def closed(w, local, kind, counter):
    """Both sides close, and there is no bucket."""
    client, server, at = local.pair(kind)
    with client, server:
        client.shutdown(socket.SHUT_WR)
        server.recv(1)
        server.shutdown(socket.SHUT_WR)
        wait_for_state(client, CLOSE)
    w.want_counter(at.netns, counter)


def overflow(w):
    with in_new_netns(w):
        local = Local(w)
        for i, kind in enumerate(KINDS):
            setting("net.ipv4.tcp_max_tw_buckets", 1000)
            local.bucket(kind)
            setting("net.ipv4.tcp_max_tw_buckets", i + 1)
            for n in (1, 2, 3):
                closed(w, local, kind, "overflow")
                w.check(f"{kind}: close {n} at the limit")
        local.close()


def put(path, value):
    with open(path, "w") as f:
        f.write(str(value))


def out_of_memory(w):
    """Only the debug kernel fails on demand."""
    caches = [f"/sys/kernel/slab/{name}/failslab" for name in ("tw_sock_TCP", "tw_sock_TCPv6")]
    if not os.path.isdir(FAILSLAB) or not all(map(os.path.exists, caches)):
        skip("no memory for a bucket", "this kernel cannot fail on demand")
        return
    for cache in caches:
        put(cache, 1)
    for name, value in (("cache-filter", "Y"), ("ignore-gfp-wait", "N"), ("verbose", 0),
                        ("interval", 1), ("space", 0), ("times", -1)):
        put(f"{FAILSLAB}/{name}", value)
    with in_new_netns(w):
        local = Local(w)
        for kind in KINDS:
            put(f"{FAILSLAB}/probability", 100)
            closed(w, local, kind, "out-of-memory")
            put(f"{FAILSLAB}/probability", 0)
            w.check(f"{kind}: no memory for a bucket")
        local.close()


def other(w):
    """Nothing in these kernels' modules ends a bucket otherwise but TPROXY."""
    if run("modprobe", "-q", "nft_tproxy").returncode and \
            run("modprobe", "-q", "xt_TPROXY").returncode:
        skip("cause other, by TPROXY", "the guest has neither nft_tproxy nor xt_TPROXY")
        return
    skip("cause other, by TPROXY", "the guest has no tool to make the rule")


def from_backlog():
    """
    FINs that come while a process reads from the socket: that process makes the buckets, from
    6.12 on with softirqs on. The debug kernel warns where the recorder does not like that.
    """
    home, netns = own_netns(), new_netns()
    must("ip", "link", "set", "lo", "up")
    o, buffer, closed, made = Observer(), bytearray(30000), threading.Event(), 40
    o.on()
    cursor = o.events({})[2]

    def read(client):
        while not closed.is_set():
            client.recv_into(buffer, len(buffer), socket.MSG_PEEK)

    with socket.create_server(("127.0.0.1", 7000)) as listener:
        for _ in range(made):
            client, server = socket.create_connection(("127.0.0.1", 7000)), listener.accept()[0]
            client.shutdown(socket.SHUT_WR)
            server.sendall(buffer)
            closed.clear()
            reader = threading.Thread(target=read, args=(client,))
            reader.start()
            time.sleep(0.01)
            server.close()
            time.sleep(0.01)
            closed.set()
            reader.join()
            client.close()
    rows = [e for e in o.events({"cursor": cursor})[0] if e["type"] == "created"]
    equal(len(rows), made, "buckets made while a process reads, each once")
    ok(any("pid" in row for row in rows), "some of them by that process, from the socket's backlog")
    o.off()
    enter_netns(home)
    os.close(netns)


def rules_unknown():
    """A module that is told that it does not know: decisions have no reason, ends have one."""
    must("rmmod", "twscope")
    must("modprobe", "twscope", "rules=unknown")
    w = Witness()
    with in_new_netns(w):
        setting("net.ipv4.tcp_tw_reuse", 0)
        local, peer = Local(w), Peer(w)
        b = local.bucket("IPv4", said="unknown")
        local.refused(b, "refuse-other")
        w.check("rules unknown: connect() is refused")
        b = local.bucket("IPv4", bound=True, timestamps=False, said="unknown")
        local.refused(b, "bound-refuse-other")
        w.check("rules unknown: connect() from the port is refused")
        b = local.bucket("IPv6", bound=True, said="unknown")
        local.reused(b, "bound-reuse", "bound-reuse")
        w.check("rules unknown: connect() from the port has it")
        setting("net.ipv4.tcp_invalid_ratelimit", 0)
        c = peer.bucket("IPv4", said="unknown")
        peer.segment(c, "unknown", -5, SYN)
        w.want_counter(c.at.netns, "answered")
        w.check("rules unknown: a SYN that is not newer")
        peer.close()
        local.close()
    w.stop()
    must("rmmod", "twscope")
    must("modprobe", "twscope")


def mismatches(w, local, what, deed):
    """What the kernel does otherwise than was said is counted, and as nothing else."""
    before, cpus = w.all_stats()[netns_inode()], os.sched_getaffinity(0)
    deed()
    # A refusal that was not foreseen is one as soon as something else happens on that processor.
    for cpu in cpus:
        os.sched_setaffinity(0, {cpu})
        local.bucket("IPv4")
    os.sched_setaffinity(0, cpus)
    moved = {name: n - before[name] for name, n in w.all_stats()[netns_inode()].items()
             if n != before[name] and name.startswith(("verdict-", "segment-"))}
    equal(moved, {"verdict-mismatch": 1}, f"rules of another kernel: {what}")


def rules_wrong():
    """A module that is told another kernel's rules finds out: what it said does not come true."""
    must("rmmod", "twscope")
    must("modprobe", "twscope", f"rules={WRONG_RULES[rules()]}")
    w = Witness()
    with in_new_netns(w):
        setting("net.ipv4.tcp_tw_reuse", 1)
        local = Local(w)
        b = local.bucket("IPv4", fin=False)
        time.sleep(1.1)
        if rules() == "seconds":
            mismatches(w, local, "a place is taken that was to be refused",
                       lambda: local.reused(b, "reuse", "active-reuse", "fin-wait2"))
        else:
            mismatches(w, local, "a place is refused that was to be had",
                       lambda: local.refused(b, "refuse-other", "fin-wait2"))
        if rules() == "entry-delay":
            setting("net.ipv4.tcp_tw_reuse_delay", 1)
            at_begin_of_second()
            b = local.bucket("IPv4")
            time.sleep(0.005)
            mismatches(w, local, "a place is taken that was said to be too young",
                       lambda: local.reused(b, "reuse", "active-reuse"))
        local.close()
    w.stop()
    must("rmmod", "twscope")
    must("modprobe", "twscope")


def debugfs(name):
    with open(f"/sys/kernel/debug/twscope/{name}") as f:
        return f.read()


def shown_stats():
    """Counters above 0 as debugfs shows them, by netns, those of the ended ones under 0."""
    stats, netns, prefix = {}, None, ""
    for line in debugfs("decisions").splitlines():
        words = line.split()
        if words[0] == "netns" or line.startswith("namespaces that ended"):
            netns = 0 if words[0] == "namespaces" else int(words[1])
        elif line.strip() in ("ended by", "decided"):
            prefix = {"ended": "ended.", "decided": "decisions."}[words[0]]
        elif line.startswith("    "):
            stats.setdefault(netns, {})[prefix + words[0]] = int(words[1])
    return stats


def same_in_debugfs(w):
    """What is shown to whoever has no tool is what the family tells."""
    told = {netns: {name: n for name, n in counters.items()
                    if n and name.startswith(("ended.", "decisions."))}
            for netns, counters in w.all_stats().items()}
    equal(shown_stats(), {netns: c for netns, c in told.items() if c}, "debugfs decisions")
    lines = [line.split() for line in debugfs("hooks").splitlines()[1:]]
    hooks = [[h["symbol"], h["mechanism"], str(h["hits"]), str(h["missed"])]
             for h in w.ynl.dump("hook-get", {})]
    equal(lines, hooks, "debugfs hooks")
    equal({h[0]: h[1] for h in hooks}, {h[0]: MECHANISM if h[0] != "tcp_oow_rate_limited" else
                                        "kretprobe" for h in hooks}, "by which mechanism")
    w.off()
    equal(debugfs("hooks"), "off\n", "debugfs hooks, while off")
    ok("observed" not in debugfs("decisions"), "debugfs decisions, while off")
    w.on()


def left_alone(w):
    """Buckets that nobody disturbs, in a namespace of their own."""
    home = own_netns()
    netns = new_netns()
    local = Local(w)
    w.start()
    buckets = [local.bucket(kind) for kind in KINDS]
    w.check("buckets that will be left alone")
    local.close()
    enter_netns(home)
    return netns, time.monotonic(), buckets


def run_out(w, left):
    netns, begin, buckets = left
    if time.monotonic() - begin > 58:
        raise RuntimeError("buckets were left alone for too long")
    w.start()
    for b in buckets:
        w.ended(b.at, "timer")
    note(f"{time.monotonic() - begin:.0f} s until here")
    w.check("TIME_WAIT runs out", timeout=70, ordered=False)
    same_in_debugfs(w)
    os.close(netns)


def main():
    sysctl("net.ipv4.tcp_syncookies", 0)
    w = Witness()
    parts = [(timers,), *((by_segments, kind) for kind in KINDS),
             *((by_connect, kind) for kind in KINDS), (coalesced,), (sock_destroy,), (overflow,),
             (out_of_memory,), (other,), (netns_exit,)]
    if kernel() >= (6, 1):
        parts.append((netns_exit_with_own_ehash,))
    left, longest = left_alone(w), 0
    for part, *args in parts:
        # On a slow kernel the minute is over before the parts are: no part may see its end.
        if left and time.monotonic() - left[1] + 2 * longest > 50:
            run_out(w, left)
            left = None
        begin = time.monotonic()
        part(w, *args)
        took = time.monotonic() - begin
        longest = max(longest, took)
        note(f"{' '.join([part.__name__, *args])}: {took:.1f} s")
    if left:
        run_out(w, left)
    w.stop()
    from_backlog()
    rules_unknown()
    rules_wrong()
    done()


main()
