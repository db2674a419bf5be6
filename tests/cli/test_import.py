"""`streamid import` of what mitmdump wrote of a real run: what the client saw is what the recording has."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from recordings.reader import Recording
from replay.recorded import Recorded, recorded_exchanges
from tests.cli.streamid import finished, streamid
from tests.replay.importing.hars import chrome, firefox, har
from tests.support.lab import Client, logged_in, running_lab
from tests.support.proxy import Proxy
from tests.support.verdicts import assert_live_equals_offline

INVENTED = "stream-1732312345678-ffffffff"


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as the client made it, and what it got."""

    method: str
    target: str
    sent: bytes
    status: int
    got: bytes
    fields: list[tuple[str, str]]


@dataclass
class Run:
    """What mitmdump wrote, and the client's own log."""

    har: Path
    flows: Path
    token: str
    seen: list[Seen] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A stream, its update, an update with an invented ID, and a list in gzip, through bare mitmdump."""
    folder = tmp_path_factory.mktemp("run")
    har_file, flows = folder / "run.har", folder / "run.flows"
    with (
        running_lab() as lab,
        Proxy(
            f"reverse:{lab.chat_url}",
            script=None,
            options={"hardump": str(har_file)},
            arguments=["-w", str(flows)],
            folder=folder / "proxy",
        ) as proxy,
        logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client,
    ):
        made = Run(har_file, flows, str(client.http.headers["Authorization"]).removeprefix("Bearer "))
        client.http.hooks["response"].append(lambda answer, **_: made.seen.append(_seen(answer)))
        _talk(client)
    return made


def _talk(client: Client) -> None:
    session = client.new_session("Ein Gespräch")
    streaming_id = client.stream(session).headers["X-Streaming-Session-Id"]
    assert client.update(session, streaming_id).status_code == 200
    assert client.update(session, INVENTED).status_code == 400
    assert client.chat("GET", "/models", params={"q": "a b"}).status_code == 200


def _seen(answer: requests.Response) -> Seen:
    asked = answer.request
    body = asked.body or b""
    sent = body.encode() if isinstance(body, str) else body
    fields = [(name.lower(), value) for name, value in answer.headers.items()]
    target = str(asked.path_url)
    return Seen(str(asked.method), target, sent, answer.status_code, answer.content, fields)


def imported(*sources: Path, out: Path, options: tuple[str, ...] = ("--redact", "off")) -> list[Recorded]:
    result = streamid("import", *sources, "-o", out, *options)
    assert result.exit_code == 0, result.stderr
    assert_live_equals_offline(out)
    with Recording(out) as recording:
        found = list(recorded_exchanges(recording.events()))
    return sorted(found, key=lambda each: each.exchange)


@pytest.mark.parametrize("kind", ["har", "flows"])
def test_the_recording_has_what_the_client_saw(kind: str, run: Run, tmp_path: Path) -> None:
    found = imported(getattr(run, kind), out=tmp_path / "out.db")
    assert [_as_seen(each) for each in found] == [
        (seen.method, seen.target, seen.sent, seen.status, seen.got) for seen in run.seen
    ]
    for seen, each in zip(run.seen, found, strict=True):
        assert each.response is not None
        recorded = [(name.decode().lower(), value.decode()) for name, value in each.response.headers]
        assert recorded == seen.fields
    assert [each.request.at for each in found] == sorted(each.request.at for each in found)
    assert found[0].request.at == 0


def _as_seen(each: Recorded) -> tuple[Any, ...]:
    assert each.response is not None
    line = each.request
    return (
        line.method.decode(),
        line.target.decode(),
        each.request_text(),
        each.response.status,
        each.response_text(),
    )


@pytest.mark.parametrize("kind", ["har", "flows"])
def test_an_invented_id_is_found_and_nothing_is_held_against_the_rest(
    kind: str, run: Run, tmp_path: Path
) -> None:
    imported(getattr(run, kind), out=tmp_path / "out.db")
    result = streamid("validate", tmp_path / "out.db", "--format", "json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    found = {(each["code"], each["exchange"]) for each in report["findings"] if each["verdict"] == "fail"}
    assert found == {("EC202", 4), ("EC203", 4), ("SV304", 4)}
    assert report["streams"] == 1


@pytest.mark.parametrize("kind", ["har", "flows"])
def test_secrets_are_redacted_unless_that_is_switched_off(kind: str, run: Run, tmp_path: Path) -> None:
    source, key = getattr(run, kind), ("--redact-key", "a key that is long enough")
    redacted, whole, more = tmp_path / "redacted.db", tmp_path / "whole.db", tmp_path / "more.db"
    imported(source, out=whole)
    imported(source, out=redacted, options=key)
    imported(source, out=more, options=("--redact", "title", *key))
    for path, has_token in ((redacted, False), (more, False), (whole, True)):
        with Recording(path) as recording:
            said = "".join(map(str, recording.events()))
        assert (run.token in said) is has_token, path
        assert ("Gespräch".encode().decode("latin-1") in said or "Gespr\\xc3\\xa4ch" in said) is (
            path != more
        )


def test_several_sources_become_one_recording_in_the_order_of_their_times(tmp_path: Path) -> None:
    late, early = tmp_path / "late.har", tmp_path / "early.har"
    late.write_bytes(har(*chrome()))
    early.write_bytes(har(*(each | {"startedDateTime": "2025-01-31T11:59:59Z"} for each in firefox()[:1])))
    found = imported(late, early, out=tmp_path / "out.db")
    assert [each.request.host for each in found] == ["chat.example"] * 4
    assert [each.request.port for each in found] == [3002, 443, 443, 443]
    assert found[1].request.at == 1_000_000 + 8_000 - 10_000
    with Recording(tmp_path / "out.db") as recording:
        assert recording.run.info.options["imported"] == (
            "late.har (HAR of WebInspector), early.har (HAR of WebInspector)"
        )


def test_what_is_no_exchange_of_http_is_skipped_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "mixed.flows"
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for each in (tflow.twebsocketflow(), tflow.ttcpflow(), tflow.tdnsflow(), tflow.tflow(resp=True)):
            writer.add(each)
    result = streamid("import", path, "-o", tmp_path / "out.db")
    assert result.exit_code == 0
    assert result.stderr == (
        "note: 1 skipped: DNS flows\nnote: 1 skipped: TCP flows\nnote: 1 skipped: WebSocket conversations\n"
    )
    assert result.stdout == f"{tmp_path / 'out.db'}: 1 exchange, 0 findings\n"


def test_the_profile_is_the_one_asked_for(tmp_path: Path) -> None:
    source, profile = tmp_path / "a.har", tmp_path / "mine.toml"
    source.write_bytes(har(*chrome()))
    profile.write_text(streamid("profiles", "show", "chat").stdout.replace('"chat"', '"mine"', 1))
    imported(source, out=tmp_path / "out.db", options=("--profile", str(profile)))
    with Recording(tmp_path / "out.db") as recording:
        assert recording.run.info.profile_name == "mine"


UNUSABLE = {
    "missing": (None, ": No such file or directory"),
    "empty": (b"", ": is empty"),
    "text": (b"hello", ": is neither a HAR nor a flow file of mitmproxy's"),
    "json": (b"{,", ":1: not JSON: Expecting property name enclosed in double quotes (column 2)"),
    "none": (har(), ": log.entries is empty: there is nothing to import"),
    "field": (har(*chrome(), {"request": {}}), ": entry 4: startedDateTime: missing"),
    "nothing": (har(chrome()[0] | {"_fromCache": "disk"}), ": there is no exchange of HTTP to import"),
    "flows": (b"12:not a netstring", ": flow 1: "),
    "zip": (b"PK\x03\x04rest", ": is no archive that can be read: "),
    "zlib": (b"\x78\x9crest", ": cannot be decompressed: "),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_source_is_one_line_exit_code_2_and_no_recording(name: str, tmp_path: Path) -> None:
    content, said = UNUSABLE[name]
    good, path, out = tmp_path / "good.har", tmp_path / name, tmp_path / "out.db"
    good.write_bytes(har(chrome()[0] | {"_fromCache": "disk"}) if name == "nothing" else har(*chrome()))
    if content is not None:
        path.write_bytes(content)
    result = streamid("import", good, path, "-o", out)
    assert result.exit_code == 2
    told = [line for line in result.stderr.splitlines() if not line.startswith("note: ")]
    assert len(told) == 1
    assert f"{path}{said}" in told[0]
    assert list(tmp_path.glob("out.db*")) == []


def test_a_flow_file_that_was_cut_is_told_by_the_flow(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cut.flows"
    path.write_bytes(run.flows.read_bytes()[:-100])
    result = streamid("import", path, "-o", tmp_path / "out.db")
    assert result.exit_code == 2
    assert f"{path}: flow 5: Invalid data format." in result.stderr
    assert not (tmp_path / "out.db").exists()


def test_an_output_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    source, out = tmp_path / "a.har", tmp_path / "out.db"
    source.write_bytes(har(*chrome()))
    out.write_text("mine")
    result = streamid("import", source, "-o", out)
    assert result.exit_code == 2
    assert f"{out}: exists already" in result.stderr
    assert out.read_text() == "mine"


def test_a_bad_option_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    source, out = tmp_path / "a.har", tmp_path / "out.db"
    source.write_bytes(har(*chrome()))
    for option in (("--profile", "no-such"), ("--redact-key", "short")):
        result = streamid("import", source, "-o", out, *option)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert not out.exists()


def test_a_har_is_read_without_loading_mitmproxy(tmp_path: Path) -> None:
    source = tmp_path / "a.har"
    source.write_bytes(har(*chrome()))
    code, out, err = finished("import", source, "-o", tmp_path / "out.db", "--redact-key", "0123456789abcdef")
    assert (code, err) == (0, "")
    assert out == f"{tmp_path / 'out.db'}: 3 exchanges, 3 findings\n"
