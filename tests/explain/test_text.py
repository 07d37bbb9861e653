"""Tables for a terminal: 80 columns, and nothing lost."""

from __future__ import annotations

import pytest

from placement.explain.text import WIDTH, folded, text_table

LONG = ["camp-openai-stargate-abilene", "camp-openai-stargate-abilene-f2", "100 more Gbit/s on every link, module and wave of the whole network at once"]


def columns(lines: list[str], heads: list[str]) -> list[str]:
    """Return what stands in the text column that begins at each heading, joined over the rows."""
    starts = [lines[0].index(h) for h in heads]
    return ["".join(line[a:b].strip() for line in lines[1:]) for a, b in zip(starts, [*starts[1:], None], strict=True)]


@pytest.mark.parametrize("repeats", [1, 3])
def test_no_letter_is_lost(repeats):
    """Texts that are too long go on in the next line, ids too: rows that differ at their ends stay different."""
    rows = [[text, text, 1234.5] for text in LONG * repeats]
    lines = text_table(["what", "where", "M$"], rows)
    assert max(map(len, lines)) <= WIDTH and ".." not in "".join(lines)
    for found in columns([line[: lines[0].index("M$") - 3] for line in lines], ["what", "where"]):
        assert found.replace(" ", "") == "".join(LONG * repeats).replace(" ", "")


def test_narrow_tables_are_left_alone():
    """One line per row where all fits; numbers stand to the right and are never folded."""
    assert text_table(["site", "M$"], [["oslo", 1.5], ["rio", -20.0]]) == ["site   M$", "oslo  1.5", "rio   -20"]
    wide = text_table(["what", *(f"number {i}" for i in range(6))], [["a text of some words", *(123456.0 + i for i in range(6))]])
    assert [line.split()[-6:] for line in wide if "123,4" in line] == [[f"123,{456 + i}" for i in range(6)]]


def test_words_are_broken_last_of_all():
    """A text is folded at blanks and joints; a word only where it is longer than the line."""
    assert folded("reg-azure-eastus", 10) == ("reg-azure-", "eastus")
    assert folded("abcdefgh", 5) == ("abcde", "fgh") and folded("", 5) == ("",)
