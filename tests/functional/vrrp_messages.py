# SPDX-License-Identifier: BSD-3-Clause
"""VRRP packets byte by byte, right and wrong: RFC 3768 5.1, RFC 9568 5.1, RFC 2338 5.3.6.3. Knows nothing of the code under test."""

import hashlib
import hmac
import ipaddress
import struct

from lan import checksum

VRRP, AH = 112, 51


def packed(address):
    return ipaddress.ip_address(address).packed


def with_sum(message, pseudo, off_by=0):
    total = (checksum(pseudo + message) + off_by) & 0xFFFF
    return message[:6] + struct.pack("!H", total) + message[8:]


def v2(vrid, priority, addresses, interval=1, auth=0, data=b"", version=2, kind=1, count=None, trailer=True, off_by=0):
    body = struct.pack("!BBBBBBH", version << 4 | kind, vrid, priority, len(addresses) if count is None else count, auth, interval, 0)
    body += b"".join(packed(a) for a in addresses) + (data[:8].ljust(8, b"\0") if trailer else b"")
    return with_sum(body, b"", off_by)


def v3(vrid, priority, addresses, source, target, centiseconds=20, pseudo=True, version=3, kind=1, count=None, reserved=0,
       off_by=0):
    body = struct.pack("!BBBBHH", version << 4 | kind, vrid, priority, len(addresses) if count is None else count,
                       reserved << 12 | centiseconds, 0)
    body += b"".join(packed(a) for a in addresses)
    head = packed(source) + packed(target)
    head += struct.pack("!BBH", 0, VRRP, len(body)) if len(head) == 8 else struct.pack("!II", len(body), VRRP)
    return with_sum(body, head if pseudo else b"", off_by)


def ip(source, target, payload, ttl=255, protocol=VRRP):
    """IPv4 or IPv6, by the addresses."""
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28 | 0xC0 << 20, len(payload), protocol, ttl) + packed(source) + packed(target) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(payload), 0, 0, ttl, protocol, 0) + packed(source) + packed(target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def sealed(source, target, message, sequence, key, ttl_in_icv=0, spoil=False):
    """The message behind an authentication header; ttl_in_icv: 0 by RFC 2402, 255 as keepalived does for multicast."""
    def header(icv):
        return struct.pack("!BBH4sI", VRRP, 4, 0, packed(source), sequence) + icv
    packet = bytearray(ip(source, target, header(bytes(12)) + message, protocol=AH))
    packet[1] = packet[10] = packet[11] = 0
    packet[8] = ttl_in_icv
    icv = hmac.new(key, bytes(packet), hashlib.md5).digest()[:12]
    if spoil:
        icv = bytes([icv[0] ^ 1]) + icv[1:]
    return ip(source, target, header(icv) + message, protocol=AH)
