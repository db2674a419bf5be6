"""Causes while the proxy runs: in its log, its JSON lines, its metrics and its recording."""

import json
import re
import time

import requests

from recordings.reader import Recording
from tests.support.lab import Client, logged_in, running_lab
from tests.support.proxy import Proxy

RACE = ("race=400",)
ID_HEADER = "X-Streaming-Session-Id"


def race(client: Client) -> None:
    """A stream, an update that comes too early, and the same one until it is accepted."""
    session = client.new_session()
    with client.stream(session) as answer:
        streaming_id = answer.headers[ID_HEADER]
        assert answer.content
    deadline = time.monotonic() + 10
    statuses = []
    while 200 not in statuses:
        statuses.append(client.update(session, streaming_id).status_code)
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert statuses[0] == 400


def test_the_log_says_why_a_second_after_all_is_well_again_and_what_to_change() -> None:
    with running_lab(bugs=RACE) as lab, Proxy(f"reverse:{lab.chat_url}") as proxy:
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            race(client)
        log = proxy.wait_for("CAUSE ")
        assert proxy.returncode is None
        line = re.search(r"CAUSE server-race \(certain\), exchanges #2, #3.*", log)
        assert line is not None, log
        assert "it is stored later than it is sent" in line[0]
        assert "→ Store the ID before the answer's head is sent" in log
        with Recording(proxy.recording) as recording:
            (incident,) = recording.incidents()
        assert (incident.cause, incident.exchange) == ("server-race", 3)
        proxy.stop()
        log = proxy.log()
        assert log.count("CAUSE server-race") == 1
        assert "causes: 1 server-race" in log


def test_json_lines_and_metrics_have_it_too() -> None:
    options = {"streamid_log": "json", "streamid_metrics": "0"}
    with (
        running_lab(bugs=("no-expose",)) as lab,
        Proxy(f"reverse:{lab.chat_url}", options=options) as proxy,
        logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client,
    ):
        session = client.new_session()
        origin = {"Origin": "http://localhost:8080"}
        with client.stream(session, headers=origin) as answer:
            streaming_id = answer.headers[ID_HEADER]
            assert answer.content
        assert client.update(session, streaming_id, headers=origin).status_code == 200
        log = proxy.wait_for('"streamid": "incident"')
        (incident,) = [
            found
            for line in log.splitlines()
            if line.startswith("{") and (found := json.loads(line))["streamid"] == "incident"
        ]
        assert (incident["cause"], incident["confidence"]) == ("cors-not-exposed", "likely")
        url = re.search(r"http://127\.0\.0\.1:\d+/metrics", log)
        assert url is not None
        metrics = requests.get(url[0], timeout=10).text
        assert 'streamid_incidents_total{cause="cors-not-exposed"} 1.0' in metrics
