"""Put our taps into every HTTP layer that mitmproxy makes."""

import asyncio

from mitmproxy import connection, ctx
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer

from addons.faulted_stream import FaultedStream
from addons.injector import Injector
from addons.playback import StreamidPlayback
from addons.run import Run
from addons.tapped_stream import tap_layer

UPSTREAM_CONNECTIONS = 100
"""Connections to one upstream for one client connection (mitmproxy: 5, at which HTTP/2 streams stall)."""


class StreamidTapping:
    """Decides nothing: mitmproxy chooses the layers, and each HTTP layer then makes tapped streams."""

    def __init__(self, run: Run, injector: Injector, playback: StreamidPlayback) -> None:
        self._run = run
        self._injector = injector
        self._playback = playback

    def client_connected(self, client: connection.Client) -> None:
        """Let one HTTP/2 client have many HTTP/1.1 upstream connections."""
        handler = ctx.master.addons.get("proxyserver").connections.get(client.id)
        if handler is not None:
            handler.max_conns.default_factory = _wide

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Ask mitmproxy's own addon first (it would come after us), then tap what it chose."""
        if nextlayer.layer is None:
            ctx.master.addons.get("nextlayer").next_layer(nextlayer)
        chosen = nextlayer.layer
        while chosen is not None:
            if isinstance(chosen, HttpLayer):
                tap_layer(chosen, self._run, self._stream)
            chosen = getattr(chosen, "child_layer", None)

    def _stream(self, context: Context, stream_id: int) -> FaultedStream:
        if self._playback.settings is not None:
            from addons.played_stream import PlayedStream  # not loaded where nothing is played

            return PlayedStream(context, stream_id, self._run, self._injector, self._playback)
        return FaultedStream(context, stream_id, self._run, self._injector)


def _wide() -> asyncio.Semaphore:
    return asyncio.Semaphore(UPSTREAM_CONNECTIONS)
