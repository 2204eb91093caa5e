# SPDX-License-Identifier: GPL-2.0
"""What a peer may send to a bucket: its FIN again, a late segment, a SYN, an RST. What is seen of each is shown.

Runs in a VM, with tests/selftests in PYTHONPATH: the peer is in user space, behind a TUN device.
"""

import socket
import subprocess
import time

from peer import ACK, FIN, RST, SYN, Connection, Tun

SERVER = 8443


def show(command):
    print(f"\n# {command}", flush=True)
    subprocess.run(command, shell=True, check=False)


def deed(text):
    print(f"\n# {text}", flush=True)


def answer_to(connection, flags):
    """What the host says to it, in words, and not what it said before."""
    while connection.tun.receive(0):
        pass
    connection.send(flags)
    reply = connection.tun.receive(1)
    names = [name for name, bit in (("SYN", SYN), ("ACK", ACK), ("RST", RST)) if reply and reply["flags"] & bit]
    print("the host answers with", "+".join(names) or "nothing")


class Service:
    """On the host; it closes first, so the buckets are the server's."""

    def __init__(self, tun):
        self.tun = tun
        self.listening = socket.create_server((Tun.HOST[4], SERVER))

    def closed(self, port, tsval, seq=1000):
        c = Connection(self.tun, 4, port, SERVER, seq, tsval)
        c.open()
        self.listening.accept()[0].close()
        c.close(with_fin=True)
        time.sleep(0.2)
        return c


def buckets():
    show(f"twctl -n list sport = :{SERVER}")


def segments():
    show("twctl stats | sed -n '/^segments/,$p'")


def judged(syn):
    """What twctl says of it beforehand."""
    show(f"twctl explain {Tun.HOST[4]}:{SERVER} {Tun.PEER[4]}:{syn.port} --syn {syn.seq},{syn.tsval} "
         "| sed -n '/^this SYN/,$p'")


def last_ack_lost(service):
    print("\n== the last ACK is lost")
    c = service.closed(40000, tsval=1000)
    time.sleep(3)
    buckets()
    deed("the peer has not seen the host's last ACK, and sends its FIN again")
    c.seq -= 1
    answer_to(c, FIN | ACK)
    buckets()
    segments()


def late_segment(service):
    print("\n== a segment of the old connection wanders in late")
    c = service.closed(40001, tsval=1000)
    late = Connection(service.tun, 4, 40001, SERVER, c.seq - 500, tsval=900)
    late.ack, late.tsecr = c.ack, c.tsecr
    deed("500 bytes before the end, with an older timestamp")
    answer_to(late, ACK)
    buckets()
    segments()


def behind_nat(service):
    print("\n== clients behind one NAT address, whose clocks differ")
    c = service.closed(40002, tsval=1_000_000)
    deed("another client, whose TSval is 500, comes from another port")
    other = Connection(service.tun, 4, 40003, SERVER, 5000, tsval=500)
    answer_to(other, SYN)
    other.ack = 0
    other.seq += 1
    other.send(RST)
    deed("NAT gives such a client the very port of the bucket")
    again = Connection(service.tun, 4, 40002, SERVER, c.seq - 100, tsval=500)
    judged(again)
    answer_to(again, SYN)
    deed("and one whose TSval is newer than the last one seen")
    newer = Connection(service.tun, 4, 40002, SERVER, 77, tsval=1_000_001)
    judged(newer)
    answer_to(newer, SYN)
    buckets()
    segments()


def assassination(service):
    print("\n== an RST to a bucket (RFC 1337)")
    for number, value in enumerate((0, 1)):
        c = service.closed(40010 + number, tsval=1000)
        show(f"sysctl -w net.ipv4.tcp_rfc1337={value}")
        deed(f"an RST with the next sequence number, to the bucket of port {c.port}")
        c.send(RST)
        time.sleep(0.2)
        show(f"twctl -n list sport = :{SERVER} and dport = :{c.port}")
    show("twctl stats")
    show(f"twctl monitor --last 60s sport = :{SERVER} | cut -c1-118")
    show("sysctl -w net.ipv4.tcp_rfc1337=0")


def main():
    service = Service(Tun())
    show("twctl observe on")
    for scene in (last_ack_lost, late_segment, behind_nat, assassination):
        scene(service)
    show("twctl observe off")


main()
