# SPDX-License-Identifier: GPL-2.0
"""Has the kernel track connections."""

import socket
import struct

from tap import must


def attribute(kind, payload):
    payload = payload.encode() + b"\0" if isinstance(payload, str) else payload
    return struct.pack("HH", 4 + len(payload), kind) + payload + b"\0" * (-len(payload) % 4)


def be32(value):
    return struct.pack("!I", value)


def nft_message(kind, body=b"", flags=0, resource=0):
    body = struct.pack("!BBH", 1, 0, resource) + body
    return struct.pack("IHHII", 16 + len(body), kind, 1 | flags, 0, 0) + body


def track_connections():
    """nft add rule inet t c ct state: what makes the kernel track them. There is no nft here, so
    this is the message itself, in the numbers of linux/netfilter/nf_tables.h."""
    must("modprobe", "-q", "-a", "nf_tables", "nft_ct", "nf_conntrack")
    hook = attribute(0x8004, attribute(1, be32(3)) + attribute(2, be32(0)))
    ct = attribute(0x8001, attribute(1, "ct")
                   + attribute(0x8002, attribute(1, be32(8)) + attribute(2, be32(0))))
    nft, create = 10 << 8, 0x400
    batch = nft_message(0x10, resource=10)
    batch += nft_message(nft, attribute(1, "t"), create)
    batch += nft_message(nft | 3, attribute(1, "t") + attribute(3, "c") + hook
                         + attribute(7, "filter"), create)
    batch += nft_message(nft | 6, attribute(1, "t") + attribute(2, "c") + attribute(0x8004, ct),
                         create | 4)
    batch += nft_message(0x11, resource=10)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as sock:
        sock.send(batch)
