# SPDX-License-Identifier: BSD-3-Clause
"""Who owns the VIP, as seen on the wire. Two programs, run inside the lab's namespaces:

`python3 -m warrenlab.recorder watch` in the switch listens on the ports of both warrens and prints
JSON lines, times being the kernel's receive time on CLOCK_MONOTONIC in seconds:
    advert   port (a or b), t, priority
    owner    port, first, last, count: answers for the VIP (ARP replies) that came from this port
             without one from the other in between; printed when the owner changes, and each second
             as it stands so far
`python3 -m warrenlab.recorder probe VIP` on the client asks for the VIP's MAC every 2 ms, by
broadcast.
"""

import ctypes
import errno
import json
import select
import socket
import struct
import sys
import time

from .lab import CLIENT_ADDRESS, VIP

ETH_P_ALL = 0x0003
SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
PROBE_INTERVAL_S = 0.002

# Classic BPF: pass ARP, and IPv4 of protocol 112; the data traffic never reaches this process.
_FILTER = (
    (0x28, 0, 0, 12),        # load the Ethernet type
    (0x15, 3, 0, 0x0806),    # ARP: pass
    (0x15, 0, 3, 0x0800),    # not IPv4: drop
    (0x30, 0, 0, 23),        # load the protocol
    (0x15, 0, 1, 112),       # not VRRP: drop
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)


def open_port(interface):
    """A packet socket that sees adverts and ARP arriving on one port of the switch."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    code = b"".join(struct.pack("HBBI", *word) for word in _FILTER)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_FILTER), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind((interface, ETH_P_ALL))
    return sock


def receive(sock):
    """(frame, monotonic time) of the next frame, None for one that the switch itself sent, or that is none."""
    try:
        frame, ancillary, _, address = sock.recvmsg(256, 64)
    except OSError as error:    # told once after the port went down; it keeps listening
        if error.errno != errno.ENETDOWN:
            raise
        return None
    if address[2] == socket.PACKET_OUTGOING:
        return None
    age = 0.0
    for _, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            age = time.time() - (seconds + nanoseconds / 1e9)
    return frame, time.monotonic() - age


class Watch:
    """Turns frames into events."""

    def __init__(self):
        self.run = None
        self.shown = 0.0

    def emit(self, event, **fields):
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()

    def on_frame(self, port, frame, now):
        kind = struct.unpack_from("!H", frame, 12)[0]
        if kind == 0x0800:
            header = 14 + (frame[14] & 15) * 4
            self.emit("advert", port=port, t=now, priority=frame[header + 2])
        elif kind == 0x0806 and frame[20:22] == b"\0\2" and frame[28:32] == socket.inet_aton(VIP):
            self.on_answer(port, now)

    def on_answer(self, port, now):
        if self.run and self.run["port"] == port:
            self.run["last"] = now
            self.run["count"] += 1
        else:
            self.show_owner()
            self.run = {"port": port, "first": now, "last": now, "count": 1}
            self.show_owner()

    def show_owner(self):
        if self.run:
            self.emit("owner", **self.run)
        self.shown = time.monotonic()

    def loop(self):
        sockets = {open_port(f"warren{letter}"): letter for letter in "ab"}
        while True:
            ready, _, _ = select.select(list(sockets), [], [], 1)
            # Frames that wait on both ports are taken in the order in which they came.
            frames = [(sockets[sock], receive(sock)) for sock in ready]
            for port, (frame, now) in sorted(((p, f) for p, f in frames if f), key=lambda item: item[1][1]):
                self.on_frame(port, frame, now)
            if time.monotonic() - self.shown > 1:
                self.show_owner()


def probe(vip):
    """Broadcasts ARP requests for the VIP until killed."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind(("eth0", 0))
    mac = sock.getsockname()[4]
    request = struct.pack(
        "!6s6sHHHBBH6s4s6s4s", b"\xff" * 6, mac, 0x0806, 1, 0x0800, 6, 4, 1,
        mac, socket.inet_aton(CLIENT_ADDRESS), b"\0" * 6, socket.inet_aton(vip))
    while True:
        sock.send(request)
        time.sleep(PROBE_INTERVAL_S)


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        Watch().loop()
    else:
        probe(sys.argv[2])
