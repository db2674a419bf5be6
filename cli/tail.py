"""`streamid tail`: what happens in a recording, a line for each beginning, end, finding and verdict."""

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.colour import colour_option
from cli.recordings_argument import note, note_state, opened, recording_argument

if TYPE_CHECKING:
    from recordings.reader import Recording
    from replay.following import Follower

PERIOD = 0.25
"""Seconds between two looks at a live recording: its writer commits every 0.1 s."""


@click.command()
@recording_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until the recording is closed, or Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many lines of what has happened already.",
)
@colour_option
def tail(recording: Path, follow: bool, lines: int) -> None:
    """Show what happened last, and with -f what happens.

    One line for each exchange that begins or ends, for each finding, and for each verdict on a stream.

    \b
    Examples:
      streamid tail recordings/20250131T120000Z.db -n 50
      streamid tail -f recordings/20250131T120000Z.db
    """
    from replay.following import Follower

    if not follow:
        with opened(recording) as opened_recording:
            _last(opened_recording, Follower(opened_recording), lines)
        return
    from recordings.reader import Recording

    with Recording(recording) as live:
        follower = Follower(live)
        try:
            _last(live, follower, lines)
            _follow(live, follower)
        except KeyboardInterrupt:
            return
        note_state(recording, live)


def _last(recording: "Recording", follower: "Follower", lines: int) -> None:
    for line in deque(_lines(recording, follower), maxlen=lines):
        click.echo(line)


def _lines(recording: "Recording", follower: "Follower") -> Iterator[str]:
    """Lines for what is new."""
    from cli.rendering.news_lines import news_line

    run = recording.run
    return (news_line(run, each) for each in follower.news())


def _follow(recording: "Recording", follower: "Follower") -> None:
    """Print what is new until the recording is closed; says so where its writer is gone."""
    from recordings.file import alive

    while True:
        run = recording.run
        gone = not run.closed and not alive(run.info.pid)
        for line in _lines(recording, follower):
            click.echo(line)
        if run.closed:
            return
        if gone:
            note(f"process {run.info.pid}, which wrote this recording, is gone")
            return
        time.sleep(PERIOD)
