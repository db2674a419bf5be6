from cli.rendering.columns import LOOKED_AT, Cell, Column, table

COLUMNS = (Column("#", right=True, least=3), Column("path", flexible=True), Column("status"))


def rows(*paths: str) -> list[list[Cell]]:
    return [[Cell(str(number)), Cell(path), Cell("200")] for number, path in enumerate(paths, 1)]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert list(table(COLUMNS, rows("/a", "/abcdef"), None)) == [
        "\x1b[90m  #\x1b[0m  \x1b[90mpath   \x1b[0m  \x1b[90mstatus\x1b[0m",
        "  1  /a       200",
        "  2  /abcdef  200",
    ]


def test_a_flexible_column_gives_way_on_a_narrow_terminal() -> None:
    _, line = table(COLUMNS, rows("/" + "x" * 100), 40)
    assert line == "  1  /" + "x" * 25 + "…  200"
    _, line = table(COLUMNS, rows("/" + "x" * 100), 10)
    assert line == "  1  /" + "x" * 10 + "…  200"


def test_characters_of_double_width_keep_the_columns_straight() -> None:
    _, wide, narrow = table(COLUMNS, rows("/中文", "/abcd"), None)
    assert wide == "  1  /中文  200"
    assert narrow == "  2  /abcd  200"


def test_rows_beyond_those_that_were_looked_at_are_printed_whole() -> None:
    *_, last = table(COLUMNS, rows(*["/a"] * LOOKED_AT, "/abcdefghi"), None)
    assert last == f"{LOOKED_AT + 1}  /abcdefghi  200"


def test_each_word_of_a_cell_can_have_a_colour_of_its_own_also_when_it_is_cut() -> None:
    words = {"EC202": "cyan", "EC203": "red"}
    columns = (Column("findings", flexible=True),)
    cells = [[Cell("EC202 EC203 ID101 EC203", words=words)]]
    _, whole = table(columns, cells, None)
    assert whole == "\x1b[36mEC202\x1b[0m \x1b[31mEC203\x1b[0m ID101 \x1b[31mEC203\x1b[0m"
    _, cut = table(columns, cells, 22)
    assert cut.endswith(" ID101 \x1b[36mEC2…\x1b[0m")  # the first code that begins so
