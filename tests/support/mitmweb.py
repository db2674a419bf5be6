"""A real mitmweb process, as users run it, on loopback: `Mitmweb`."""

import contextlib
import socket
import sys
from pathlib import Path
from typing import Any

from tests.support.proxy import Proxy

MITMWEB = Path(sys.executable).with_name("mitmweb")
PASSWORD = "a password of the test's"


class Mitmweb(Proxy):
    """As `Proxy`, with a web interface: `url` opens it, with its password."""

    def __init__(self, *modes: str, **more: Any) -> None:
        super().__init__(*modes, **more)
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
            self.web_port: int = listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Where its interface is."""
        return f"http://127.0.0.1:{self.web_port}/?token={PASSWORD.replace(' ', '%20')}"

    def command(self) -> list[str]:
        """The command line, complete."""
        web = ["--no-web-open-browser", "--web-host", "127.0.0.1", "--web-port", str(self.web_port)]
        return [str(MITMWEB), *super().command()[1:], *web, "--set", f"web_password={PASSWORD}"]

    def _listens(self) -> bool:
        return super()._listens() and "Web server listening" in self.log()
