"""Loaded before the front door: file permissions count for this process, even if root runs it.

Gives up CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)) where the process has them. Threads
made later inherit that.
"""

import ctypes

_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2

_libc = ctypes.CDLL(None, use_errno=True)
_header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
_sets = (ctypes.c_uint32 * 6)()
"""Effective, permitted and inheritable capabilities: the lower 32 of each, then the upper ones."""

if _libc.capget(_header, _sets):
    raise OSError(ctypes.get_errno(), "capget")
for number in range(3):
    _sets[number] &= ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
if _libc.capset(_header, _sets):
    raise OSError(ctypes.get_errno(), "capset")
