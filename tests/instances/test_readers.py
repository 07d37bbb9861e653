"""Readers: every number of a file arrives where it belongs, under the layers that the card has."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import placement
from placement.cards import cards
from placement.case.case import dtype_of
from placement.case.schema import TABLES
from placement.errors import OptionError
from placement.instances import FORMATS, read_diaz, read_gap, read_holmberg, read_instance, read_orlib_cap, read_tbed
from placement.instances.casing import PARTS
from tests.instances import writing as w

LOCATION = [name for name in w.FORMATS if name != "gap"]
READERS = {"gap": read_gap, "orlib-cap": read_orlib_cap, "holmberg": read_holmberg, "diaz": read_diaz, "tbed": read_tbed}


@pytest.fixture
def file(tmp_path):
    """``file("gap")`` writes the arrays of :mod:`tests.instances.writing` in a format; other text or bytes may be given."""

    def write(name: str, content: str | bytes | None = None, suffix: str = "") -> Path:
        path = tmp_path / f"{name}{suffix}"
        data = w.text(name) if content is None else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def matrix(case, column):
    """Return a column of ``pairs`` as an array of sites and workloads."""
    sites, workloads = case["sites"]["site"], [*case["jobs"]["job"], *case["services"]["service"]]
    return case["pairs"].pivot(index="site", columns="workload", values=column).loc[sites, workloads].to_numpy()


def test_the_registry_is_complete():
    """Every format has its entry, its reader, an example with its name, and cards that exist."""
    assert set(FORMATS) == set(w.FORMATS) == set(READERS)
    for name, entry in FORMATS.items():
        assert entry.name == name and entry.read is READERS[name] and f"--format {name} " in entry.example and entry.title
        assert entry.models[0] in entry.example and set(entry.models) <= set(cards()) & set(PARTS)


@pytest.mark.parametrize("model", PARTS)
def test_parts_agree_with_the_cards(model):
    """What is taken of a file is what the card has blocks for."""
    blocks, parts = cards()[model].blocks, PARTS[model]
    assert parts.capacity == ("capacity" in blocks)
    assert (parts.opening or parts.counted) == ("siting" in blocks)


def test_gap(file):
    """Jobs, capacities, and the cost and use of each pair."""
    case = read_gap(file("gap"))
    assert case.model == "gap" and set(case.tables) == {"sites", "jobs", "pairs", "capacity"}
    np.testing.assert_array_equal(matrix(case, "cost_musd"), w.COST)
    np.testing.assert_array_equal(matrix(case, "use"), w.USE)
    np.testing.assert_array_equal(case["capacity"]["capacity"], w.CAPACITY)
    assert case["jobs"]["mandatory"].all() and list(case["jobs"]["job"]) == ["w1", "w2", "w3", "w4"] and list(case["sites"]["site"]) == ["s1", "s2", "s3"]


@pytest.mark.parametrize("name", LOCATION)
@pytest.mark.parametrize("model", ["sscflp", "cflp"])
def test_location(name, model, file):
    """All formats say the same: costs of all of a workload, its demand as use at every site, capacities and opening costs."""
    case = READERS[name](file(name), model=model)
    assert set(case.tables) == {"sites", "jobs" if model == "sscflp" else "services", "pairs", "capacity", "siting"}
    np.testing.assert_allclose(matrix(case, "cost_musd"), w.COST)
    np.testing.assert_array_equal(matrix(case, "use"), np.tile(w.DEMAND, (w.M, 1)))
    np.testing.assert_array_equal(case["capacity"]["capacity"], w.CAPACITY)
    np.testing.assert_array_equal(case["siting"]["opening_cost_musd"], w.OPENING)
    assert not case.notes and case.cost_unit == "units" and case.n_periods == 1 and case.discount_rate == 0


@pytest.mark.parametrize("name", LOCATION)
def test_what_the_card_does_not_take_is_said(name, file):
    """Without capacities in the model there is no such table and no use, and a note says so; the same for opening costs."""
    uflp = read_instance(file(name), name, model="uflp")
    assert "capacity" not in uflp and (uflp["pairs"]["use"] == 0).all() and "siting" in uflp
    assert uflp.notes == ("the file's capacities are not part of model uflp",)
    median = read_instance(file(name), name, model="p_median", open_sites=2)
    assert "capacity" not in median and (median["siting"]["opening_cost_musd"] == 0).all() and median.open_sites == 2
    assert len(median.notes) == 1 and "capacities" in median.notes[0] and "opening costs" in median.notes[0]


@pytest.mark.parametrize("name", w.FORMATS)
def test_tables_are_those_of_the_schema(name, file):
    """Every column in the schema's order and type, so that nothing behind the reader can tell where a case came from."""
    case = read_instance(file(name), name)
    for table in case.tables:
        assert list(case[table].columns) == list(TABLES[table].names)
        for column in TABLES[table]:
            assert case[table][column.name].dtype == dtype_of(column), column.name
        assert list(case[table].index) == list(range(len(case[table])))


@pytest.mark.parametrize("name", w.FORMATS)
def test_a_case_folder_of_the_same_tables_is_accepted(name, file, tmp_path):
    """Written out as a case folder, an instance passes every check of ordinary input and gives the same program."""
    case = read_instance(file(name), name)
    folder = tmp_path / "case"
    folder.mkdir()
    keep = {"sites": ["site"], "jobs": ["job", "mandatory"], "services": ["service"]}
    for table, frame in case.tables.items():
        shown = frame[keep.get(table, list(frame.columns))]
        shown.astype({c: int for c in shown if shown[c].dtype == bool}).to_csv(folder / f"{table}.csv", index=False)
    head = f'name = "{case.name}"\nmodel = "{case.model}"\nstart = "2027"\nperiods = 1\nperiod_months = 12\ncost_unit = "units"\n'
    (folder / "case.toml").write_text(head, encoding="utf-8")
    again = placement.read_case(folder)
    for table in case.tables:
        pd.testing.assert_frame_equal(again[table], case[table])


@pytest.mark.parametrize("name", w.FORMATS)
def test_packed_files_and_other_line_breaks(name, file):
    """gzip is recognised by its bytes; line breaks carry no meaning; the hash is that of the unpacked bytes."""
    plain = read_instance(file(name), name)
    packed = read_instance(file(name, gzip.compress(w.text(name).encode(), mtime=0), ".gz"), name)
    one_line = read_instance(file(name, w.text(name).replace("\n", "\r\n\t"), ".b"), name)
    floats = read_instance(file(name, " ".join(f"{float(v)!r}" if "." in repr(float(v)) else v for v in w.text(name).split()), ".c"), name)
    assert plain.sha256 == packed.sha256 == one_line.sha256 == floats.sha256
    assert plain.origin["file_sha256"] == packed.origin["file_sha256"] == hashlib.sha256(w.text(name).encode()).hexdigest() != one_line.origin["file_sha256"]
    assert packed.name == name and plain.origin["format"] == name and Path(plain.origin["file"]).is_absolute()
    json.dumps(dict(plain.origin))


def test_content_makes_the_hash(file):
    """Model, numbers and count of open sites make another case; the name of the file does not."""
    base = read_holmberg(file("holmberg"))
    assert read_holmberg(file("holmberg", None, "-renamed")).sha256 == base.sha256
    others = [
        read_holmberg(file("holmberg"), model="cflp"),
        read_holmberg(file("holmberg"), model="p_median", open_sites=1),
        read_holmberg(file("holmberg"), model="p_median", open_sites=2),
        read_holmberg(file("holmberg", w.text("holmberg").replace("40", "41"), "-changed")),
    ]
    assert len({case.sha256 for case in [base, *others]}) == 5


def test_holmberg_ends_at_the_first_nul(file):
    """Published copies are padded with NUL bytes, and one has stray numbers behind them."""
    text = w.text("holmberg")
    plain = read_holmberg(file("holmberg"))
    for tail in (b"\0" * 300, b"\0\0\0 17 23.\r\n", b"\0text"):
        assert read_holmberg(file("holmberg", text.encode() + tail, ".x")).sha256 == plain.sha256


def test_diaz_ends_at_the_end_of_file_byte(file):
    """One published copy ends as DOS files did."""
    assert read_diaz(file("diaz", w.text("diaz").encode() + b"\x1a\n", ".x")).sha256 == read_diaz(file("diaz")).sha256


@pytest.mark.parametrize("name", w.FORMATS)
def test_padding_says_nothing(name, file):
    """NUL and end-of-file bytes behind the last number are no damage in any format."""
    plain = read_instance(file(name), name)
    for tail in (b"\0\0\0", b"\x1a", b"\r\n\x1a\0 \n"):
        assert read_instance(file(name, w.text(name).encode() + tail, ".x"), name).sha256 == plain.sha256


def test_capacities_left_open(file):
    """The word ``capacity`` is replaced by what is given; without capacities in the model nothing need be given."""
    lines = w.text("orlib-cap").splitlines()
    lines[1:4] = [f" capacity {opening:g}." for opening in w.OPENING]
    path = file("orlib-cap", "\n".join(lines))
    case = read_orlib_cap(path, capacity=12.5)
    assert (case["capacity"]["capacity"] == 12.5).all() and case.origin["capacity"] == 12.5
    np.testing.assert_array_equal(case["siting"]["opening_cost_musd"], w.OPENING)
    assert "capacity" not in read_orlib_cap(path, model="uflp")
    assert "capacity" not in read_orlib_cap(path, model="p_median", open_sites=1)


def test_too_little_capacity_is_noted(file):
    """Holmberg, OR-Library and TBED1 files have as many numbers, so a wrong choice may read; what comes out is odd, and said to be."""
    text = w.text("holmberg").replace("9 30", "1 30").replace("8 25", "1 25").replace("10 0", "1 0")
    assert "less than the demand" in read_holmberg(file("holmberg", text)).notes[0]


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("gab", {}, "Did you mean 'gap'"),
        ("gap", {"model": "cflp"}, "instances of gap"),
        ("tbed", {"model": "placement"}, "instances of sscflp, cflp, uflp, p_median"),
        ("gap", {"capacity": 5.0}, "--capacity is nothing"),
        ("holmberg", {"capacity": 5.0}, "--capacity is nothing"),
        ("gap", {"open_sites": 2}, "--open-sites is nothing"),
        ("orlib-cap", {"capacity": 0.0}, "> 0"),
        ("orlib-cap", {"capacity": math.nan}, "> 0"),
        ("orlib-cap", {"model": "uflp", "capacity": 3.0}, "not part of model uflp"),
        ("tbed", {"open_sites": 2}, "does not fix how many"),
        ("tbed", {"model": "p_median"}, "--open-sites is missing"),
        ("tbed", {"model": "p_median", "open_sites": 0}, "from 1 to 3"),
        ("tbed", {"model": "p_median", "open_sites": 4}, "from 1 to 3"),
    ],
)
def test_options_that_do_not_fit(name, options, word, file):
    """Nothing that is given is ignored, and nothing that is needed is guessed."""
    path = file(name if name in w.FORMATS else "gap")
    with pytest.raises(OptionError, match=word):
        read_instance(path, name, **options)


def best(model: str, open_sites: int | None = None) -> float:
    """Return the optimum for whole workloads by enumeration, from the arrays of the writer alone."""
    found = math.inf
    for sites in product(range(w.M), repeat=w.N):
        used, value = set(sites), sum(w.COST[i, j] for j, i in enumerate(sites))
        use = w.USE if model == "gap" else np.tile(w.DEMAND, (w.M, 1))
        load = [sum(use[i, j] for j in range(w.N) if sites[j] == i) for i in range(w.M)]
        if model in ("gap", "sscflp") and any(load[i] > w.CAPACITY[i] for i in range(w.M)):
            continue
        if open_sites is not None and len(used) > open_sites:
            continue
        found = min(found, value + (sum(w.OPENING[i] for i in used) if model in ("sscflp", "uflp") else 0))
    return found


@pytest.mark.parametrize(("name", "model", "count"), [
    ("gap", "gap", None), ("diaz", "sscflp", None), ("tbed", "uflp", None), ("orlib-cap", "uflp", None), ("holmberg", "p_median", 1), ("tbed", "p_median", 2),
])  # fmt: skip
def test_the_optimum_is_that_of_the_enumeration(name, model, count, file):
    """Through the ordinary path, checker included. Where nothing limits them, divisible workloads go whole to their cheapest site."""
    plan = placement.solve(read_instance(file(name), name, model=model, open_sites=count), time_limit_s=20, rel_gap=1e-9)
    assert plan.status == "optimal" and plan.verdict is not None and plan.verdict.ok
    assert plan.objective == pytest.approx(best(model, count))


def test_a_million_pairs_are_read_quickly(file):
    """500 x 500 takes about 0.2 s here; the limit leaves room for slow machines."""
    m = 500
    rng = np.random.default_rng(0)
    body = rng.random(2 * m + m + m * m).round(6) + 1
    path = file("tbed", f"{m} {m}\n" + " ".join(map(str, body)))
    began = time.perf_counter()
    case = read_tbed(path)
    assert time.perf_counter() - began < 3
    assert len(case["pairs"]) == m * m
