from pathlib import Path

from tests.cli.streamid import finished, streamid

ESCAPE = "\x1b["


def test_colours_come_when_asked_for_and_only_then(chat: Path) -> None:
    assert ESCAPE in streamid("ls", chat, "--color", "always").stdout
    assert ESCAPE in streamid("--color", "always", "ls", chat).stdout
    assert ESCAPE not in streamid("ls", chat, "--color", "never", color=True).stdout
    assert ESCAPE not in streamid("ls", chat).stdout


def test_no_color_is_honoured_where_a_terminal_would_get_colours(chat: Path) -> None:
    for command in ("ls", "show", "validate", "tail"):
        plain = streamid(command, chat, color=True, env={"NO_COLOR": "1"}).stdout
        assert plain
        assert ESCAPE not in plain


def test_an_empty_no_color_says_nothing(chat: Path) -> None:
    assert ESCAPE in streamid("ls", chat, "--color", "always", env={"NO_COLOR": ""}).stdout


def test_the_option_wins_over_the_variable(chat: Path) -> None:
    assert ESCAPE in streamid("ls", chat, "--color", "always", env={"NO_COLOR": "1"}).stdout


def test_a_piped_process_shows_neither_colours_nor_a_progress_bar(chat: Path) -> None:
    code, out, err = finished("validate", chat)
    assert code == 1
    assert ESCAPE not in out
    assert err == ""
