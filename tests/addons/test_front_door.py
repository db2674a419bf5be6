"""The front door as users start it: options, refusals, banner, paths, reload, and what it says."""

import io
import re
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contract.findings import Severity
from lab.client import StreamingOptions
from lab.logger import Logger
from lab.processes import Lab
from lab.tester import StreamingTester
from recordings.reader import Recording
from tests.support.lab import logged_in, running_lab
from tests.support.proxy import STREAMID, Proxy, ProxyError, copied_checkout, shared_authority
from tests.support.verdicts import assert_live_equals_offline

TRACEBACK = "Traceback (most recent call last)"
EXIT = re.compile(r"ended with code 1\b")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab() as running:
        yield running


def reverse(lab: Lab) -> str:
    return f"reverse:{lab.chat_url}"


def stream_and_save(lab: Lab, proxy: Proxy, *, wrong: str | None = None) -> str:
    """One stream through the proxy, saved under its own ID (or `wrong`); returns the ID."""
    with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
        client.http.headers["Origin"] = "http://localhost:8080"
        session = client.new_session()
        with client.stream(session) as answer:
            streaming_id: str = answer.headers["X-Streaming-Session-Id"]
            assert answer.content.endswith(b"\n\n")
        saved = client.update(session, wrong if wrong is not None else streaming_id)
        assert saved.status_code == (200 if wrong is None else 400)
    return streaming_id


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"streamid_log": "xml"}, "streamid: streamid_log: 'xml' is none of text, json"),
        ({"streamid_profile": "nope"}, "streamid: streamid_profile: no profile 'nope'"),
        ({"streamid_recrod": "x.db"}, "unknown option streamid_recrod; did you mean streamid_record?"),
        ({"streamid_record": "/proc/no/such.db"}, "/proc/no"),
        (
            {"streamid_metrics": "http://localhost"},
            "streamid: streamid_metrics: 'http://localhost' is no PORT",
        ),
    ],
)
def test_a_bad_option_stops_the_start_with_one_line(options: dict[str, str], said: str) -> None:
    with pytest.raises(ProxyError, match=EXIT) as refused, Proxy(options=options) as proxy:
        proxy.wait_for("  recording  ")
    assert said in str(refused.value)
    assert TRACEBACK not in str(refused.value)


def test_a_bad_file_in_the_folder_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "streamid.toml").write_text("recrod = 'x.db'\n")
    with pytest.raises(ProxyError, match=EXIT) as refused, Proxy(cwd=tmp_path) as proxy:
        proxy.wait_for("  recording  ")
    assert "streamid.toml:1: recrod: unknown key; did you mean record?" in str(refused.value)
    assert TRACEBACK not in str(refused.value)


def test_the_second_proxy_on_a_recording_is_told_who_has_it() -> None:
    with (
        Proxy() as first,
        pytest.raises(ProxyError, match=EXIT) as refused,
        Proxy(options={"streamid_record": str(first.recording)}) as second,
    ):
        second.wait_for("  recording  ")
    assert f"is being written by another process ({first.pid})" in str(refused.value)


def test_a_start_that_fails_leaves_no_empty_recording(tmp_path: Path) -> None:
    with Proxy() as first:
        taken = f"reverse:http://127.0.0.1:9@127.0.0.1:{first.port}"
        with pytest.raises(ProxyError), Proxy(taken, folder=tmp_path) as proxy:
            proxy.wait_for("  recording  ")
    assert not (tmp_path / "recording.db").exists()


def test_the_banner_says_where_what_and_whither(lab: Lab) -> None:
    with Proxy(reverse(lab), "regular") as proxy:
        log = proxy.wait_for("  recording  ")
    first, second = proxy.ports
    assert re.search(r"streamid \S+ on mitmproxy 12\.", log)
    assert f"listening  127.0.0.1:{first} → http://localhost:{lab.ports['chat']} (reverse)" in log
    assert f"listening  127.0.0.1:{second} (regular proxy)" in log
    assert "profile    chat" in log
    assert "faults     none" in log
    assert f"recording  {proxy.recording}" in log


def script_in(way: str, folder: Path) -> Path:
    """The front door as it is reached in one of several ways."""
    if way == "a symbolic link":
        link = folder / "link.py"
        link.symlink_to(STREAMID)
        return link
    if way == "a space in the path":
        return copied_checkout(folder / "a folder with spaces")
    return STREAMID


@pytest.mark.parametrize("way", ["another folder", "a symbolic link", "a space in the path", "streamid.toml"])
def test_the_streaming_tester_passes_however_it_is_started(lab: Lab, tmp_path: Path, way: str) -> None:
    if way == "streamid.toml":
        (tmp_path / "streamid.toml").write_text('log_headers = true\nrecord = "run.db"\n')
    services = (lab.authentication_url, lab.accounting_url, lab.chat_url)
    modes = [f"reverse:{service}" for service in services]
    options = {} if way == "streamid.toml" else {"streamid_record": "run.db"}
    with Proxy(*modes, script=script_in(way, tmp_path), cwd=tmp_path, options=options, record=False) as proxy:
        said = io.StringIO()
        urls = [f"http://127.0.0.1:{port}" for port in proxy.ports]
        through = StreamingOptions(urls[0], urls[1], urls[2], update_delay=0.05, message="Tell me")
        with StreamingTester(through, Logger(said)) as tester:
            assert tester.run(), said.getvalue()
        log = proxy.wait_for("EC202 echo-unknown info")
        assert "readable by scripts, echoed (#11), accepted (200)" in log
        assert TRACEBACK not in log
        proxy.stop()
    findings, _ = assert_live_equals_offline(tmp_path / "run.db")
    # The probes are refused, and each refusal tells the ID that was expected (`details.expected`).
    assert {finding.code for finding in findings if finding.severity is not Severity.INFO} == {"SV304"}


def test_options_come_from_the_folders_file(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "streamid.toml").write_text('record = "here.db"\nlog = "json"\n')
    with Proxy(reverse(lab), cwd=tmp_path, record=False) as proxy:
        stream_and_save(lab, proxy)
        proxy.wait_for('"accepted": true')
    with Recording(tmp_path / "here.db") as recording:
        assert recording.run.closed
        assert len(list(recording.exchanges())) == 3


def test_the_command_line_wins_over_the_folders_file(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "streamid.toml").write_text('log = "json"\n')
    with Proxy(reverse(lab), cwd=tmp_path, options={"streamid_log": "text"}) as proxy:
        stream_and_save(lab, proxy)
        proxy.wait_for("accepted (200)")


def test_the_command_line_wins_over_mitmproxys_configuration_and_that_over_the_folders_file(
    lab: Lab, tmp_path: Path
) -> None:
    (tmp_path / "streamid.toml").write_text('record = "folder.db"\n', encoding="utf-8")
    shutil.copytree(shared_authority(), tmp_path / "confdir")
    (tmp_path / "confdir" / "config.yaml").write_text("streamid_record: configured.db\n", encoding="utf-8")
    with Proxy(reverse(lab), cwd=tmp_path, folder=tmp_path, record=False) as proxy:
        proxy.wait_for("recording  configured.db")
    given = {"streamid_record": "given.db"}
    with Proxy(reverse(lab), cwd=tmp_path, folder=tmp_path, options=given) as proxy:
        proxy.wait_for("recording  given.db")


def test_a_finding_is_one_line_with_what_is_needed_to_act(lab: Lab) -> None:
    with Proxy(reverse(lab)) as proxy:
        stream_and_save(lab, proxy, wrong="stream-1700000000")
        log = proxy.wait_for("EC203 echo-fabricated error, exchange #3: ")
        with Recording(proxy.recording) as recording:
            (update,) = recording.exchanges(3)
    (line,) = [line for line in log.splitlines() if "EC203" in line]
    assert "stream-1700000000" in line
    assert line.endswith(f"(POST {urlsplit(update.url).path})")


def test_what_repeats_itself_is_thinned_in_the_log_and_nowhere_else(lab: Lab) -> None:
    with Proxy(reverse(lab)) as proxy:
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            session = client.new_session()
            with client.stream(session) as answer:
                assert answer.content
            for number in range(20):
                assert client.update(session, f"stream-17000000{number:02}").status_code == 400
        proxy.stop()
        log = proxy.log()
        with Recording(proxy.recording) as recording:
            recorded = [finding for finding in recording.findings() if finding.code == "EC203"]
    assert log.count("EC203 echo-fabricated error, exchange #") == 5
    assert "EC203 echo-fabricated error: 15 more like these, the last in exchange #22 (POST /api/chat" in log
    assert "  error: EC203 echo-fabricated ×20" in log
    assert len(recorded) == 20


def test_the_summary_can_be_had_at_any_time(lab: Lab, tmp_path: Path) -> None:
    asker = tmp_path / "asker.py"
    asker.write_text(
        "import logging\n"
        "from mitmproxy import ctx\n"
        "def response(flow):\n"
        "    for line in ctx.master.commands.execute('streamid.summary'):\n"
        "        logging.info(f'SPY {line}')\n"
    )
    with Proxy(reverse(lab), scripts=[asker]) as proxy:
        stream_and_save(lab, proxy)
        proxy.wait_for("accepted (200)")
        stream_and_save(lab, proxy)
        log = proxy.wait_for("SPY streamid: 6 exchanges")
    assert "SPY streamid: 1 exchange, 0 streams, no findings" in log
    assert "SPY   IDs: 1 issued; sent back: 1 accepted" in log
    assert f"SPY   recording: {proxy.recording}" in log


def test_headers_of_an_issuing_response_are_logged_on_request(lab: Lab) -> None:
    with Proxy(reverse(lab), options={"streamid_log_headers": "true"}) as proxy:
        streaming_id = stream_and_save(lab, proxy)
        proxy.wait_for(f"X-Streaming-Session-Id: {streaming_id}")


def test_without_a_recording_it_still_verifies(lab: Lab, tmp_path: Path) -> None:
    with Proxy(reverse(lab), cwd=tmp_path, options={"streamid_record": "off"}) as proxy:
        stream_and_save(lab, proxy, wrong="stream-1700000000")
        proxy.wait_for("EC203 echo-fabricated")
        assert "recording  off" in proxy.log()
    assert not list(tmp_path.rglob("*.db"))


def test_a_recording_is_its_owners_alone(lab: Lab) -> None:
    with Proxy(reverse(lab)) as proxy:
        stream_and_save(lab, proxy)
        files = [path for path in proxy.folder.iterdir() if path.name.startswith("recording.db")]
        assert files
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_closes_to_one_file_and_says_where(lab: Lab, tmp_path: Path, how: signal.Signals) -> None:
    with Proxy(reverse(lab), folder=tmp_path) as proxy:
        stream_and_save(lab, proxy)
        proxy.stop(how)
        assert "streamid: 3 exchanges, 1 stream, no findings" in proxy.log()
        assert f"recording: {proxy.recording}" in proxy.log()
        assert not list(tmp_path.glob("recording.db-*"))
        with Recording(proxy.recording) as recording:
            assert recording.run.closed


def test_what_cannot_be_decided_is_counted_apart(lab: Lab) -> None:
    with Proxy(reverse(lab)) as proxy:
        with (
            logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client,
            client.stream(client.new_session()) as answer,
        ):
            assert answer.content
        proxy.stop()
        assert "streamid: 2 exchanges, 1 stream, no findings" in proxy.log()
        assert "  undecided: CO402 id-not-exposed ×1" in proxy.log()


def test_a_reload_of_the_script_goes_on_with_the_run(lab: Lab, tmp_path: Path) -> None:
    script = copied_checkout(tmp_path / "checkout")
    with Proxy(reverse(lab), script=script, folder=tmp_path / "run") as proxy:
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            session = client.new_session()
            with client.stream(session) as answer:
                pieces = answer.iter_content(64)
                read = next(pieces)
                proxy.reload()
                read += b"".join(pieces)
            assert client.update(session, answer.headers["X-Streaming-Session-Id"]).status_code == 200
        proxy.wait_for("the run goes on")
        assert TRACEBACK not in proxy.log()  # (Python 3.12 prints one of its own when it stops)
        proxy.stop()
        with Recording(proxy.recording) as recording:
            rows = list(recording.exchanges())
            assert [row.outcome for row in rows] == ["complete"] * 3
            assert rows[1].response_size == len(read)


def test_mitmproxys_own_views_show_the_verdict(lab: Lab, tmp_path: Path) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import logging\n"
        "def update(flows):\n"
        "    for flow in flows:\n"
        "        logging.info(f'SPY {flow.request.path} {flow.marked} {flow.comment!r}')\n"
    )
    with Proxy(reverse(lab), scripts=[spy]) as proxy:
        stream_and_save(lab, proxy, wrong="stream-1700000000")
        log = proxy.wait_for(":red_circle:")
    assert re.search(r"SPY /api/chat/sessions/\S+/update-stream :red_circle: .*EC203", log)
    assert re.search(r"SPY /api/chat/sessions/\S+/stream :green_circle: .*issued", log)


def test_fixed_options_cannot_change_while_a_run_is_recorded(lab: Lab, tmp_path: Path) -> None:
    changer = tmp_path / "changer.py"
    changer.write_text(
        "import logging\n"
        "from mitmproxy import ctx, exceptions\n"
        "def request(flow):\n"
        "    try:\n"
        "        ctx.options.update(streamid_record='other.db')\n"
        "    except exceptions.OptionsError as error:\n"
        "        logging.info(f'SPY {error}')\n"
    )
    with Proxy(reverse(lab), scripts=[changer]) as proxy:
        stream_and_save(lab, proxy)
        proxy.wait_for("SPY streamid_record cannot change while a run is recorded")
