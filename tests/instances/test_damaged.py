"""Damaged files: each is refused with the file, what was expected, the place and a remedy; never a crash, never a silent reading."""

from __future__ import annotations

import gzip
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placement.errors import DataError, OptionError
from placement.instances import FORMATS, read_instance
from tests.instances import writing as w


def refused(path, name, **options):
    """Return the message of the one problem that a file has."""
    with pytest.raises(DataError) as raised:
        read_instance(path, name, **options)
    (problem,) = raised.value.problems
    assert problem.table == str(path) and problem.rule and problem.remedy
    return str(problem)


@pytest.fixture
def broken(tmp_path):
    """``broken("gap", content)`` returns the message about a file of that content."""

    def message(name: str, content: str | bytes, **options: object) -> str:
        path = tmp_path / "file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return refused(path, name, **options)

    return message


def replaced(name: str, place: int, token: str) -> str:
    """Return the file of a format with one number replaced; ``place`` counts from 0, the sizes included."""
    tokens = w.text(name).split()
    return "\n".join([*tokens[:place], token, *tokens[place + 1 :]])


@pytest.mark.parametrize("name", w.FORMATS)
def test_every_truncation(name, broken):
    """Cut off behind any number, the file ends too soon; what lacks first is named."""
    tokens = w.text(name).split()
    for keep in range(2, len(tokens)):
        message = broken(name, " ".join(tokens[:keep]))
        assert "ends too soon" in message and f"{keep - 2} numbers follow" in message
    assert "is empty" in broken(name, "") and "is empty" in broken(name, " \n\t") and "single number" in broken(name, tokens[0])


@pytest.mark.parametrize("name", w.FORMATS)
def test_extra_numbers(name, broken):
    """One number too many is one too many."""
    assert "goes on too long" in broken(name, w.text(name) + " 1")


@pytest.mark.parametrize(("name", "sizes", "word"), [
    ("gap", "0 4", "number of sites"), ("gap", "3 0", "number of workloads"), ("diaz", "0 3", "number of workloads"), ("diaz", "4 0", "number of sites"),
    ("tbed", "-3 4", "number of sites"), ("tbed", "3.5 4", "number of sites"), ("holmberg", "3 1e300", "number of workloads"),
    ("holmberg", "1e9 1e9", "number of sites"), ("orlib-cap", "4 3", "ends too soon|goes on too long"), ("gap", "1000000 1000000", "ends too soon"),
])  # fmt: skip
def test_wrong_sizes(name, sizes, word, broken):
    """Sizes that are no sizes, and sizes that do not fit the rest; nothing is allocated for them."""
    tokens = w.text(name).split()
    message = broken(name, " ".join([*sizes.split(), *tokens[2:]]))
    assert any(part in message for part in word.split("|"))


@pytest.mark.parametrize("name", w.FORMATS)
@pytest.mark.parametrize("token", ["x", "12a", "1_000", "nan", "inf", "-inf", "1,5", "0x10", "--1", "1e", ".", "١٢", "capacities"])
def test_what_is_no_number(name, token, broken):
    """The number is told by its count and its line, which is its count here."""
    message = broken(name, replaced(name, 7, token))
    assert "number 8 (line 8)" in message and "is not a number" in message


@pytest.mark.parametrize("name", w.FORMATS)
def test_a_number_beyond_all_bounds(name, broken):
    """Digits that a float cannot hold are not taken for infinity."""
    assert "number 6 (line 6)" in broken(name, replaced(name, 5, "1e999"))


@pytest.mark.parametrize(("name", "place", "words"), [
    ("gap", 3, ("cost", "workload w2 at site s1: -1")), ("gap", 2 + 12 + 5, ("use", "workload w2 at site s2: -1")), ("gap", -1, ("capacity", "site s3: -1")),
    ("orlib-cap", 2, ("capacity", "site s1: -1")), ("orlib-cap", 5, ("opening cost", "site s2: -1")), ("orlib-cap", 8, ("demand", "workload w1: -1")),
    ("orlib-cap", 14, ("cost", "workload w2 at site s2: -1")), ("holmberg", 8, ("demand", "workload w1: -1")),
    ("diaz", 3, ("cost", "workload w1 at site s2: -1")), ("diaz", 14, ("demand", "workload w1: -1")), ("diaz", 18, ("opening cost", "site s1: -1")),
    ("diaz", -1, ("capacity", "site s3: -1")), ("tbed", 6, ("capacity", "site s1: -1")), ("tbed", -1, ("cost", "workload w4 at site s3: -5")),
])  # fmt: skip
def test_negative_numbers(name, place, words, broken):
    """No published file has them; the message says what the number is."""
    message = broken(name, replaced(name, place % len(w.text(name).split()), "-1"))
    assert all(word in message for word in words), message


def test_zero_and_huge_capacities(broken):
    """A site that can hold nothing, or that no capacity limits, is not what a capacity means."""
    assert "capacity" in broken("holmberg", replaced("holmberg", 2, "0"))
    assert "capacity" in broken("holmberg", replaced("holmberg", 2, "1e12"))


def test_several_kinds_of_wrong_numbers_are_told_together(tmp_path):
    """One problem per field."""
    path = tmp_path / "file"
    path.write_text(w.text("gap").replace("10 24", "-10 -24").replace("9 8 10", "9 -8 10"), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_instance(path, "gap")
    assert [p.rule.split("(")[1].split(")")[0] for p in raised.value.problems] == ["cost", "capacity"]


@pytest.mark.parametrize(("is_", "read_as"), [("gap", "diaz"), ("gap", "holmberg"), ("diaz", "tbed"), ("diaz", "gap"), ("holmberg", "gap"), ("tbed", "diaz")])
def test_the_wrong_format(is_, read_as, broken):
    """Where only another format has as many numbers, it is named."""
    message = broken(read_as, w.text(is_))
    assert f"--format {is_}" in message or f"or {is_}" in message


def test_open_capacities(broken):
    """The word stands for capacities only, must be filled, and there must be something to fill."""
    lines = w.text("orlib-cap").splitlines()
    lines[1] = "capacity 30"
    assert "leaves 1 capacities open" in broken("orlib-cap", "\n".join(lines)) and "--capacity" in broken("orlib-cap", "\n".join(lines))
    assert "Leave --capacity out" in broken("orlib-cap", w.text("orlib-cap"), capacity=5.0)
    lines[2] = "8 capacity"
    assert "opening cost of site s2" in broken("orlib-cap", "\n".join(lines), capacity=5.0)
    assert "not a number" in broken("orlib-cap", w.text("orlib-cap").replace("3 4", "capacity 4", 1), capacity=3.0)
    assert "not a number" in broken("holmberg", "\n".join(lines))


def test_binary_files(broken, tmp_path):
    """Something else than text: NUL bytes where the format has none, archives, half a gzip."""
    assert "0x00" in broken("gap", w.text("gap").encode() + b"\0\0 5")
    assert "0x1a" in broken("holmberg", w.text("holmberg").encode().replace(b"10 24", b"10\x1a24"))
    assert "no" in broken("gap", b"PK\x03\x04\x14\x00\x00\x00")
    packed = gzip.compress(w.text("tbed").encode())
    assert "cannot be read" in broken("tbed", packed[:-12]) and "cannot be read" in broken("tbed", packed[:20] + b"??" + packed[22:])
    assert "not a number" in broken("tbed", b"\xff\xfe3 4")


def test_files_that_are_none(tmp_path):
    """Paths that lead nowhere, to a folder, to what may not be read."""
    assert "does not exist" in refused(tmp_path / "nosuch", "gap")
    assert "is a folder" in refused(tmp_path, "gap")
    assert "cannot be read" in refused(tmp_path / "a\0b", "gap")
    if os.name == "posix" and os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.write_text(w.text("gap"), encoding="utf-8")
        closed.chmod(0)
        assert "cannot be read" in refused(closed, "gap")


def survives(path, name: str, content: bytes) -> None:
    """Read whatever it is: a sound case or an error of ours."""
    path.write_bytes(content)
    try:
        case = read_instance(path, name)
    except (DataError, OptionError):
        return
    assert (case["pairs"][["cost_musd", "use"]].to_numpy() >= 0).all() and (case["capacity"]["capacity"] > 0).all()
    assert len(case["pairs"]) == len(case["sites"]) * (len(case["jobs"]) + len(case["services"]))


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


@FUZZ
@given(name=st.sampled_from(sorted(FORMATS)), content=st.binary(max_size=200))
def test_any_bytes(name, content, tmp_path):
    """Rubbish is refused."""
    survives(tmp_path / "file", name, content)


@FUZZ
@given(data=st.data(), name=st.sampled_from(sorted(FORMATS)))
def test_any_edit(data, name, tmp_path):
    """A sound file with a few bytes changed, removed or put in is read as what it then says, or refused."""
    content = bytearray(w.text(name).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        new = data.draw(st.one_of(st.binary(max_size=3), st.text("0123456789.-e \n", max_size=3).map(str.encode)))
        content[place : place + data.draw(st.integers(0, 3))] = new
        if not content:
            break
    survives(tmp_path / "file", name, bytes(content))
