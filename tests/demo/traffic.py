# SPDX-License-Identifier: GPL-2.0
"""Short connections to servers of its own; the client closes first.

  traffic.py N ADDRESS:PORT [bind | open]

bind: each client's port comes from bind(); open: the server does not close.
"""

import socket
import sys
import threading
import time


def serve(listening, left_open):
    while True:
        sock = listening.accept()[0]
        if left_open is not None:
            left_open.append(sock)
            continue
        sock.recv(1)
        sock.close()


def main():
    count, (address, port) = int(sys.argv[1]), sys.argv[2].rsplit(":", 1)
    how = sys.argv[3] if len(sys.argv) > 3 else ""
    listening = socket.create_server((address, int(port)), backlog=4096)
    left_open = [] if how == "open" else None
    threading.Thread(target=serve, args=(listening, left_open), daemon=True).start()
    for i in range(count):
        with socket.socket() as sock:
            if how == "bind":
                sock.bind((address, 0))
            try:
                sock.connect((address, int(port)))
            except OSError as error:
                print(f"connection {i + 1}: {error.strerror}")
                break
    time.sleep(0.3)
    if how == "open":
        sys.stdin.read()


main()
