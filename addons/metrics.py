"""The tally of a run for Prometheus, served from a thread of its own while the run goes on.

Nothing is counted for this that a summary would not need, but for two histograms; what is counted is put
into Prometheus' words when someone asks. The registry is the run's own: no state of the process is used.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from addons.settings import Address
from addons.tally import Histogram, Tally
from recordings.drained import Load

_POLL = 0.1
"""Seconds that closing may take, because the server looks so often whether it is to stop."""
_PATIENCE = 10.0
"""Seconds for which a client that asks nothing, or takes no answer, may hold a thread."""


@dataclass(frozen=True)
class Source:
    """What the metrics are taken from. `load` is asked on its own threads; `started` is Unix time."""

    tally: Tally
    load: Callable[[], Load]
    info: dict[str, str]
    started: float


class Endpoint:
    """`http://…/metrics`, open from construction to `close`. Raises OSError where it cannot be."""

    def __init__(self, address: Address, source: Source) -> None:
        registry = CollectorRegistry()
        registry.register(RunCollector(source))
        ProcessCollector(registry=registry)
        server_class = _Server6 if ":" in address.host else _Server
        self._server = make_server(
            address.host, address.port, make_wsgi_app(registry), server_class, handler_class=_Handler
        )
        host, port = self._server.server_address[:2]
        self.url = f"http://{f'[{host!s}]' if ':' in str(host) else host!s}:{port}/metrics"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name="streamid-metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Free the port; what is being answered is cut off."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """As `WSGIServer`, without looking up the address's name: that may take long."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked is gone; that is nobody's error, and no traceback's occasion."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class RunCollector(Collector):
    """Puts a tally into Prometheus' words. Every label has a few values only, none of them a peer's."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        """The metrics of docs/live.md, as of now."""
        yield InfoMetricFamily("streamid_run", "The run that the metrics are about.", self._source.info)
        yield GaugeMetricFamily(
            "streamid_run_start_time_seconds", "When the run began, in Unix time.", self._source.started
        )
        yield from _exchanges(self._source.tally)
        yield from _verdicts(self._source.tally)
        yield from _times(self._source.tally)
        yield from _recorder(self._source.load())


def _exchanges(tally: Tally) -> Iterator[Metric]:
    ended = CounterMetricFamily("streamid_exchanges", "Exchanges that are over.", labels=("role", "outcome"))
    for (role, outcome), count in dict(tally.exchanges).items():
        ended.add_metric((role, outcome), count)
    yield ended
    yield GaugeMetricFamily("streamid_exchanges_open", "Exchanges under way.", tally.open_exchanges)
    yield GaugeMetricFamily("streamid_streams_open", "Event streams under way.", tally.open_streams)
    streams = CounterMetricFamily("streamid_streams", "Event streams that are over.", labels=("outcome",))
    for outcome, count in dict(tally.streams).items():
        streams.add_metric((outcome,), count)
    yield streams


def _verdicts(tally: Tally) -> Iterator[Metric]:
    yield CounterMetricFamily("streamid_ids_issued", "IDs that were issued.", tally.issued)
    echoes = CounterMetricFamily(
        "streamid_echoes", "IDs that were sent back, by what the service said.", labels=("answer",)
    )
    for answer, count in dict(tally.echoes).items():
        echoes.add_metric((answer,), count)
    yield echoes
    findings = CounterMetricFamily(
        "streamid_findings", "What the rules found.", labels=("code", "name", "severity", "verdict")
    )
    for kind, count in dict(tally.findings).items():
        findings.add_metric((kind.code, kind.name, kind.severity.value, kind.verdict.value), count)
    yield findings
    incidents = CounterMetricFamily("streamid_incidents", "Failures that were explained.", labels=("cause",))
    for cause, count in dict(tally.incidents).items():
        incidents.add_metric((cause,), count)
    yield incidents


def _times(tally: Tally) -> Iterator[Metric]:
    first = HistogramMetricFamily(
        "streamid_time_to_first_byte_seconds",
        "From the request's head to the answer's, by whether that is an event stream.",
        labels=("answer",),
    )
    for is_stream, histogram in tally.first_byte.items():
        first.add_metric(("stream" if is_stream else "other",), *_buckets(histogram))
    yield first
    gaps = HistogramMetricFamily(
        "streamid_event_gap_seconds",
        "Between two chunks of an event stream, as they came from the service.",
        labels=(),
    )
    gaps.add_metric((), *_buckets(tally.gaps))
    yield gaps


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    at_most, total = histogram.distribution
    names = [*map(str, histogram.bounds), "+Inf"]
    return [(name, float(count)) for name, count in zip(names, at_most, strict=True)], total


def _recorder(load: Load) -> Iterator[Metric]:
    yield GaugeMetricFamily("streamid_queue_events", "Events that wait to be recorded.", load.waiting_events)
    yield GaugeMetricFamily("streamid_queue_bytes", "Bytes that they take, about.", load.waiting_bytes)
    yield CounterMetricFamily("streamid_lost_events", "Events that were not recorded.", load.lost_events)
    yield CounterMetricFamily("streamid_lost_bytes", "Bytes of bodies that were not.", load.lost_bytes)
    if load.file_bytes is not None:
        yield GaugeMetricFamily("streamid_recording_bytes", "The recording's size.", load.file_bytes)
