"""Metrics as Prometheus gets them: the counts of the recording, while it runs, from a port of their own."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from addons.metrics import Endpoint, RunCollector, Source
from addons.settings import Address
from addons.tally import Tally
from contract.events import Chunk, Message, Side
from lab.processes import Lab
from recordings.drained import Drained, Load
from recordings.reader import Recording
from tests.support.lab import Client, logged_in, running_lab
from tests.support.proxy import CHECKOUT, Proxy, ProxyError, copied_checkout

PAGE = (CHECKOUT / "docs" / "live.md").read_text(encoding="utf-8")

type Samples = dict[tuple[str, tuple[str, ...]], float]
"""Values by name and label values, in the order of the labels' names."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab() as running:
        yield running


def source(tally: Tally | None = None) -> Source:
    return Source(tally or Tally(), lambda: Load(2, 300, 4, 500, 6000), {"version": "1"}, 1.5)


def parsed(text: str) -> Samples:
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(url: str) -> Samples:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    return parsed(answer.text)


def until(url: str, holds: Callable[[Samples], bool]) -> Samples:
    deadline = time.monotonic() + 20
    while not holds(found := scraped(url)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def url_of(proxy: Proxy) -> str:
    found = re.search(r"  metrics +(\S+)", proxy.wait_for("  metrics "))
    assert found is not None
    return found[1]


def metered(lab: Lab, **more: str) -> Proxy:
    return Proxy(f"reverse:{lab.chat_url}", options={"streamid_metrics": "0", **more})


def port_is_free(url: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(url.split(":")[2].removesuffix("/metrics"))))
        except OSError:
            return False
        return True


def talk(client: Client, streams: int) -> None:
    """Streams, each saved under its ID after another that was made up; the last one is left early."""
    for number in range(streams):
        session = client.new_session()
        with client.stream(session) as answer:
            streaming_id = answer.headers["X-Streaming-Session-Id"]
            if number < streams - 1:
                assert answer.content
            else:
                assert next(answer.iter_content(16))
        assert client.update(session, "stream-1700000000").status_code == 400
        assert client.update(session, streaming_id).status_code == 200


def test_the_counts_are_those_of_the_recording_and_of_the_log(lab: Lab) -> None:
    with metered(lab, streamid_log="json") as proxy:
        url = url_of(proxy)
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            talk(client, 4)
        ended = {"streamid_exchanges_total"}
        found = until(url, lambda all_: sum(n for (name, _), n in all_.items() if name in ended) == 16)
        proxy.stop()
        lines = [json.loads(line) for line in proxy.log().splitlines() if line.startswith("{")]
        with Recording(proxy.recording) as recording:
            rows, findings = list(recording.exchanges()), list(recording.findings())
    assert {labels: n for (name, labels), n in found.items() if name == "streamid_exchanges_total"} == {
        (outcome, role): count
        for outcome, role in {(row.outcome, row.role or "") for row in rows}
        if (count := sum((row.outcome, row.role) == (outcome, role) for row in rows))
    }
    kinds = [(f.code, f.name, f.severity.value, f.verdict.value) for f in findings]
    counted = {labels: n for (name, labels), n in found.items() if name == "streamid_findings_total"}
    assert counted == {kind: kinds.count(kind) for kind in kinds}
    assert sum(counted.values()) == sum(line["streamid"] == "finding" for line in lines)
    streams = [row for row in rows if row.role == "issue"]
    assert found["streamid_streams_total", ("complete",)] == 3
    assert found["streamid_streams_total", ("client-abort",)] == 1
    assert found["streamid_ids_issued_total", ()] == 4
    assert found["streamid_echoes_total", ("refused",)] == found["streamid_echoes_total", ("accepted",)] == 4
    first = "streamid_time_to_first_byte_seconds"
    assert found[f"{first}_count", ("stream",)] == 4
    assert found[f"{first}_count", ("other",)] == 12
    assert found[f"{first}_sum", ("stream",)] == pytest.approx(
        sum(row.first_byte or 0 for row in streams) / 1e6, abs=1e-6
    )


def test_a_stream_is_open_while_it_runs_and_so_are_its_gaps(lab: Lab) -> None:
    with metered(lab) as proxy:
        url = url_of(proxy)
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            with client.stream(client.new_session(), "A very detailed answer, please") as answer:
                pieces = answer.iter_content(64)
                assert next(pieces)
                during = until(
                    url,
                    lambda found: (
                        found["streamid_streams_open", ()] == 1
                        and found["streamid_event_gap_seconds_count", ()] > 3
                    ),
                )
                assert ("streamid_streams_total", ("complete",)) not in during
                rest = b"".join(pieces)
            after = until(url, lambda found: ("streamid_streams_total", ("complete",)) in found)
        assert rest
        assert after["streamid_streams_open", ()] == after["streamid_exchanges_open", ()] == 0
        assert after["streamid_event_gap_seconds_count", ()] > during["streamid_event_gap_seconds_count", ()]
        until(url, lambda found: found["streamid_queue_events", ()] == 0)


def test_gaps_are_the_times_between_the_chunks_that_are_recorded(lab: Lab) -> None:
    with metered(lab) as proxy:
        url = url_of(proxy)
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            talk(client, 2)
        found = until(url, lambda all_: ("streamid_streams_total", ("client-abort",)) in all_)
        proxy.stop()
        gaps = recorded_gaps(proxy.recording)
    assert found["streamid_event_gap_seconds_count", ()] == len(gaps)
    assert found["streamid_event_gap_seconds_sum", ()] == pytest.approx(sum(gaps) / 1e6, abs=1e-6)
    at_most = found["streamid_event_gap_seconds_bucket", ("0.005",)]
    assert at_most == sum(gap <= 5000 for gap in gaps)


def recorded_gaps(path: Path) -> list[int]:
    """Times between chunks of event streams on the service's side (µs)."""
    at: dict[int, list[int]] = {}
    with Recording(path) as recording:
        streams = {row.exchange for row in recording.exchanges() if row.events is not None}
        for event in recording.events():
            if isinstance(event, Chunk) and event.message is Message.RESPONSE and event.side & Side.SERVER:
                at.setdefault(event.exchange, []).append(event.at)
    return [later - earlier for exchange in streams & at.keys() for earlier, later in pairwise(at[exchange])]


def test_many_may_ask_at_once_and_the_port_is_free_afterwards(lab: Lab) -> None:
    with metered(lab) as proxy:
        url = url_of(proxy)
        port = int(url.split(":")[2].removesuffix("/metrics"))
        # One who connects and never asks holds nobody up.
        with socket.create_connection(("127.0.0.1", port)), ThreadPoolExecutor(8) as pool:
            found = list(pool.map(scraped, [url] * 32))
        assert all(("streamid_streams_open", ()) in samples for samples in found)
        assert not port_is_free(url)
        proxy.stop()
        assert port_is_free(url)
        assert "Traceback" not in proxy.log()


def test_a_port_that_is_taken_stops_the_start_with_one_line(lab: Lab, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = {"streamid_metrics": str(port)}
        with (
            pytest.raises(ProxyError, match=r"ended with code 1\b") as refused,
            Proxy(f"reverse:{lab.chat_url}", options=options, folder=tmp_path) as proxy,
        ):
            proxy.wait_for("  metrics ")
    assert f"streamid: streamid_metrics: cannot listen on 127.0.0.1:{port}: Address already" in str(
        refused.value
    )
    assert "Traceback" not in str(refused.value)
    assert not (tmp_path / "recording.db").exists()


def test_a_reload_of_the_script_goes_on_with_the_counts(lab: Lab, tmp_path: Path) -> None:
    script = copied_checkout(tmp_path / "checkout")
    with Proxy(
        f"reverse:{lab.chat_url}", script=script, folder=tmp_path / "run", options={"streamid_metrics": "0"}
    ) as proxy:
        url = url_of(proxy)
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            client.new_session()
            until(url, lambda found: found.get(("streamid_exchanges_total", ("complete", "other"))) == 1)
            proxy.reload()
            proxy.wait_for("the run goes on")
            client.new_session()
            until(url, lambda found: found.get(("streamid_exchanges_total", ("complete", "other"))) == 2)
        proxy.stop()
        assert port_is_free(url)


def test_without_the_option_the_library_is_not_even_loaded(lab: Lab, tmp_path: Path) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import logging, sys\n"
        "def running():\n"
        "    logging.info(f'SPY {[name for name in sys.modules if name.startswith(\"prometheus\")]}')\n"
    )
    with Proxy(f"reverse:{lab.chat_url}", scripts=[spy]) as proxy:
        assert "  metrics " not in proxy.wait_for("SPY []")


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_an_endpoint_listens_where_it_is_told_and_closes_at_once(host: str, shown: str) -> None:
    endpoint = Endpoint(Address(host, 0), source())
    try:
        assert re.fullmatch(rf"http://{re.escape(shown)}:\d+/metrics", endpoint.url)
        samples = scraped(endpoint.url)
    finally:
        before = time.monotonic()
        endpoint.close()
    assert time.monotonic() - before < 5
    assert samples["streamid_queue_bytes", ()] == 300
    assert samples["streamid_lost_events_total", ()] == 4
    assert samples["streamid_recording_bytes", ()] == 6000
    assert samples["streamid_run_start_time_seconds", ()] == 1.5
    with pytest.raises(requests.ConnectionError):
        scraped(endpoint.url)


def test_two_runs_in_one_process_share_nothing() -> None:
    busy = Tally()
    busy.add(Drained([], {}, [], 3, 2, [], []))
    endpoints = [Endpoint(Address("127.0.0.1", 0), source(tally)) for tally in (busy, Tally())]
    try:
        opened = [scraped(endpoint.url)["streamid_streams_open", ()] for endpoint in endpoints]
    finally:
        for endpoint in endpoints:
            endpoint.close()
    assert opened == [2, 0]


def test_the_page_lists_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(streamid_\w+)` \| (.*?) ?\| ", PAGE, re.MULTILINE)
    listed = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    endings = {"counter": "_total", "info": "_info"}
    assert listed == {
        metric.name + endings.get(metric.type, ""): tuple(getattr(metric, "_labelnames", ()))
        or (("version", "mitmproxy", "profile") if metric.type == "info" else ())
        for metric in RunCollector(source()).collect()
    }
