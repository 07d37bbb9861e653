"""Mistakes that a new user makes: each is told once, with table, column, rows, rule and way out, in 80 columns."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from placement.cli import main
from placement.errors import ExitCode, Problem
from placement.telling import told, visible

ROOT = Path(__file__).resolve().parent.parent.parent
Mistake = Callable[[Path], object]
US_SITE = "camp-openai-stargate-abilene"


def cells(file: str, column: str, change: Callable[[str], str], rows: slice = slice(None)) -> Mistake:
    """Return the mistake of changing the cells of a column."""

    def make(folder: Path) -> None:
        head, *body = list(csv.reader((folder / file).open(encoding="utf-8", newline="")))
        for row in body[rows]:
            row[head.index(column)] = change(row[head.index(column)])
        with (folder / file).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([head, *body])

    return make


def text(file: str, old: str, new: str) -> Mistake:
    """Return the mistake of writing one text in place of another, everywhere in a file."""

    def make(folder: Path) -> None:
        before = (folder / file).read_text(encoding="utf-8")
        assert old in before
        (folder / file).write_text(before.replace(old, new), encoding="utf-8")

    return make


def swapped(folder: Path) -> None:
    """Exchange latitude and longitude."""
    before = (folder / "sites.csv").read_text(encoding="utf-8")
    (folder / "sites.csv").write_text(before.replace("lat_deg,lon_deg", "lon_deg,lat_deg"), encoding="utf-8")


def as_bytes(file: str, change: Callable[[bytes], bytes]) -> Mistake:
    """Return the mistake of saving a file in another form."""
    return lambda folder: (folder / file).write_bytes(change((folder / file).read_bytes()))


def old_code_page(data: bytes) -> bytes:
    """Return the table with one name in Windows-1252, as old spreadsheets save it."""
    return data.replace(f"{US_SITE},".encode(), f"{US_SITE},S\u00e3o ".encode("cp1252"), 1)


#: What was done, and what must be read.
MISTAKES: dict[str, tuple[Mistake, tuple[str, ...]]] = {
    "a typo in a column": (text("halls.csv", "it_mw", "it_mv"), ("halls: column 'it_mv'", "which lacks 'it_mw'", "halls.csv line 1", "Did you mean 'it_mw'?")),
    "kW in place of MW": (
        cells("halls.csv", "it_mw", lambda v: str(float(v) * 1000)),
        (
            "column 'it_mw' must be between 0.001 and 10000 MW",
            "e-liq (halls.csv line 2): 368600.0",
            "and 9 more: lines 7-15",
            "-> Correct the number and check that its unit is MW.",
        ),
    ),
    "$ in place of M$": (
        cells("halls.csv", "capex_musd", lambda v: str(float(v) * 1e6)),
        ("column 'capex_musd'", "M$ (construction cost)", "check that its unit is M$"),
    ),
    "a date behind the horizon": (
        text("demand.csv", "2027Q1", "2031Q1"),
        ("demand: column 'period' must lie within the horizon 2026Q4 to 2028Q1", "and 18 more: lines 18-23, 79-89, 135", "case.toml"),
    ),
    "an unknown site": (
        cells("grid.csv", "site", lambda v: v.replace("abilene", "abeline")),
        ("grid: column 'site' must be in sites", "(grid.csv line 4)", f"Did you mean '{US_SITE}'?"),
    ),
    "a key twice": (
        lambda d: (d / "grid.csv").open("a").write((d / "grid.csv").read_text().splitlines()[1]),
        ("grid: column 'site/tier' must be unique", "(grid.csv line 2)", "(grid.csv line 17)", "Merge the rows"),
    ),
    "negative MW": (cells("grid.csv", "mw", lambda v: f"-{v}", slice(1)), ("column 'mw' must be between 0.001", "(grid.csv line 2): -442.0")),
    "latitude and longitude swapped": (swapped, ("sites: column 'lat_deg'", "are latitude and longitude swapped?", f"{US_SITE} (sites.csv line 3): -99.7331")),
    "a table forgotten": (lambda d: (d / "tariffs.csv").unlink(), ("tariffs is not in the folder and is needed", "grid", "Add tariffs.csv")),
    "a table of nearly the right name": (
        lambda d: (d / "job_skus.csv").rename(d / "jobs_skus.csv"),
        ("jobs_skus.csv is not a table", "Did you mean 'job_skus.csv'?"),
    ),
    "a country that is none": (
        cells("sites.csv", "country", lambda v: "USA" if v == "US" else v),
        ("sites: column 'country' must be an ISO 3166-1 alpha-2 code", "line 3): USA", "two capital letters"),
    ),
    "another currency": (
        text("case.toml", 'start = "', 'cost_unit = "EUR"\nstart = "'),
        ("case.toml: key 'cost_unit' has no effect", "all money is M$", "Remove the key"),
    ),
    "80 per cent as 80": (
        cells("ppas.csv", "take_share", lambda v: "80", slice(1)),
        ("ppas: column 'take_share' must be between 0 and 1", "): 80", "80 % is 0.8"),
    ),
    "9 per cent as 9": (text("case.toml", "discount_rate = 0.09", "discount_rate = 9"), ("case.toml: key 'discount_rate'", "(0.08 is 8 %)", "not 9")),
    "decimal commas": (
        cells("sites.csv", "pue", lambda v: v.replace(".", ",")),
        ("sites: column 'pue' must be a finite decimal number", "(sites.csv line 2): 1,199", "A comma is no decimal"),
    ),
    "decimal commas without quotes": (
        as_bytes("halls.csv", lambda b: b.replace(b"368.6", b"368,6")),
        ("halls has rows without exactly the", "(halls.csv line 2,", "decimals", "with a point (1.5)"),
    ),
    "semicolons": (as_bytes("sites.csv", lambda b: b.replace(b",", b";")), ("sites is not separated by commas", "sites.csv line 1", "points in decimals")),
    "another code page": (as_bytes("sites.csv", old_code_page), ("sites is not UTF-8 text", "sites.csv line 3", "CSV UTF-8")),
    "blanks behind ids": (cells("jobs.csv", "job", lambda v: f"{v} "), ("jobs: column 'job' must not begin or end with a blank", "and 15 more: lines 7-21")),
    "numbers with units": (cells("grid.csv", "mw", lambda v: f"{v} MW"), ("grid: column 'mw' must be a finite decimal number", "): 442.0 MW", "units")),
    "quarters written otherwise": (text("demand.csv", "2027Q1", "Q1 2027"), ("must be a label of a 3-month period", "Write it like 2027Q3, not 'Q1 2027'")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_once_and_can_be_mended(name, tmp_path, capsys):
    """What is read names the place and the way out, fits a terminal, and no other problem is told."""
    folder = Path(shutil.copytree(ROOT / "data" / "frontier-small", tmp_path / "my-case"))
    make, words = MISTAKES[name]
    make(folder)
    assert main(["validate", str(folder)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    flat = " ".join(shown.out.split())
    for word in words:
        assert " ".join(word.split()) in flat, shown.out
    assert shown.err == "1 problem(s)\n", shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    assert shown.out.count("  -> ") == 1


HARMLESS: dict[str, Mistake] = {
    "a byte order mark": as_bytes("sites.csv", lambda b: b"\xef\xbb\xbf" + b),
    "Windows line ends": as_bytes("sites.csv", lambda b: b.replace(b"\n", b"\r\n")),
    "commas at line ends": as_bytes("sites.csv", lambda b: b.replace(b"\n", b",,\n")),
    "rows of commas": as_bytes("sites.csv", lambda b: b + b",,,,,,,,,,,,\n,,,\n"),
    "remarks above the header": as_bytes("sites.csv", lambda b: b'# sites, as of May,,\n"# said ""so"", really",,\r\n' + b),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_spreadsheets_leave_behind_is_harmless(name, tmp_path):
    """The case is what it was; lines are still counted as an editor counts them."""
    from placement.case import read_case

    folder = Path(shutil.copytree(ROOT / "data" / "frontier-small", tmp_path / "my-case"))
    before = read_case(folder).sha256
    HARMLESS[name](folder)
    assert read_case(folder).sha256 == before


def test_lines_are_counted_below_remarks(tmp_path):
    """A row keeps the number that an editor shows."""
    folder = Path(shutil.copytree(ROOT / "data" / "three-sites", tmp_path / "my-case"))
    halls = (folder / "halls.csv").read_text(encoding="utf-8").replace("beta,h1,,20", "beta,h1,,-20")
    (folder / "halls.csv").write_text("# one\n# two\n" + halls, encoding="utf-8")
    from placement.case import read_case
    from placement.errors import DataError

    with pytest.raises(DataError, match=r"beta/h1 \(halls.csv line 5\): -20"):
        read_case(folder)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (cells("job_skus.csv", "units", lambda v: "20000000", slice(1)), ("nothing can ever serve job claude-3-7-sonnet", "is too small (size), 7 options")),
        (
            cells("services.csv", "slo_rtt_ms", lambda v: "1", slice(1)),
            ("nothing can ever serve service chat:", "too far from the users for the latency limit (latency)"),
        ),
    ],
    ids=["a job too big for any hall", "an SLO that cannot be reached"],
)
def test_what_can_never_be_served_is_noted(mistake, words, tmp_path, capsys):
    """It is no mistake in the tables, and no plan would tell it as plainly; the case as it ships has no such note about them."""
    folder = Path(shutil.copytree(ROOT / "data" / "frontier-small", tmp_path / "my-case"))
    assert main(["validate", str(folder)]) == ExitCode.OK
    assert words[0] not in " ".join(capsys.readouterr().out.split())
    mistake(folder)
    assert main(["validate", str(folder)]) == ExitCode.OK
    shown = capsys.readouterr().out
    for word in words:
        assert word in " ".join(shown.split()), shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_same_mistake_in_several_columns_is_told_once():
    """Problems of a table with the same rule become one; tables keep together, in the order of their first problem."""
    rule, remedy = "must be a finite decimal number", "write a point"
    lines = told(
        [
            Problem("sites", "pue", rule, remedy, ("a (sites.csv line 2): 1,1",)),
            Problem("halls", "it_mw", rule, remedy, ("h (halls.csv line 2): 2,1",)),
            Problem("sites", "heat_mw", rule, remedy, ("a (sites.csv line 2): 9,1",)),
        ]
    )
    assert lines == [
        "sites: columns 'pue', 'heat_mw' must be a finite decimal number",
        "    a (sites.csv line 2): 1,1",
        "    a (sites.csv line 2): 9,1",
        "  -> write a point",
        "",
        "halls: column 'it_mw' must be a finite decimal number",
        "    h (halls.csv line 2): 2,1",
        "  -> write a point",
    ]


@pytest.mark.parametrize("evil", ["\x1b[2J", "\r", "\x07", "\u202e", "\u2066", "\x9b31m", "\u200b"])
def test_nothing_in_an_id_moves_the_terminal(evil, tmp_path, capsys):
    """Escape sequences, direction overrides and invisible characters are shown, not obeyed."""
    folder = Path(shutil.copytree(ROOT / "data" / "three-sites", tmp_path / "my-case"))
    sites = (folder / "sites.csv").read_text(encoding="utf-8")
    (folder / "sites.csv").write_text(sites.replace("alpha,Alpha", f'"al{evil}pha",Alpha'), encoding="utf-8", newline="")
    assert main(["validate", str(folder)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert evil not in (shown.out + shown.err) and visible(evil) in shown.out


@pytest.mark.parametrize(
    ("also", "says"),
    [
        (lambda folder: None, "US-TX/2026Q4/base"),
        (text("sites.csv", ",US-WI,", ",US-WX,"), "US-TX/2026Q4/base"),  # a site whose zone has no tariff at all
        (text("tariffs.csv", "US-VA,2027Q1,peak", "US-VA,2027-1,peak"), "US-TX: 17 rows for 6 periods x 3 blocks"),
        (lambda d: (d / "tariffs.csv").open("a").write((d / "tariffs.csv").read_text().splitlines()[1] + "\n"), "US-TX/2026Q4/base"),
    ],
    ids=["alone", "beside an unknown zone", "beside a wrong period", "beside a row that is there twice"],
)
def test_a_missing_tariff_is_told_beside_other_mistakes(tmp_path, capsys, also, says):
    """Whatever else is wrong, the row that is missing is told in the same run, once."""
    folder = Path(shutil.copytree(ROOT / "data" / "frontier-small", tmp_path / "case"))
    rows = (folder / "tariffs.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "tariffs.csv").write_text("".join(r for r in rows if not r.startswith("US-TX,2026Q4,base,")), encoding="utf-8")
    also(folder)
    assert main(["validate", str(folder)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out.count("must be complete for the zones of sites") == 1 and says in shown.out
    assert shown.out.count("US-TX") == 1
