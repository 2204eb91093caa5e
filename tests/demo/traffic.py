# SPDX-License-Identifier: GPL-2.0
"""Short connections to servers of its own; the client closes first.

  traffic.py N ADDRESS:PORT [bind | open | steady SECONDS]

bind: each client's port comes from bind(); open: the server does not close; steady: N a second, and told
is from when on connect() fails, or works.
"""

import socket
import sys
import threading
import time


class Server:
    def __init__(self, address, port, left_open):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listening = socket.create_server((address, port), family=family, backlog=4096)
        self.left_open = [] if left_open else None
        self.served = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            sock = self.listening.accept()[0]
            if self.left_open is None:
                sock.recv(1)
                sock.close()
            else:
                self.left_open.append(sock)
            self.served += 1

    def wait_for(self, count):
        """Else those that were not accepted end in an RST, with us."""
        for _ in range(100):
            if self.served == count:
                return
            time.sleep(0.1)


def connect(to, bind):
    """Opens and closes one; the error, if there is one."""
    family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
    with socket.socket(family) as sock:
        try:
            if bind:
                sock.bind((to[0], 0))
            sock.connect(to)
        except OSError as error:
            return error.strerror
    return None


def steady(to, each_second, seconds):
    begin, before = time.monotonic(), ""
    for i in range(each_second * seconds):
        time.sleep(max(begin + i / each_second - time.monotonic(), 0))
        error = connect(to, False) or "works"
        if error != before:
            print(f"after {time.monotonic() - begin:4.1f} s  connect(): {error}", flush=True)
        before = error


def main():
    count, (address, port) = int(sys.argv[1]), sys.argv[2].rsplit(":", 1)
    how = sys.argv[3] if len(sys.argv) > 3 else ""
    to = (address.strip("[]"), int(port))
    server = Server(*to, how == "open")
    if how == "steady":
        steady(to, count, int(sys.argv[4]))
        return
    made = 0
    while made < count:
        error = connect(to, how == "bind")
        if error:
            print(f"connection {made + 1}: {error}")
            break
        made += 1
    server.wait_for(made)
    time.sleep(0.3)
    if how == "open":
        sys.stdin.read()


main()
