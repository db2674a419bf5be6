"""Each careless client against a lab without faults: what it sent, as the lab wrote it down."""

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from cli.lab import lab
from lab.carelessness import CLIENT_BUGS, Careless
from lab.client import reset_at_close
from lab.processes import ROOT, Lab
from tests.lab.hop import Changed, Fields, in_between, options, run

HEADER = "X-Streaming-Session-Id"
OWN_FORMAT = re.compile(r"stream-\d{13}-[0-9a-f]{8}")


class Seen:
    """One run of a client: its results, the streams' IDs in order of their answers, and the updates."""

    def __init__(self, system: Lab, bug: str, header: str = HEADER, **more: Any) -> None:
        self.issued: list[str] = []
        self.asked: list[str] = []
        self._header = header
        before = len(updates(system))
        with in_between(system, self._change, lambda method, path, _: self._note(method, path)) as url:
            given = options(system, chat_url=url, **more)
            self.results, self.said = run(given, CLIENT_BUGS[bug].habits())
        self.updates = updates(system)[before:]

    @property
    def sent(self) -> list[Any]:
        return [update["received"] for update in self.updates]

    @property
    def failed(self) -> list[str]:
        return [name for name, ok in self.results.items() if not ok]

    def _note(self, method: str, path: str) -> None:
        self.asked.append(f"{method} {path.rpartition('/')[2]}")

    def _change(self, path: str, status: int, fields: Fields, body: bytes) -> Changed:
        self.issued += [value for name, value in fields if name == HEADER]
        return status, [(self._header if name == HEADER else name, value) for name, value in fields], body


def updates(system: Lab) -> list[dict[str, Any]]:
    return [json.loads(line) for line in system.update_log.read_text(encoding="utf-8").splitlines()]


def test_one_that_never_extracts_leaves_the_id_out(system: Lab) -> None:
    seen = Seen(system, "never-extract")
    assert [(update["received"], update["receivedType"]) for update in seen.updates] == [(None, "null")]
    assert seen.failed == ["the updates are accepted"]


def test_one_that_fabricates_sends_an_id_in_the_services_format_that_was_never_issued(system: Lab) -> None:
    seen = Seen(system, "fabricate")
    (sent,) = seen.sent
    assert OWN_FORMAT.fullmatch(sent)
    assert sent not in seen.issued
    assert seen.failed == ["the updates are accepted"]


def test_one_that_counts_in_seconds_sends_ten_digits(system: Lab) -> None:
    (sent,) = Seen(system, "fabricate-seconds").sent
    assert re.fullmatch(r"stream-\d{10}", sent)


def test_one_that_compares_names_to_the_letter_does_well_while_no_hop_changes_them(system: Lab) -> None:
    seen = Seen(system, "case-sensitive")
    assert seen.sent == seen.issued
    assert not seen.failed


def test_one_that_compares_names_to_the_letter_invents_an_id_behind_a_hop_that_changes_them(
    system: Lab,
) -> None:
    seen = Seen(system, "case-sensitive", header=HEADER.lower())
    (sent,) = seen.sent
    assert OWN_FORMAT.fullmatch(sent)
    assert sent not in seen.issued
    assert seen.failed == ["the updates are accepted"]


def test_a_stale_one_sends_the_first_of_two_ids_of_a_chat(system: Lab) -> None:
    seen = Seen(system, "stale")
    first, second = seen.issued
    assert [(update["received"], update["stored"]) for update in seen.updates] == [(first, second)]
    assert seen.failed == ["the updates are accepted"]


def test_a_cross_wired_one_sends_each_of_two_chats_the_id_of_the_other(system: Lab) -> None:
    seen = Seen(system, "cross-wired")
    first, second = seen.issued
    assert [(update["received"], update["stored"]) for update in seen.updates] == [
        (second, first),
        (first, second),
    ]
    assert len({update["sessionId"] for update in seen.updates}) == 2
    assert len([asked for asked in seen.asked if asked.startswith("DELETE")]) == 2


def test_a_cross_wired_one_has_both_streams_open_before_it_reads_any(system: Lab) -> None:
    lines = Seen(system, "cross-wired").said.splitlines()
    heads = [at for at, line in enumerate(lines) if "200 text/event-stream" in line]
    read = [at for at, line in enumerate(lines) if " chunks, " in line]
    assert len(heads) == len(read) == 2
    assert max(heads) < min(read)


def test_one_that_alters_sends_the_id_in_upper_case(system: Lab) -> None:
    seen = Seen(system, "altered")
    assert seen.sent == [issued.upper() for issued in seen.issued]
    assert [(update["strict"], update["normalised"]) for update in seen.updates] == [(False, True)]


def test_one_that_commits_twice_sends_the_same_update_twice(system: Lab) -> None:
    seen = Seen(system, "double-commit")
    (issued,) = seen.issued
    assert [(update["received"], update["accepted"]) for update in seen.updates] == [(issued, True)] * 2
    assert not seen.failed


@pytest.mark.parametrize(
    "bug", [name for name, bug in CLIENT_BUGS.items() if issubclass(bug.habits, Careless)]
)
def test_a_careless_one_tries_nothing_else(system: Lab, bug: str) -> None:
    seen = Seen(system, bug, retries=3)
    assert seen.asked.count("POST stream") == (2 if bug in ("stale", "cross-wired") else 1)
    assert seen.asked.count("POST update-stream") == (2 if bug in ("double-commit", "cross-wired") else 1)
    assert seen.asked.count("OPTIONS stream") == 1


def test_an_early_reader_stops_after_five_chunks_and_passes_all_checks(system: Lab) -> None:
    seen = Seen(system, "early-reader")
    assert not seen.failed
    assert len(seen.results) == 14
    assert "  5 chunks, " in seen.said
    assert "20 chunks" not in seen.said


def test_one_that_breaks_off_starts_again_and_passes_all_checks(system: Lab) -> None:
    seen = Seen(system, "aborts")
    assert not seen.failed
    assert len(seen.results) == 14
    assert len(seen.issued) == 4
    assert seen.issued[0] not in seen.sent
    assert "connection reset after 3 chunks" in seen.said


def test_the_command_takes_a_clients_name_and_exits_with_1_where_the_lab_refuses_it(system: Lab) -> None:
    urls = ["--auth-url", system.authentication_url, "--accounting-url", system.accounting_url]
    command = ["test", *urls, "--chat-url", system.chat_url, "--delay", "0", "--quiet"]
    for bug, code in (("never-extract", 1), ("double-commit", 0), ("unheard-of", 2)):
        result = CliRunner().invoke(lab, [*command, "--client-bug", bug])
        assert result.exit_code == code, result.output
    assert "'unheard-of' is not one of" in result.output
    assert all(name in result.output for name in CLIENT_BUGS)


@pytest.mark.parametrize("bug", list(CLIENT_BUGS))
def test_without_a_hop_each_client_does_to_the_service_itself_what_it_does_through_one(
    system: Lab, bug: str
) -> None:
    results, _ = run(options(system), CLIENT_BUGS[bug].habits())
    accepted = bug in ("case-sensitive", "double-commit", "early-reader", "aborts")
    assert all(results.values()) is accepted


def test_a_connection_that_is_broken_off_is_reset_for_the_other_side() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        ends: list[type[BaseException] | bytes] = []

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                try:
                    ends.append(peer.recv(1))
                except ConnectionError as error:
                    ends.append(type(error))

        thread = threading.Thread(target=serve)
        thread.start()
        with requests.get(url, stream=True, timeout=10) as answer:
            reset_at_close(answer)
            assert next(answer.iter_content(3)) == b"abc"
        thread.join(10)
    assert ends == [ConnectionResetError]


def test_the_documentation_has_each_client_with_what_it_breaks() -> None:
    text = Path(ROOT, "docs", "lab.md").read_text(encoding="utf-8")
    part = text.partition("\n## Careless clients\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in row.strip("|").split(" | ")]
        for row in part.splitlines()
        if row[:3] == "| `"
    ]
    told = {
        name.strip("`"): (summary, re.findall(r"\[(\w+)\]", breaks), breaks.startswith("none: healthy"))
        for name, summary, breaks in rows
    }
    assert told == {bug.name: (bug.summary, list(bug.breaks), bug.is_healthy) for bug in CLIENT_BUGS.values()}


def test_without_a_stream_a_careless_one_fails_and_says_why(system: Lab) -> None:
    def refuse(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        if path.endswith("/stream") and status == 200:
            return 503, fields, b'{"message":"Try later"}'
        return status, fields, body

    for bug in CLIENT_BUGS.values():
        with in_between(system, refuse) as url:
            results, said = run(options(system, chat_url=url), bug.habits())
        assert not results["the right ID is accepted" if bug.is_healthy else "the updates are accepted"]
        assert "Try later" in said
