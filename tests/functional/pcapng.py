# SPDX-License-Identifier: BSD-3-Clause
"""Reads a pcapng file as its draft describes it (draft-ietf-opsawg-pcapng), and Ethernet frames of TCP and ICMP in it."""

import ipaddress
import struct
from collections import namedtuple

# way: "in", "out". seen: source, source port, destination, destination port, TCP flags, payload; None: not TCP.
Packet = namedtuple("Packet", "interface way id comment time frame bytes seen")
Segment = namedtuple("Segment", "source source_port destination destination_port flags payload")
SECTION, INTERFACE, STATISTICS, PACKET = 0x0A0D0D0A, 1, 5, 6
WAYS = {1: "in", 2: "out"}


def options(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from("<HH", data, at)
        if code == 0:
            break
        found[code] = data[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    return found


def blocks(data):
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0 and size == struct.unpack_from("<I", data, at + size - 4)[0], f"block at {at}"
        yield kind, data[at + 8:at + size - 4]
        at += size


def segment(frame):
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800:
        header, protocol = (frame[14] & 15) * 4, frame[23]
        source, destination = frame[26:30], frame[30:34]
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
    elif kind == 0x86DD:
        header, protocol = 40, frame[20]
        source, destination = frame[22:38], frame[38:54]
        end = 54 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return None
    if protocol != 6:
        return None
    tcp = 14 + header
    ports = struct.unpack_from("!HH", frame, tcp)
    payload = frame[tcp + (frame[tcp + 12] >> 4) * 4:end]
    names = "".join(name for bit, name in enumerate("FSRPA") if frame[tcp + 13] >> bit & 1)
    return Segment(str(ipaddress.ip_address(source)), ports[0], str(ipaddress.ip_address(destination)), ports[1], names, payload)


def read(path):
    """The packets of a file, and how many copies were lost (None: the file has no end)."""
    interfaces, packets, lost = [], [], None
    for kind, body in blocks(path.read_bytes()):
        if kind == SECTION:
            assert body[:4] == b"\x4d\x3c\x2b\x1a", body[:4]
        elif kind == INTERFACE:
            assert body[:2] == b"\x01\x00" and options(body[8:])[9] == b"\x09", "Ethernet, in nanoseconds"
            interfaces.append(options(body[8:])[2].decode())
        elif kind == STATISTICS:
            lost = (lost or 0) + struct.unpack("<Q", options(body[12:])[5])[0]
        elif kind == PACKET:
            number, high, low, kept, whole = struct.unpack_from("<IIIII", body)
            said = options(body[20 + (kept + 3) // 4 * 4:])
            frame = body[20:20 + kept]
            packets.append(Packet(interfaces[number], WAYS[struct.unpack("<I", said[2])[0]], struct.unpack("<Q", said[5])[0],
                                  said[1].decode(), (high << 32 | low) / 1e9, frame, whole, segment(frame)))
    return packets, lost
