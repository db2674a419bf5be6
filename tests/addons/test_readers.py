"""Bodies are kept where somebody would look at them, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy import contentviews, http, io
from mitmproxy.addons import savehar, view
from mitmproxy.addons.save import Save
from mitmproxy.test import taddons

from addons.readers import StreamidContents
from addons.run import Run
from tests.support.lab import logged_in, running_lab
from tests.support.proxy import Proxy


@pytest.fixture
def addon() -> Iterator[StreamidContents]:
    addon = StreamidContents(Run(lambda _: None))
    addon.limit = 1024
    yield addon
    contentviews.registry._by_name.pop("event stream", None)


def keeps(addon: StreamidContents) -> bool:
    addon.running()
    return addon._run.contents is not None


def test_mitmdump_that_only_logs_keeps_nothing(addon: StreamidContents) -> None:
    with taddons.context(addon, Save(), savehar.SaveHar()):
        assert not keeps(addon)


def test_an_interface_is_a_reader_unless_it_is_switched_off(addon: StreamidContents) -> None:
    with taddons.context(addon, view.View()):
        assert keeps(addon)
    addon = StreamidContents(Run(lambda _: None))
    with taddons.context(addon, view.View()):
        assert not keeps(addon)


@pytest.mark.parametrize("name", ["save_stream_file", "hardump"])
def test_a_file_of_flows_is_a_reader_as_long_as_it_is_written(
    addon: StreamidContents, name: str, tmp_path: Path
) -> None:
    with taddons.context(addon, Save(), savehar.SaveHar()) as context:
        assert not keeps(addon)
        context.configure(addon, **{name: str(tmp_path / "flows")})
        assert addon._run.contents is not None
        context.configure(addon, **{name: None if name == "save_stream_file" else ""})
        assert addon._run.contents is None


def test_loading_the_script_again_registers_no_second_view(
    addon: StreamidContents, caplog: pytest.LogCaptureFixture
) -> None:
    with taddons.context() as context:
        context.master.addons.add(addon)
        context.master.addons.remove(addon)
        context.master.addons.add(addon)
    assert "Replacing" not in caplog.text
    assert "event stream" in contentviews.registry.available_views()


def test_flows_that_mitmdump_saves_have_the_bodies_as_the_client_got_them(tmp_path: Path) -> None:
    flows = tmp_path / "saved.flows"
    with (
        running_lab(tokens=3) as lab,
        Proxy(f"reverse:{lab.chat_url}", arguments=["-w", str(flows)], folder=tmp_path) as proxy,
        logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client,
    ):
        session = client.new_session()
        with client.stream(session) as answer:
            got = answer.content
    with flows.open("rb") as file:
        saved = [flow for flow in io.FlowReader(file).stream() if isinstance(flow, http.HTTPFlow)]
    stream = next(flow for flow in saved if flow.request.path.endswith("/stream"))
    assert stream.response is not None
    assert stream.response.content == got
    assert stream.request.content == b'{"message": "Tell me"}'
