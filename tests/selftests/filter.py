#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the kernel makes of a filter, against a second evaluation of the same filter.

Random filters of the whole grammar are asked of twctl, and of a few lines of Python
that know the rows but nothing of clauses, prefixes in 128 bits or netlink.
"""

import ipaddress
import json
import random
import socket
import sys
import time

from tap import (TWGEN, FinWait2, done, key, make_buckets, must, note, ok, run, sysctl, twctl)

FILTERS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
SEED = int("".join(sys.argv[2:]) or random.SystemRandom().randrange(1 << 32))
OWN_ADDRESS = "198.51.100.7"
LO = socket.if_nametoindex("lo")
VERDICTS = ("unknown", "reusable", "too-young", "disabled", "not-loopback", "fin-wait2",
            "no-timestamp", "bind-blocked", "not-searched")
# Milliseconds: jiffies round, and a bucket near its end may be gone by then.
SLACK, NEAR_END = 20, 3000

rng = random.Random(SEED)


def make(fin_wait2_port):
    """Some of each sort; what keeps the peers of FIN_WAIT2 open is returned."""
    make_buckets("-n", 40)
    make_buckets("-n", 30, "-r", "::1", "-p", 8001, "-m", "0x2a")
    make_buckets("-n", 20, "-r", "::ffff:127.0.0.1", "-p", 8002)
    make_buckets("-n", 20, "-r", "127.1.2.3", "-l", "127.9.8.7", "-p", 443, "-m", "0x12")
    make_buckets("-n", 15, "-r", OWN_ADDRESS, "-p", 8443)
    make_buckets("-n", 15, "-p", 8004, "-d", "lo", "-m", "2")
    # Bound ports, within the range of connect() and below: up to one that is taken.
    run(TWGEN, "-n", "15", "-p", "8005", "-s", str(rng.randrange(40000, 60000)))
    run(TWGEN, "-n", "10", "-p", "8006", "-s", str(rng.randrange(10000, 30000)))
    sysctl("net.ipv4.tcp_timestamps", 0)
    make_buckets("-n", 15, "-p", 8007)
    sysctl("net.ipv4.tcp_timestamps", 1)
    held = FinWait2(20, "-p", fin_wait2_port)
    # No verdict changes any more when these are old enough to be reused.
    time.sleep(1.5)
    return held


def holds(row, side, prefix):
    """As the kernel does: an IPv4 prefix matches IPv4-mapped buckets too."""
    address, prefix = ipaddress.ip_address(row[side]), ipaddress.ip_network(prefix)
    if prefix.version == 4 and address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version == prefix.version and address in prefix


# A filter is its text and a function of a row and of the milliseconds that may have
# passed since it was read; that returns None where the answer depends on them.

SPELLINGS = {"=": ("=", "==", "eq", ""), "!=": ("!=", "ne", "neq"), "<": ("<", "lt"),
             ">": (">", "gt"), "<=": ("<=", "le", "leq"), ">=": (">=", "ge", "geq")}
COMPARE = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
           ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


def condition(name, op, value, predicate):
    return f"{name} {rng.choice(SPELLINGS[op])} {value}", predicate


def equality(name, value, predicate):
    op = rng.choice(("=", "!="))
    return condition(name, op, value, lambda row, _: predicate(row) == (op == "="))


def port(rows):
    name, side = rng.choice((("sport", "local_port"), ("dport", "remote_port")))
    value = min(65535, rng.choice(rows)[side] + rng.choice((-1, 0, 0, 1)))
    op = rng.choice([op for op in COMPARE if not (op == ">" and value == 65535)])
    return condition(name, op, f"{rng.choice(('', ':', '*:'))}{value}",
                     lambda row, _: COMPARE[op](row[side], value))


def host(rows):
    name, side = rng.choice((("src", "local"), ("dst", "remote")))
    row = rng.choice(rows)
    address = ipaddress.ip_address(row[side])
    if address.version == 6 and address.ipv4_mapped and rng.random() < 0.5:
        address = address.ipv4_mapped
    bits = rng.choice((address.max_prefixlen, rng.randrange(address.max_prefixlen + 1)))
    prefix = ipaddress.ip_network((address, bits), strict=False)
    text = f"[{address}]/{bits}" if address.version == 6 else f"{address}/{bits}"
    if rng.random() < 0.7:
        return equality(name, text, lambda r: holds(r, side, prefix))
    number = rng.choice(rows)[f"{side}_port"]
    return equality(name, f"{text}:{number}",
                    lambda r: holds(r, side, prefix) and r[f"{side}_port"] == number)


def family(_):
    name = rng.choice(("inet", "inet6"))
    text = rng.choice((name, {"inet": "ipv4", "inet6": "ipv6"}[name]))
    return equality("family", text, lambda row: row["family"] == name)


def substate(_):
    name = rng.choice(("time-wait", "fin-wait2"))
    return equality(rng.choice(("substate", "state")), name, lambda row: row["substate"] == name)


def verdict(rows):
    name = rng.choice((rng.choice(VERDICTS), rng.choice(rows)["verdict"]))
    return equality("verdict", name, lambda row: row["verdict"] == name)


def device(_):
    text, index = rng.choice((("lo", LO), (str(LO), LO), ("0", 0), ("77", 77)))
    return equality("dev", text, lambda row: row["ifindex"] == index)


def mark(rows):
    mask = rng.choice((0xffffffff, rng.getrandbits(6)))
    value = rng.choice((rng.choice(rows)["mark"], rng.getrandbits(6))) & mask
    text = f"{value:#x}" if mask == 0xffffffff else f"{value}/{mask:#x}"
    return equality("fwmark", text, lambda row: row["mark"] & mask == value)


def span(name, rows, earlier, later):
    """A condition on a time that was ms, and is from ms - earlier to ms + later by now."""
    of = {"remaining": "remaining_ms", "age": "age_ms"}[name]
    value = max(1, rng.choice(rows)[of] + rng.randrange(-2000, 2000))
    op = rng.choice(("<", "<=", ">", ">="))
    text = rng.choice((f"{value}ms", f"{value // 1000}.{value % 1000:03}s"))

    def predicate(row, passed):
        low = row[of] - SLACK - passed * earlier
        high = row[of] + SLACK + passed * later
        seen = {COMPARE[op](low, value), COMPARE[op](high, value)}
        return seen.pop() if len(seen) == 1 else None
    return condition(name, op, text, predicate)


def remaining(rows):
    return span("remaining", rows, 1, 0)


def age(rows):
    return span("age", rows, 0, 1)


def negation(a):
    def predicate(row, passed):
        v = a[1](row, passed)
        return None if v is None else not v
    return f"{rng.choice(('not ', '! ', '!'))}( {a[0]} )", predicate


def junction(a, b, word, decides):
    """AND where False decides, OR where True does; undecided where nothing else does."""
    def predicate(row, passed):
        seen = a[1](row, passed), b[1](row, passed)
        if decides in seen:
            return decides
        return None if None in seen else not decides
    return f"({a[0]}) {word} ({b[0]})", predicate


def any_filter(rows, kinds, depth):
    if not depth or rng.random() < 0.15:
        return rng.choice(kinds)(rows)
    a = any_filter(rows, kinds, depth - 1)
    choice = rng.randrange(5)
    if choice == 0:
        return negation(a)
    b = any_filter(rows, kinds, depth - 1)
    if choice < 3:
        return junction(a, b, rng.choice(("and", "&", "&&", "")), False)
    return junction(a, b, rng.choice(("or", "|", "||")), True)


class Tally:
    filters = refused = empty = rows = passed = undecided = 0


def answer(words):
    """The rows that twctl lets pass, and what it says where it refuses to ask."""
    result = run("twctl", "-j", "list", words)
    return json.loads(result.stdout) if not result.returncode else None, result.stderr


def judge(kinds, tally, begin, rows):
    """One random filter of rows that were read at begin; what is wrong with it, or None."""
    words, predicate = any_filter(rows, kinds, rng.randrange(5))
    seen, error = answer(words)
    ask_summary = seen is not None and rng.random() < 0.3
    summary = twctl("summary", words)["total"] if ask_summary else None
    passed = (time.monotonic() - begin) * 1000
    if seen is None and "takes at most 64" in error:
        tally.refused += 1
        return None
    if seen is None and "can match nothing" not in error:
        return f"{words}\n{error}"
    all_of_them = len(rows)
    rows = {key(r): predicate(r, passed) for r in rows if r["remaining_ms"] > NEAR_END + passed}
    wanted = {k for k, v in rows.items() if v}
    unknown = {k for k, v in rows.items() if v is None}
    got = {key(r) for r in seen or ()}
    tally.filters += 1
    tally.empty += seen is None
    tally.rows += len(rows)
    tally.passed += len(wanted)
    tally.undecided += len(unknown)
    missing, extra = wanted - got, (got & set(rows)) - wanted - unknown
    if missing or extra:
        return f"{words}\nmissing {list(missing)[:3]}\ntoo many {list(extra)[:3]}"
    near_end = all_of_them - len(rows)
    if summary is not None and not len(wanted) <= summary <= len(wanted) + len(unknown) + near_end:
        return f"{words}\nsummary {summary}, rows {len(wanted)} to {len(got)}"
    return None


def random_filters(kinds):
    tally, wrong, held, made = Tally(), [], [], -100
    note(f"seed {SEED}, {FILTERS} filters")
    while tally.filters < FILTERS and len(wrong) < 3:
        if time.monotonic() - made > 25:
            held.append(make(8100 + len(held)))
            made = time.monotonic()
        begin = time.monotonic()
        rows = twctl("list")
        wrong += filter(None, (judge(kinds, tally, begin, rows) for _ in range(3)))
    ok(not wrong, f"{tally.filters} random filters let pass what Python lets pass, and the "
       "summary counts it", f"seed {SEED}\n" + "\n".join(wrong))
    note(f"{tally.rows} rows judged, {tally.passed} of them passed, {tally.undecided} undecided; "
         f"{tally.empty} filters that match nothing, {tally.refused} of more than 64 terms")
    ok(tally.undecided * 10 < tally.rows, "few of them hung on what time it was", vars(tally))
    ok(tally.passed * 10 > tally.rows > tally.passed, "filters let some pass and others not")
    for process in held:
        process.__exit__()


def fixed_filters():
    """Cases by name, so that a failure says what it is."""
    # The guest is too small to have the package that brings the names.
    with open("/etc/services", "w") as f:
        f.write("https 443/tcp\n")
    text = must("twctl", "summary", "dport", "=", ":443")
    ok("buckets   20 pass the filter" in text and "WARNING" not in text,
       "text: a filtered summary", text)
    rows = twctl("list")
    cases = [
        ("-4", lambda r: r["family"] == "inet"),
        ("-6", lambda r: r["family"] == "inet6"),
        ("substate fin-wait2", lambda r: r["substate"] == "fin-wait2"),
        ("not substate fin-wait2", lambda r: r["substate"] == "time-wait"),
        ("dport = :8001", lambda r: r["remote_port"] == 8001),
        ("dport != :8001", lambda r: r["remote_port"] != 8001),
        ("dport ge :8002", lambda r: r["remote_port"] >= 8002),
        ("dport > 8001 and dport < 8003", lambda r: 8001 < r["remote_port"] < 8003),
        ("sport lt 40000", lambda r: r["local_port"] < 40000),
        ("dport = :https", lambda r: r["remote_port"] == 443),
        ("src 127.9.0.0/16", lambda r: holds(r, "local", "127.9.0.0/16")),
        ("dst 127.0.0.1", lambda r: holds(r, "remote", "127.0.0.1/32")),
        ("dst 127.0.0.0/8", lambda r: holds(r, "remote", "127.0.0.0/8")),
        ("not dst 127.0.0.1", lambda r: not holds(r, "remote", "127.0.0.1/32")),
        ("dst [::1]", lambda r: r["remote"] == "::1"),
        ("dst [::]/0", lambda r: r["family"] == "inet6"),
        ("dst [::ffff:0:0]/96", lambda r: r["remote"].startswith("::ffff:")),
        ("dst 0.0.0.0/0", lambda r: r["remote"] != "::1"),
        ("dst 127.1.2.3:443", lambda r: (r["remote"], r["remote_port"]) == ("127.1.2.3", 443)),
        ("( dport = :443 or dst [::1] ) and sport gt 1024",
         lambda r: r["remote_port"] == 443 or r["remote"] == "::1"),
        ("not ( dport = :443 or dst [::1] )",
         lambda r: r["remote_port"] != 443 and r["remote"] != "::1"),
        ("dport = :1", lambda r: False),
        ("verdict = no-timestamp", lambda r: r["verdict"] == "no-timestamp"),
        ("fwmark 0x2/0x3", lambda r: r["mark"] & 3 == 2),
        ("dev lo", lambda r: r["ifindex"] == LO),
        ("dev != 0", lambda r: r["ifindex"] != 0),
        ("remaining > 1h", lambda r: False),
    ]
    for words, predicate in cases:
        for _ in range(10):
            seen = {key(r) for r in twctl("list", *words.split())}
            wanted = {key(r) for r in rows if predicate(r)}
            if seen == wanted:
                break
            # On a slow guest the first ones end meanwhile.
            rows = twctl("list")
        ok(rows and seen == wanted, f"filter: {words} ({len(wanted)} of {len(rows)})",
           f"missing {list(wanted - seen)[:3]}\ntoo many {list(seen - wanted)[:3]}")


def refused(words, says, what, *prefix):
    result = run(*prefix, "twctl", *words)
    ok(result.returncode == 1 and says in result.stderr, what, result)


def refusals(rows):
    """What the module says to a filter that it will not take reaches who typed it."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    refused(("list", "fwmark 7"), "needs CAP_NET_ADMIN", "a mark is for CAP_NET_ADMIN", *nobody)
    refused(("summary", "fwmark 7"), "needs CAP_NET_ADMIN", "also to count by", *nobody)
    if "age_ms" not in rows[0]:
        refused(("list", "age < 5s"), "keep no time of entry", "this kernel keeps no age")
    must("twctl", "observe", "on")
    for words in ("verdict = reusable", "remaining < 5s", "fwmark 7", "dev lo"):
        refused(("monitor", "--last", "1s", words), "event", f"events know nothing of {words}")
    must("twctl", "observe", "off")


sysctl("net.ipv4.tcp_tw_reuse", 1)
sysctl("net.ipv4.tcp_max_tw_buckets", 100000)
must("ip", "addr", "add", OWN_ADDRESS + "/32", "dev", "lo")
with make(8003):
    fixed_filters()
    all_rows = twctl("list")
    refusals(all_rows)
all_kinds = [port, port, host, host, family, substate, verdict, device, mark, remaining]
random_filters(all_kinds + [age] * ("age_ms" in all_rows[0]))
done()
