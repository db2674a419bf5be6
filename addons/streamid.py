"""The front door: `mitmdump -s addons/streamid.py`.

mitmproxy loads this file by its path, so it puts its own checkout on `sys.path`: it works uninstalled,
from any folder, through a symlink, and with spaces in the path. Nothing imports it.
"""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from addons.front_door import StreamidFrontDoor  # noqa: E402 -- needs the path above

addons = [StreamidFrontDoor()]
