#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""twctl top on a real terminal, which is tmux': keys are sent, and the screen is read.

What it shows is compared with what the other commands say of the same; and whatever ends it, the
terminal is what it was.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from tap import done, equal, kernel, make_buckets, must, note, ok, run, skip, sysctl, twctl

# The destinations; the first has all ports of the range, the others some of them.
SOURCE, FULL, OTHER = "10.0.0.5", "10.1.2.3", "10.1.2.4"
FIRST, PORTS, SOME, SIX = 20000, 100, 7, 5
PATIENCE = 30
# Clock ticks in ten seconds, of 1,000: what a screen a second may cost in an emulated machine.
TICKS, WATCHED_S = 100, 10


def ask_tmux(*args):
    """It answers at once, or never: that shall not be waited for in silence."""
    try:
        return run("tmux", "-L", "top", "-f", "/dev/null", *args, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        ok(False, f"tmux {args[0]} answers")
        return done()


def tmux(*args):
    """What it prints."""
    return ask_tmux(*args).stdout


def begin_session(*args):
    """A server that was told to end sends away who comes while it does."""
    for _ in range(PATIENCE * 10):
        result = ask_tmux("new-session", *args)
        if not result.returncode and not ask_tmux("has-session").returncode:
            return
        time.sleep(0.1)
    ok(False, "tmux begins a session", result)
    done()


class Screen:
    """A shell in tmux, and twctl top in it."""

    def __init__(self, *args, cols=80, rows=24, env=""):
        tmux("kill-server")
        # A shell that goes on where what it waits for died of an interrupt.
        with open("/tmp/script", "w") as f:
            f.write("trap : INT\nstty -a >/tmp/before\n"
                    f"env LC_ALL=C.UTF-8 {env} twctl top {' '.join(args)}\n"
                    "echo status=$?\nstty -a >/tmp/after\necho ended\nsleep 1000\n")
        begin_session("-d", "-x", str(cols), "-y", str(rows), "bash /tmp/script")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        tmux("kill-server")

    def send(self, *keys):
        tmux("send-keys", *keys)

    def type(self, text):
        tmux("send-keys", "-l", text)

    def text(self, colors=False):
        return tmux("capture-pane", "-p", *(("-e",) if colors else ()))

    def size(self, cols, rows):
        tmux("resize-window", "-x", str(cols), "-y", str(rows))

    def pid(self):
        """Of twctl, which is the newest of that name."""
        return int(must("pgrep", "-n", "-x", "twctl"))

    def shows(self, *words, without=()):
        """Waits until all of the words are on it, and returns it; None where they never are."""
        for _ in range(PATIENCE * 10):
            text = self.text()
            if all(w in text for w in words) and not any(w in text for w in without):
                return text
            time.sleep(0.1)
        return None

    def check(self, what, *words, without=()):
        seen = self.shows(*words, without=without)
        ok(seen is not None, what, f"wanted {words}, not {without}\n{self.text()}")
        return seen or ""

    def ends(self, what, status):
        """That it has ended so, and the terminal is what it was."""
        self.check(f"{what}: ends with {status}", f"status={status}", "ended")
        equal(settings("/tmp/after"), settings("/tmp/before"),
              f"{what}: the terminal is as it was")


def settings(path):
    """What stty said, but for the size, which may have changed meanwhile."""
    with open(path) as f:
        return re.sub(r"rows \d+; columns \d+; ", "", f.read())


class Traffic(threading.Thread):
    """Connections to one destination, so many a second, until it is stopped."""

    def __init__(self, address, port, rate):
        super().__init__(daemon=True)
        self.address, self.port, self.gap, self.stopping = address, port, 1 / rate, False
        self.listener = socket.create_server((address, port), backlog=64)
        self.start()

    def run(self):
        while not self.stopping:
            with socket.socket() as client:
                client.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
                client.bind((SOURCE, 0))
                try:
                    client.connect((self.address, self.port))
                except OSError:
                    time.sleep(self.gap)
                    continue
                server = self.listener.accept()[0]
            server.recv(1)
            server.close()
            time.sleep(self.gap)

    def stop(self):
        self.stopping = True
        self.join()
        self.listener.close()


def prepare():
    sysctl("net.ipv4.tcp_tw_reuse", 0)
    for address in SOURCE, FULL, OTHER:
        must("ip", "address", "add", f"{address}/32", "dev", "lo")


def fill(number):
    """Buckets at a range of their own: whatever is left of the one before is not in it."""
    first = FIRST + 1000 * number
    sysctl("net.ipv4.ip_local_port_range", f"{first} {first + PORTS - 1}")
    make_buckets("-n", PORTS, "-l", SOURCE, "-r", FULL, "-p", 443)
    make_buckets("-n", SOME, "-l", SOURCE, "-r", OTHER, "-p", 5432)
    make_buckets("-n", SIX, "-r", "::1", "-p", 8080)


def row_of(text, destination):
    return next((line for line in text.splitlines() if destination in line), "")


def exhausted():
    with Screen() as screen:
        text = screen.check("a destination out of ports is shown", f"{FULL}:443", "exhausted",
                            f"{OTHER}:5432", "[::1]:8080")
        ok("100.0 %" in row_of(text, f"{FULL}:443") and "  7.0 %" in row_of(text, f"{OTHER}:5432"),
           "with what it takes, and what another does", text)
        ok(text.index(f"{FULL}:443") < text.index(f"{OTHER}:5432") < text.index("[::1]:8080"),
           "those that hold most come first", text)
        ok(row_of(text, FULL).startswith(">"), "the first one is selected", text)
        compare(text)
        drill_down(screen)
        refilter(screen)
        screen.send("q")
        screen.ends("q", 0)
        ok("destinations" not in screen.text(), "and the screen is that of before", screen.text())


def compare(text):
    """With what pressure says of the same."""
    for d in twctl("pressure", "--top", "0")["destinations"]:
        ends = f"[{d['remote']}]:{d['remote_port']}" if ":" in d["remote"] else \
            f"{d['remote']}:{d['remote_port']}"
        words = row_of(text, ends).lstrip(">█▉▊▋▌▍▎▏░ ").split()
        equal(words[:1] + words[2:3], [f"{100 * (1 - d['available'] / d['ports']):.1f}",
                                       str(d["available"])],
              f"{ends}: taken and available as in pressure")


def drill_down(screen):
    screen.send("Enter")
    text = screen.check("Enter: the buckets of it", f"{SOURCE} -> {FULL}:443",
                        f"{PORTS} buckets by end", "disabled", "exhausted: connect() fails")
    port = re.search(rf"^>.*{SOURCE}:(\d+)", text, re.M)
    ok(port, "one of them is selected", text)
    screen.send("Enter")
    text = screen.check("Enter again: what the kernel asks of it",
                        f"{SOURCE}:{port and port.group(1)} -> {FULL}:443",
                        "by the rules of this kernel")
    same = must("twctl", "explain", f"{SOURCE}:{port and port.group(1)}", f"{FULL}:443")
    lines = [line for line in same.splitlines() if "port-search" in line or "substate" in line]
    ok(lines and all(line in text for line in lines), "in the words of explain",
       f"{lines}\n{text}")
    screen.send("End")
    screen.check("and its end is scrolled to", same.splitlines()[-1].strip()[:60])
    screen.send("Escape")
    screen.check("Esc: back to the buckets", f"{PORTS} buckets by end")
    screen.send("q")
    screen.check("q: back to the destinations", "destinations, by ports held")
    screen.send("j", "j", "Enter")
    screen.check("one of IPv6, too", f"{SIX} buckets by end", "-> [::1]:8080")
    screen.send("q")
    screen.check("and back", "destinations, by ports held")


def refilter(screen):
    screen.send("/")
    screen.type("dport = :nosuch")
    screen.send("Enter")
    text = screen.check("a wrong filter: why", "expected a port", "^~~~~~")
    lines = text.splitlines()
    typed = next(i for i, line in enumerate(lines) if "dport = :nosuch" in line)
    equal(lines[typed + 1].index("^"), lines[typed].index("nosuch"), "and where, below it")
    ok("; filter:" not in text, "none is in force", text)
    screen.send(*["BSpace"] * len("nosuch"))
    screen.type("5432")
    screen.send("Enter")
    text = screen.check("one that is right", "filter: dport = :5432", f"{OTHER}:5432",
                        without=(FULL,))
    ok("1 destination," in text, "the list is of what passes", text)
    screen.send("Enter")
    screen.check("and so are the buckets", f"{SOME} buckets by end; filter: dport = :5432")
    screen.send("q", "/", "C-u", "Enter")
    screen.check("an empty one is none", FULL, without=("filter:",))


def orders():
    with Screen() as screen:
        screen.check("by ports held", "by ports held")
        for name in "rate", "outlook", "address", "ports held":
            screen.send("s")
            screen.check(f"s: by {name}", f"by {name}")
        screen.send("h")
        screen.check("h: the keys", "Ctrl-U clears it")
        screen.send("q", "+")
        screen.check("+: a longer interval", "every 2 s")
        screen.send("-", "-")
        screen.check("-: a shorter one", "every 500 ms")
        screen.send("C-c")
        screen.ends("Ctrl-C", 130)


def sizes():
    with Screen(cols=200, rows=50) as screen:
        screen.check("200x50: there is room for all of a line", f"{FULL}:443 from {SOURCE}",
                     "every 1 s")
        screen.size(80, 24)
        screen.check("80x24", "SUSTAIN", f"{FULL}:443")
        screen.size(60, 15)
        screen.check("60x15: less of it", f"{FULL}:443", without=("SUSTAIN",))
        screen.size(50, 10)
        screen.check("50x10: says what it needs", "50x10 is too small", "60x15 are needed")
        screen.size(120, 30)
        screen.check("120x30", "SUSTAIN", f"{FULL}:443 from {SOURCE}", without=("too small",))
        os.kill(screen.pid(), signal.SIGTERM)
        screen.ends("SIGTERM", 143)


def terminals():
    for env, color in (("TERM=vt100", False), ("TERM=screen-256color", True),
                       ("TERM=screen-256color NO_COLOR=1", False), ("TERM=tmux", True)):
        with Screen(env=env) as screen:
            screen.check(f"{env}: shown", f"{FULL}:443", "█")
            escapes = re.findall(r"\x1b\[[0-9;]*m", screen.text(colors=True))
            equal(any(re.search(r"[\[;]3[126][;m]", e) for e in escapes), color,
                  f"{env}: {'' if color else 'no '}colours")
            screen.send("Down", "Up", "Enter")
            screen.check(f"{env}: keys", "buckets by end")
            screen.send("q", "q")
            screen.ends(env, 0)
    with Screen(env="LC_ALL=C") as screen:
        text = screen.check("LC_ALL=C: shown", f"{FULL}:443", "[####")
        ok(text.isascii(), "in ASCII", text)
    with Screen(env="TERM=dumb") as screen:
        screen.check("TERM=dumb: refused in words", "cannot draw on this terminal", "status=1")


def module_gone():
    with Screen() as screen:
        screen.check("before", f"{FULL}:443")
        # It asks once a second, and whoever asks in this moment keeps it from going.
        for _ in range(50):
            result = run("rmmod", "twscope")
            if not result.returncode:
                break
            time.sleep(0.1)
        ok(result.returncode == 0, "it does not keep the module from being removed", result)
        text = screen.check("the module is removed: says so", "module is not loaded")
        ok(f"{FULL}:443" in text, "what was known stays", text)
        screen.send("Enter", "q", "h")
        screen.check("keys go on to work", "Ctrl-U clears it")
        screen.send("q")
        must("modprobe", "twscope")
        screen.check("it is there again: goes on", f"{FULL}:443", without=("not loaded",))
        screen.send("q")
        screen.ends("after that", 0)


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


def wakeups(pid):
    with open(f"/proc/{pid}/status") as f:
        return sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)


def costs():
    with Screen() as screen:
        screen.check("before", "every 1 s")
        pid = screen.pid()
        # A guest counts as a process' own what its processor was not given meanwhile.
        for _ in range(3):
            before = cpu_ticks(pid)
            time.sleep(WATCHED_S)
            took = cpu_ticks(pid) - before
            note(f"{took} ticks of 10 ms in {WATCHED_S} s")
            if took <= TICKS:
                break
        ok(took <= TICKS, "it costs little", took)
        screen.send("p")
        screen.check("p: pauses", "PAUSED")
        time.sleep(0.5)
        before = wakeups(pid), cpu_ticks(pid)
        time.sleep(3)
        equal((wakeups(pid), cpu_ticks(pid)), before, "and then it sleeps")
        tmux("kill-server")
        for _ in range(50):
            if not os.path.exists(f"/proc/{pid}"):
                break
            time.sleep(0.1)
        ok(not os.path.exists(f"/proc/{pid}"), "without its terminal it ends")


def observing():
    if kernel() < (5, 10):
        skip("what is observed", "no hooks")
        return
    must("twctl", "observe", "on")
    # Ports for minutes: a slow screen would else come when they are gone, and nothing is created.
    sysctl("net.ipv4.ip_local_port_range", "30000 31999")
    traffic = Traffic(OTHER, 8001, 10)
    try:
        with Screen("-i", "2") as screen:
            screen.check("what is observed is shown", "observed  created ", "ended/s   timer ")
            for _ in range(PATIENCE):
                text = screen.text()
                if any(float(m) > 0 for m in re.findall(r"created ([\d.]+)/s", text)):
                    break
                time.sleep(1)
            ok(any(float(m) > 0 for m in re.findall(r"created ([\d.]+)/s", text)), "by the second", text)
    finally:
        traffic.stop()
        must("twctl", "observe", "off")


def all_namespaces():
    must("ip", "netns", "add", "web")
    must("ip", "-n", "web", "link", "set", "lo", "up")
    # Ports that bind() chose.
    make_buckets("-n", 20, "-s", 33000, netns="web")
    with Screen("-A", cols=140) as screen:
        screen.check("-A: each with its name", "network namespaces", "(web)",
                     "bind() to 127.0.0.1 netns")
        screen.send("/")
        screen.type("src 127.0.0.1")
        screen.send("Enter")
        screen.check("its pool alone", "1 destination,", "filter: src 127.0.0.1")
        screen.send("Enter")
        screen.check("and its buckets", "bind() to 127.0.0.1, whatever the destination",
                     "20 buckets by end", "bind-blocked")
        screen.send("Enter")
        screen.check("and one of them", "in network namespace", "(web)", "port-search")
    must("ip", "netns", "del", "web")


def picture():
    """For README: a client that runs out of ports, as it is seen half a minute before."""
    sysctl("net.ipv4.ip_local_port_range", "32768 33767")
    loads = [Traffic(FULL, 443, 60), Traffic(OTHER, 5432, 12)]
    time.sleep(15)
    with Screen() as screen:
        text = screen.check("a picture", " in ", f"{OTHER}:5432")
    for load in loads:
        load.stop()
    for line in text.rstrip().splitlines():
        note(line)


def main():
    prepare()
    for i, part in enumerate((exhausted, orders, sizes, terminals, module_gone, costs, observing)):
        fill(i)
        part()
    all_namespaces()
    if "picture" in sys.argv:
        picture()
    done()


main()
