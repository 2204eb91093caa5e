# SPDX-License-Identifier: GPL-2.0
"""A client that opens a connection for each request and closes it first, as many proxies do."""

import errno
import socket
import sys

done = 0
for _ in range(int(sys.argv[1])):
    with socket.socket() as s:
        try:
            s.connect(("127.0.0.1", 80))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            print(f"request {done + 1}: connect: {error.strerror}")
            sys.exit(1)
        s.sendall(b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n")
        s.recv(4096)
    done += 1
print(f"{done} requests answered")
