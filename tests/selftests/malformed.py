#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Requests that no client of ours would send: the right errno, a text, and it goes on working."""

import errno
import os
import socket
import struct

import yaml

from tap import HERE, done, equal, make_buckets, ok, sysctl, twctl

NETLINK_GENERIC, SOL_NETLINK = 16, 270
NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 10, 11, 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLMSGERR_ATTR_MSG = 1
NESTED = 0x8000
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
INFO_GET, SUMMARY_GET, BUCKET_GET, PORT_GET, GROUP_GET = 1, 2, 3, 4, 10
FILTER, ALL_NETNS, TERM = 1, 2, 1
(NOT, FAMILY, SUBSTATE, LOCAL, LOCAL_PREFIX_LEN, REMOTE, REMOTE_PREFIX_LEN,
 LOCAL_PORT_MIN, LOCAL_PORT_MAX, REMOTE_PORT_MIN, REMOTE_PORT_MAX) = range(1, 12)


def attr(kind, payload=b"", length=None):
    data = struct.pack("=HH", len(payload) + 4 if length is None else length, kind) + payload
    return data + b"\0" * (-len(data) % 4)


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def clause(*terms):
    return attr(FILTER | NESTED, b"".join(attr(TERM | NESTED, t) for t in terms))


def nest(kind, payload):
    return attr(kind | NESTED, payload)


def numbers_of_the_spec():
    with open(os.path.join(HERE, "twscope.yaml")) as f:
        sets = yaml.safe_load(f)["attribute-sets"]
    return {s["name"]: {a["name"]: i for i, a in enumerate(s["attributes"], 1)} for s in sets}


numbers = numbers_of_the_spec()


class Netlink:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK):
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.sock.settimeout(20)
        self.seq = 0
        self.family = self.resolve()

    def send(self, family, command, payload, flags, length=None, header=None):
        self.seq += 1
        genl = struct.pack("=BBH", command, 1, 0) if header is None else header
        body = genl + payload
        self.sock.send(struct.pack("=IHHII", len(body) + 16 if length is None else length, family,
                                   flags | NLM_F_REQUEST, self.seq, 0) + body)

    def receive(self):
        """(errno, text, messages) of the answer to what was sent last."""
        messages = 0
        while True:
            data = self.sock.recv(1 << 17)
            while len(data) >= 16:
                size, kind, flags, seq, _ = struct.unpack("=IHHII", data[:16])
                body, data = data[16:size], data[(size + 3) & ~3:]
                if seq != self.seq:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    error = -struct.unpack("=i", body[:4])[0] if len(body) >= 4 else 0
                    skip = 4 if kind == NLMSG_DONE else 20
                    if kind == NLMSG_ERROR and not flags & NLM_F_CAPPED and error:
                        skip = 4 + ((struct.unpack("=I", body[4:8])[0] + 3) & ~3)
                    return error, self.text(body[skip:] if flags & NLM_F_ACK_TLVS else b""), messages
                messages += 1
                self.last = body

    @staticmethod
    def text(data):
        while len(data) >= 4:
            size, kind = struct.unpack("=HH", data[:4])
            if kind == NLMSGERR_ATTR_MSG:
                return data[4:size].rstrip(b"\0").decode()
            data = data[(size + 3) & ~3:]
        return ""

    def resolve(self):
        self.send(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attr(CTRL_ATTR_FAMILY_NAME, b"twscope\0"),
                  NLM_F_ACK)
        self.receive()
        data = self.last[4:]
        while data:
            size, kind = struct.unpack("=HH", data[:4])
            if kind == CTRL_ATTR_FAMILY_ID:
                return struct.unpack("=H", data[4:6])[0]
            data = data[(size + 3) & ~3:]
        return None

    def ask(self, command, payload=b"", dump=False, **how):
        self.send(self.family, command, payload, NLM_F_DUMP if dump else NLM_F_ACK, **how)
        return self.receive()


nl = Netlink()
VALID = clause(u32(REMOTE_PORT_MIN, 8000) + u32(REMOTE_PORT_MAX, 8000))


def refused(what, error, command, payload=b"", dump=False, text=None, **how):
    """The errno, and words that say what was wrong (text None: any words)."""
    seen, words, messages = nl.ask(command, payload, dump, **how)
    ok(seen == error and messages == 0 and words and (text or "") in words,
       f"{what}: {errno.errorcode[error]}, \"{words}\"",
       f"errno {errno.errorcode.get(seen, seen)}, text \"{words}\", {messages} messages")


def still_working():
    seen, _, messages = nl.ask(BUCKET_GET, VALID, dump=True)
    equal((seen, messages), (0, 25), "and it goes on working")


def bucket(what, error, payload, text=None):
    refused(what, error, BUCKET_GET, payload, True, text)


def main():
    bucket("unknown attribute", errno.EINVAL, attr(99, b"1234"))
    bucket("attribute of a reply in a request", errno.EINVAL, u32(6, 1))
    bucket("unknown attribute in a term", errno.EINVAL, clause(attr(77, b"1234")))
    bucket("unknown attribute in a clause", errno.EINVAL, attr(FILTER | NESTED, attr(9, b"1234")))
    bucket("port of one byte", errno.EINVAL, clause(attr(LOCAL_PORT_MIN, b"1")))
    bucket("port of eight bytes", errno.EINVAL, clause(attr(LOCAL_PORT_MIN, b"12345678")))
    bucket("port 65536", errno.ERANGE, clause(u32(LOCAL_PORT_MIN, 65536)), "65535")
    bucket("highest port 65536", errno.ERANGE, clause(u32(REMOTE_PORT_MAX, 65536)), "65535")
    bucket("flag with content", errno.ERANGE, attr(ALL_NETNS, b"1234"))
    bucket("nest without its flag", errno.EINVAL, attr(FILTER, attr(TERM | NESTED, b"")))
    bucket("address of three bytes", errno.EINVAL, clause(attr(LOCAL, b"123")), "4 bytes")
    bucket("address of five bytes", errno.EINVAL, clause(attr(REMOTE, b"12345")), "4 bytes")
    bucket("empty address", errno.EINVAL, clause(attr(LOCAL)), "4 bytes")
    bucket("IPv4 prefix of 33", errno.ERANGE,
           clause(attr(LOCAL, b"\x7f\0\0\1") + u32(LOCAL_PREFIX_LEN, 33)), "at most 32")
    bucket("IPv6 prefix of 129", errno.ERANGE,
           clause(attr(REMOTE, bytes(16)) + u32(REMOTE_PREFIX_LEN, 129)))
    bucket("prefix length without an address", errno.EINVAL,
           clause(u32(LOCAL_PREFIX_LEN, 8)), "address")
    bucket("port range upside down", errno.ERANGE,
           clause(u32(LOCAL_PORT_MIN, 10) + u32(LOCAL_PORT_MAX, 9)), "upside down")
    term = numbers["term"]
    bucket("time left upside down", errno.ERANGE,
           clause(u32(term["remaining-min-ms"], 10) + u32(term["remaining-max-ms"], 9)), "upside down")
    if "entry-stamp" in twctl("info")["features"]:
        bucket("age upside down", errno.ERANGE,
               clause(u32(term["age-min-ms"], 10) + u32(term["age-max-ms"], 9)), "upside down")
    else:
        bucket("age, of which nothing is known", errno.EOPNOTSUPP, clause(u32(term["age-max-ms"], 9)),
               "no time of entry")
    bucket("mask without a mark", errno.EINVAL, clause(u32(term["mark-mask"], 1)), "needs the mark")
    bucket("unknown family", errno.EAFNOSUPPORT, clause(u32(FAMILY, 7)), "AF_INET")
    bucket("unknown substate", errno.ERANGE, clause(u32(SUBSTATE, 1)))
    bucket("term without a condition", errno.EINVAL, clause(attr(NOT)), "exactly one")
    bucket("term with two conditions", errno.EINVAL,
           clause(u32(FAMILY, 2) + u32(SUBSTATE, 6)), "exactly one")
    bucket("clause without a term", errno.EINVAL, attr(FILTER | NESTED), "at least one")
    bucket("65 terms", errno.E2BIG, clause(*[u32(FAMILY, 2)] * 65), "64")
    bucket("65 clauses", errno.E2BIG, clause(u32(FAMILY, 2)) * 65, "64")
    bucket("attribute longer than the message", errno.EINVAL, attr(FILTER | NESTED, b"1234", 400))
    bucket("attribute shorter than its head", errno.EINVAL, attr(FILTER | NESTED, b"", 2))
    refused("info-get with an attribute", errno.EINVAL, INFO_GET, attr(5, b"1234"))
    refused("summary-get with an attribute", errno.EINVAL, SUMMARY_GET, attr(1, b"1234"))
    refused("summary-get dump with an attribute", errno.EINVAL, SUMMARY_GET, attr(3, b"1234"), True)

    policy, syn = numbers["bucket"]["policy"], numbers["bucket"]["syn"]
    bucket("policy: tcp_tw_reuse 3", errno.ERANGE, nest(policy, u32(1, 3)))
    bucket("policy: unknown attribute", errno.EINVAL, nest(policy, u32(9, 1)))
    bucket("policy: sysctl of two bytes", errno.EINVAL, nest(policy, attr(1, b"12")))
    bucket("SYN without a sequence number", errno.EINVAL, nest(syn, u32(2, 1)), "sequence number")
    bucket("SYN of nothing", errno.EINVAL, nest(syn, b""), "sequence number")
    bucket("explain with content", errno.ERANGE, u32(numbers["bucket"]["explain"], 1))
    refused("summary-get with a wrong policy", errno.ERANGE, SUMMARY_GET,
            nest(numbers["summary"]["policy"], u32(1, 3)))
    refused("summary-get with a wrong filter", errno.EINVAL, SUMMARY_GET,
            nest(numbers["summary"]["filter"], b""), text="at least one")
    refused("port-get of nothing", errno.EINVAL, PORT_GET, text="source")
    refused("port-get with an unknown attribute", errno.EINVAL, PORT_GET, attr(99, b"1234"))
    refused("port-get with an address of three bytes", errno.EINVAL, PORT_GET,
            attr(numbers["port"]["local"], b"123") + attr(numbers["port"]["remote"], b"1234"),
            text="4 bytes")

    ports()
    groups()

    # These never reach us: the core of generic netlink answers, some without words.
    for what, error, command, dump, how in (
            ("unknown command", errno.EOPNOTSUPP, 99, False, {}),
            ("do of what can only be dumped", errno.EOPNOTSUPP, BUCKET_GET, False, {}),
            ("do of groups", errno.EOPNOTSUPP, GROUP_GET, False, {}),
            ("dump of what can only be done", errno.EOPNOTSUPP, INFO_GET, True, {}),
            ("message without the generic header", errno.EINVAL, 0, False, {"header": b"\1\0"})):
        seen, _, messages = nl.ask(command, dump=dump, **how)
        equal((seen, messages), (error, 0), f"{what}: {errno.errorcode[error]}")

    # A length that is no length gets no answer at all; the next request does.
    nl.send(nl.family, SUMMARY_GET, b"", NLM_F_ACK, length=8)
    nl.send(nl.family, SUMMARY_GET, b"", NLM_F_ACK, length=4000)
    still_working()


def ports():
    n = numbers["port"]
    local, remote = (attr(n[name], b"\x7f\0\0\1") for name in ("local", "remote"))
    route = local + remote + u32(n["remote-port"], 8000)

    def port(what, error, payload, text):
        refused(f"port-get: {what}", error, PORT_GET, payload, text=text)

    port("IPv4 to IPv6", errno.EINVAL, local + attr(n["remote"], bytes(16)) + u32(n["remote-port"], 1),
         "one family")
    port("no destination port", errno.EINVAL, local + remote, "destination port")
    for number in 0, 65536:
        port(f"destination port {number}", errno.ERANGE, local + remote + u32(n["remote-port"], number),
             "65535")
    port("a device that is none", errno.ENODEV, route + u32(n["ifindex"], 99999), "no device")
    for number in 0, 257:
        port(f"{number} cells", errno.ERANGE, route + u32(n["cells"], number), "256")
    seen, _, messages = nl.ask(PORT_GET, route + u32(n["ifindex"], 1))
    equal((seen, messages), (0, 1), "port-get: by device, the right way")


def groups():
    n = numbers["group"]
    keys = u32(n["keys"], 16)

    def group(what, error, payload, text=None):
        refused(f"group-get: {what}", error, GROUP_GET, payload, dump=True, text=text)

    group("without keys", errno.EINVAL, b"", "by what to group")
    group("by no key", errno.EINVAL, u32(n["keys"], 0), "by what to group")
    group("by an unknown key", errno.EINVAL, u32(n["keys"], 1 << 10))
    group("by keys of two bytes", errno.EINVAL, attr(n["keys"], b"12"))
    group("by an unknown key beside others", errno.EINVAL, u32(n["keys"], (1 << 31) | 16))
    for side in ("local", "remote"):
        for family, length in (("ipv4", 33), ("ipv6", 129), ("ipv4", 288)):
            group(f"{side}, {length} bits of {family}", errno.ERANGE,
                  keys + u32(n[f"{side}-prefix-len-{family}"], length))
    group("sort 3", errno.ERANGE, keys + u32(n["sort"], 3))
    group("sort 9", errno.ERANGE, keys + u32(n["sort"], 9))
    group("limit of a byte", errno.EINVAL, keys + attr(n["limit"], b"1"))
    group("count-ports with content", errno.ERANGE, keys + u32(n["count-ports"], 1))
    group("what belongs to an answer", errno.EINVAL, keys + u32(n["total"], 1))
    group("unknown attribute", errno.EINVAL, keys + u32(99, 1))
    group("wrong policy", errno.ERANGE, keys + nest(n["policy"], u32(1, 3)))
    group("wrong filter", errno.EINVAL, keys + nest(n["filter"], b""), "at least one")
    seen, _, messages = nl.ask(GROUP_GET, keys + u32(n["limit"], (1 << 32) - 1), dump=True)
    equal((seen, messages), (0, 2), "group-get: the largest limit: the totals and the one group")


sysctl("net.ipv4.tcp_tw_reuse", 0)
make_buckets("-n", 25)
still_working()
main()
equal(twctl("summary")["total"], 25, "twctl works after all that")
done()
