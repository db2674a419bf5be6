"""The documents keep their word: links lead somewhere, commands exist, quoted log lines are the real ones."""

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from addons import settings, wording
from addons.banner import banner
from addons.metrics import RunCollector, Source
from addons.tally import Tally
from cli.main import main
from contract.causes import CAUSES
from contract.checker import Checker
from contract.events import Deed, Event, Injection, Message, ResponseHead
from contract.findings import Finding, StreamVerdict
from contract.profile import builtin
from contract.rules import RULES
from recordings.drained import Load, RequestLine
from tests.cli.recorded import record
from tests.cli.streamid import streamid
from tests.contract.build import ID_HEADER, Talk

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SAMPLES = ROOT / "recordings" / "samples"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), SAMPLES / "README.md"]
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]

_FENCE = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?<![\w~./-])(?:\.venv/bin/)?streamid (?=[a-z-])([^|;&)·…\n]+)")
_OPTION = re.compile(r"(?<![\w.])streamid_([a-z][a-z_]*)")
_CODE = re.compile(r"\b((?:ID|EC|CO|SV|SS|HT|HP)\d{3})\b(?: ([a-z]+(?:-[a-z]+)+))?")


QUIET = Source(Tally(), lambda: Load(0, 0, 0, 0, 0), {}, 0.0)
"""What metrics are taken from before anything has passed."""


def text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def code(document: Path) -> Iterator[str]:
    """What a reader may type: inline code, and of fenced blocks the commands without their output."""
    for _, language, block in _FENCE.findall(text(document)):
        lines = block.replace("\\\n", " ").splitlines()
        if language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        yield from lines
    yield from _INLINE.findall(_FENCE.sub("", text(document)))


def commands(document: Path) -> Iterator[list[str]]:
    for line in code(document):
        for match in _COMMAND.findall(line):
            yield shlex.split(match, comments=True)


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as the usual renderers make them."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", text(document)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.replace("`", "")).strip().lower() for title in titles)
    return {title.replace(" ", "-") for title in plain}


def check(command: click.Command, arguments: list[str], context: click.Context) -> None:
    """Raise `click.UsageError` unless `command` has each sub-command and option in `arguments`."""
    if isinstance(command, click.Group):
        name, *rest = arguments or ["--help"]
        if not name.startswith("-"):
            below = command.get_command(context, name)
            if below is None:
                raise click.UsageError(f"no such command: {name}")
            check(below, rest, click.Context(below, parent=context, info_name=name))
            return
    values, _, _ = command.make_parser(context).parse_args(list(arguments))
    for parameter in command.get_params(context):
        given = values.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(given, str):
            parameter.type.convert(given, parameter, context)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = []
    for target in _LINK.findall(_FENCE.sub("", text(document))):
        if "://" in target:
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (document.parent / name).resolve() if name else document
        there = file.is_relative_to(ROOT) and file.exists()
        if not there or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_command_that_is_named_exists_with_its_options(document: Path) -> None:
    wrong = []
    for arguments in commands(document):
        try:
            check(main, arguments, click.Context(main, info_name="streamid"))
        except click.UsageError as error:
            wrong.append(f"streamid {shlex.join(arguments)}: {error.format_message()}")
    assert wrong == []


def test_the_check_of_commands_notices_what_does_not_exist() -> None:
    context = click.Context(main, info_name="streamid")
    for wrong in (
        "nonsense",
        "ls recordings --nonsense",
        "ls recordings --format xml",
        "lab nonsense",
        "proxy --port",
    ):
        with pytest.raises(click.UsageError):
            check(main, wrong.split(), context)


def test_readme_and_getting_started_name_commands_at_all() -> None:
    assert {arguments[0] for arguments in commands(README)} >= {"proxy", "ls", "show", "validate"}
    named = {arguments[0] for arguments in commands(ROOT / "docs" / "getting-started.md")}
    assert named >= {
        "doctor",
        "lab",
        "proxy",
        "ls",
        "show",
        "tail",
        "validate",
        "index",
        "export",
        "addon-path",
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_option_that_is_named_exists(document: Path) -> None:
    metrics = tuple(metric.name.removeprefix(settings.PREFIX) for metric in RunCollector(QUIET).collect())
    named = {name for name in _OPTION.findall(text(document)) if not name.startswith(metrics)}
    # The plugin for pytest is not the add-on: its fixtures and settings are held against its own page.
    plugin = set(_OPTION.findall(text(ROOT / "pytest-streamid" / "pytest_streamid.py")))
    assert named <= set(settings.OPTIONS) | plugin


def test_every_option_has_its_section() -> None:
    titles = re.findall(r"^## streamid_(\w+)$", text(ROOT / "docs" / "options.md"), re.MULTILINE)
    assert titles == list(settings.OPTIONS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_rule_that_is_named_exists_under_its_name(document: Path) -> None:
    for rule, name in _CODE.findall(text(document)):
        assert rule in RULES
        assert name in ("", RULES[rule].name) or name in CAUSES  # drawings have them side by side


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_sample_that_is_named_exists(document: Path) -> None:
    for sample in re.findall(r"recordings/samples/([\w-]+\.db)", text(document)):
        assert (SAMPLES / sample).exists()


def test_the_index_leads_to_every_document() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in _LINK.findall(text(index))}
    assert {*(ROOT / "docs").glob("*.md"), SAMPLES / "README.md"} - {index} <= linked


ISSUED = "stream-1795414620527-5085eae0"
MADE_UP = "stream-1795413638"


def recipe() -> list[Event]:
    """The exchanges that README and getting-started.md show."""
    talk = Talk()
    mismatch = f'{{"message":"Streaming session ID mismatch","details":{{"expected":"{ISSUED}"}}}}'.encode()
    events = talk.exchange("POST", "/api/chat/sessions", status=201, answer=b'{"sessionId":"s1"}')
    events += talk.stream(ISSUED)
    events += talk.update(ISSUED)
    return events + talk.update(MADE_UP, status=400, answer=mismatch)


STRIPPED = "stream-1795562390647-abcb5409"
FABRICATED = "stream-1795562390838-5a38e5d5"


def broken() -> list[Event]:
    """The exchanges that README shows with a fault at work."""
    talk = Talk()
    events = talk.exchange("GET", "/api/health") + talk.create() + talk.exchange("GET", "/api/models")
    events += talk.preflight()
    stream = talk.stream(None, server=((ID_HEADER, STRIPPED),))
    before = next(at for at, event in enumerate(stream) if isinstance(event, ResponseHead)) + 1
    of = 5, 3_340_000, "strip-streaming-id", "strip-header", Message.RESPONSE
    events += stream[:before]
    events.append(Injection(*of, Deed.HIT, "", 1, "each is struck"))
    events.append(Injection(*of, Deed.HEADER, "", 1, ID_HEADER, STRIPPED.encode(), None))
    return [*events, *stream[before:], *talk.refused(FABRICATED), *talk.delete()]


def lines_of_the_log(events: list[Event]) -> list[str]:
    """What the log says of them."""
    talk, checker = Talk(), Checker(builtin("chat"))
    lines = []
    for output in [*(each for event in events for each in checker.feed(event)), *checker.end()]:
        if isinstance(output, Finding):
            target = talk.path("/stream" if output.code == "ID101" else "/update-stream")
            lines.append(wording.finding_line(output, RequestLine("POST", target)))
        elif isinstance(output, StreamVerdict):
            lines.append(wording.stream_line(output))
    hits = (each for each in events if isinstance(each, Injection) and each.deed is Deed.HIT)
    return [*lines, *map(wording.fault_line, hits)]


@pytest.mark.parametrize("name", ["README.md", "docs/getting-started.md"])
def test_the_log_lines_that_are_quoted_are_those_that_the_log_prints(name: str) -> None:
    quoted = re.findall(r"^(?:stream-\S+: |[A-Z]{2}\d{3} |fault ).+$", text(ROOT / name), re.MULTILINE)
    assert f"{ISSUED}: issued (#2), readable by scripts, echoed (#3), accepted (200)" in quoted
    assert len(quoted) >= 4
    assert set(quoted) <= {*lines_of_the_log(recipe()), *lines_of_the_log(broken())}


def test_the_readme_shows_the_banner_that_the_proxy_prints() -> None:
    defaults = {name: option.default for name, option in settings.OPTIONS.items()}
    parsed = settings.parse(defaults, datetime(2026, 11, 23, 6, 16, 59, tzinfo=UTC))
    of = "0.1.0", "12.2.3", ["127.0.0.1:8080 → http://localhost:3002 (reverse)"]
    assert "\n".join(banner(*of, parsed)) in text(README)
    parsed = settings.parse(defaults, datetime(2026, 11, 24, 23, 19, 47, tzinfo=UTC))
    assert "\n".join(banner(*of, parsed, armed=["strip-streaming-id"])) in text(README)


def test_what_the_readme_says_of_a_fault_is_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recordings").mkdir()
    (block,) = re.findall(r"```console\n(\$ streamid faults journal .+?)```", text(README), re.DOTALL)
    shown = re.findall(r"^\$ streamid (.+)\n((?:(?!\$ ).*\n)+)", block, re.MULTILINE)
    assert [arguments.split()[0] for arguments, _ in shown] == ["faults", "validate"]
    record(Path(shown[0][0].split()[2]), broken())
    for arguments, printed in shown:
        assert streamid(*arguments.split()).stdout == printed
