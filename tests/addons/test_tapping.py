"""Every HTTP layer gets taps, and an HTTP/2 client more than five upstream connections."""

import asyncio

from mitmproxy.addons.next_layer import NextLayer as NextLayerAddon
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.layers.http import HttpLayer
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.test import taddons, tflow

from addons.injector import Injector
from addons.playback import StreamidPlayback
from addons.run import Run
from addons.tapped_stream import TappedStream
from addons.tapping import UPSTREAM_CONNECTIONS, StreamidTapping


def tapping() -> StreamidTapping:
    run = Run(lambda event: None)
    return StreamidTapping(run, Injector(run.put, run.now), StreamidPlayback())


def test_the_layer_that_mitmproxy_chose_makes_tapped_streams() -> None:
    addon = tapping()
    with taddons.context(Proxyserver(), NextLayerAddon(), addon) as context:
        where = Context(tflow.tclient_conn(), context.options)
        modes.HttpProxy(where)
        question = layer.NextLayer(where)
        addon.next_layer(question)
        assert isinstance(question.layer, HttpLayer)
        list(question.layer.make_stream(1))
        assert isinstance(question.layer.streams[1], TappedStream)


def test_mitmproxy_still_limits_upstream_connections_where_we_raise_the_limit() -> None:
    class Handler(ConnectionHandler):
        async def handle_hook(self, hook: object) -> None:
            raise AssertionError("no hook is called here")

    addon = tapping()

    async def connect() -> asyncio.Semaphore:
        with taddons.context(Proxyserver(), NextLayerAddon()) as context:
            client = tflow.tclient_conn()
            handler = Handler(Context(client, context.options))
            server = context.master.addons.get("proxyserver")
            server.connections[client.id] = handler
            addon.client_connected(client)
            server.connections.clear()
            return handler.max_conns[("upstream", 80)]

    semaphore = asyncio.run(connect())
    assert semaphore._value == UPSTREAM_CONNECTIONS


def test_a_connection_that_is_gone_already_is_no_trouble() -> None:
    addon = tapping()
    with taddons.context(Proxyserver()):
        addon.client_connected(tflow.tclient_conn())
