# SPDX-License-Identifier: GPL-2.0
"""deferred.py FAMILY COMMAND ATTRIBUTE READER: a dump that someone else reads first.

Run by scope.py without privilege. The receive buffer is full when the request is sent, so the
kernel puts the dump off until somebody reads; that is READER, a setuid program whose stdin is the
socket. Prints in JSON how many messages came, and which attributes of them.
"""

import json
import socket
import struct
import subprocess
import sys

NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 2, 3
INFO_GET = 1
family, command, attribute = map(int, sys.argv[1:4])
reader = sys.argv[4]


def message(cmd, flags, payload=b""):
    body = struct.pack("=BBH", cmd, 1, 0) + payload
    return struct.pack("=IHHII", len(body) + 16, family, NLM_F_REQUEST | flags, 7, 0) + body


def messages(data):
    while len(data) >= 16:
        size, kind = struct.unpack_from("=IH", data)
        yield kind, data[16:size]
        data = data[(size + 3) & ~3:]


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF
        data = data[(size + 3) & ~3:]


sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
for _ in range(20):
    sock.sendto(message(INFO_GET, 0), (0, 0))
sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
flag = struct.pack("=HH", 4, attribute) if attribute else b""
sock.sendto(message(command, NLM_F_DUMP, flag), (0, 0))
sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 200000)
subprocess.run([reader, "-c", "1"], stdin=sock.fileno(), stdout=subprocess.DEVNULL, check=True)

sock.settimeout(2)
rows, seen, error = 0, set(), None
while error is None:
    try:
        data = sock.recv(1 << 17)
    except OSError:
        break
    for kind, body in messages(data):
        if kind in (NLMSG_ERROR, NLMSG_DONE):
            error = struct.unpack_from("=i", body)[0]
        elif body[0] == command:
            rows += 1
            seen |= set(attributes(body[4:]))
print(json.dumps({"rows": rows, "attributes": sorted(seen), "error": error}))
