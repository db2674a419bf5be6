"""One judge: what was found live, and is stored beside its exchange, is what the recording gives again."""

from pathlib import Path

from contract.checker import Checker
from contract.findings import Finding, StreamVerdict
from contract.profile import Profile
from recordings.decoding import DECODERS
from recordings.reader import Recording

type Judged = tuple[list[Finding], list[StreamVerdict]]


def found_live(path: Path) -> Judged:
    """What the proxy's own checker concluded, in order."""
    with Recording(path) as recording:
        return list(recording.findings()), list(recording.verdicts())


def found_offline(path: Path) -> Judged:
    """What a new checker concludes from the recorded events, in order."""
    findings: list[Finding] = []
    verdicts: list[StreamVerdict] = []
    with Recording(path) as recording:
        info = recording.run.info
        checker = Checker(Profile.from_toml(info.profile_toml, info.profile_name), decoders=DECODERS)
        outputs = [output for event in recording.events() for output in checker.feed(event)]
        # A run that was killed has no end; what only its end decides was never said live either.
        if recording.run.closed:
            outputs += checker.end()
    for output in outputs:
        match output:
            case Finding():
                findings.append(output)
            case StreamVerdict():
                verdicts.append(output)
    return findings, verdicts


def assert_live_equals_offline(path: Path) -> Judged:
    """Compare, and return what both have found."""
    live, offline = found_live(path), found_offline(path)
    assert live[0] == offline[0]
    assert live[1] == offline[1]
    return live
