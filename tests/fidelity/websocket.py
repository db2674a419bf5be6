"""WebSocket frames (RFC 6455 §5.2): written, and read without their masks, which a proxy draws anew."""

import struct


def frame(opcode: int, payload: bytes, *, mask: bytes = b"", end: bool = True) -> bytes:
    """One frame; clients give a `mask` of four bytes."""
    first = bytes([opcode | (0x80 if end else 0)])
    masked = 0x80 if mask else 0
    if len(payload) < 126:
        size = bytes([masked | len(payload)])
    else:
        size = bytes([masked | 126]) + struct.pack("!H", len(payload))
    return first + size + mask + (_masked(payload, mask) if mask else payload)


def unmasked(data: bytes) -> bytes:
    """The same whole frames (shorter than 64 KB) with a mask of zeros."""
    plain = b""
    while data:
        short, start = data[1] & 0x7F, 2
        if short == 126:
            short, start = struct.unpack("!H", data[2:4])[0], 4
        mask = data[start : start + 4] if data[1] & 0x80 else b""
        payload = data[start + len(mask) : start + len(mask) + short]
        plain += data[:start] + bytes(len(mask)) + (_masked(payload, mask) if mask else payload)
        data = data[start + len(mask) + short :]
    return plain


def _masked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))
