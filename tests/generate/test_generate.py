"""Generated cases: sound, marked, reproducible, and as tight as what they are made from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placement.case import Case, read_case
from placement.cli import GENERATED, main
from placement.errors import DataError, ExitCode, OptionError
from placement.generate import SIZES, Size, balance, generate, generate_into
from placement.generate.draw import Calendar, Draw
from placement.program import assemble, build_sides
from tests.conftest import ROOT
from tests.layers.small import edited, small_case

FRONTIER, TINY = ROOT / "data" / "frontier", ROOT / "data" / "three-sites"


@pytest.fixture(scope="module")
def frontier() -> Case:
    """What cases are made from."""
    return read_case(FRONTIER)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the size S."""
    folder = tmp_path_factory.mktemp("generated") / "s"
    generate_into(FRONTIER, folder, SIZES["S"], seed=5)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_same_seed_same_bytes(small, tmp_path):
    """And another seed another case."""
    generate_into(FRONTIER, tmp_path / "again", SIZES["S"], seed=5)
    assert content(small) == content(tmp_path / "again")
    generate_into(FRONTIER, tmp_path / "other", SIZES["S"], seed=6)
    changed = {name for name, text in content(tmp_path / "other").items() if text != content(small).get(name)}
    assert {"jobs.csv", "sites.csv", "demand.csv", "case.toml"} <= changed


def test_every_row_says_that_it_is_generated(small):
    """Nobody may take a row for a fact; case.toml names source and seed."""
    for file in small.glob("*.csv"):
        notes = pd.read_csv(file)["note"]
        assert notes.str.startswith("generated (seed 5): ").all(), file.name
    settings = tomllib.loads((small / "case.toml").read_text(encoding="utf-8"))
    assert "seed 5" in settings["note"] and read_case(FRONTIER).sha256 in settings["note"]
    assert not set(read_case(small)["sites"]["site"]) & set(read_case(FRONTIER)["sites"]["site"])


def test_numbers_are_those_of_the_size(small):
    """Rows of the leading tables, and periods."""
    case, size = read_case(small), SIZES["S"]
    assert {name: case.n_periods if name == "periods" else len(case[name]) for name in GENERATED} == {n: getattr(size, n) for n in GENERATED}
    program, _ = assemble(build_sides(case))
    assert program.sizes["columns"] > 10_000


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("size", [SIZES["S"], Size(jobs=700, sites=60, periods=15, skus=11, services=13, metros=70)])
def test_proportions_are_those_of_the_base(frontier, size, seed):
    """What was scarce is scarce again: chips, training, inference, capital and fibre against the IT power of the halls."""
    case = generate(frontier, size, seed)
    old, new = _proportions(frontier), _proportions(case)
    np.testing.assert_allclose(new[:-1], old[:-1], rtol=0.02)  # units are whole
    np.testing.assert_allclose(new[-1], old[-1], rtol=0.15)  # grid power follows its sites


def _proportions(case: Case) -> list[float]:
    t, n = case.__getitem__, case.n_periods
    halls = balance.hall_mw(t)
    scarce = [balance.offered_mw(t), balance.training_mw(t, n), balance.inference_mw(t, n)]
    budget, fibre = t("budget")["capex_musd"].sum() / balance.spendable_musd(t), t("links")["gbps"].sum() / balance.refresh_gbps(t, n)
    return [mw / halls for mw in scarce] + [budget, fibre, t("grid")["mw"].sum() / halls]


@pytest.mark.parametrize(
    ("base", "size"),
    [
        (TINY, Size()),
        (TINY, Size(jobs=15, sites=7, periods=9, skus=3, metros=4)),
        (FRONTIER, Size(jobs=5, sites=2, periods=2, skus=1, services=1, metros=1)),
        (FRONTIER, Size(jobs=1, sites=1, periods=1, skus=9, services=9, metros=90)),
        (ROOT / "data" / "frontier-small", Size(jobs=30, sites=50, periods=20, skus=12)),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_any_size_is_a_sound_case(base, size, seed, tmp_path):
    """`generate_into` reads back what it wrote: no problem, nothing without effect."""
    case = generate_into(base, tmp_path / "case", size, seed)
    for name, n in size.of(read_case(base)).items():
        assert n == (case.n_periods if name == "periods" else len(case[name]))


def test_a_generated_case_can_be_solved(tmp_path):
    """To a plan that the checker accepts."""
    import placement

    case = generate_into(TINY, tmp_path / "case", Size(jobs=6, sites=4), seed=1)
    plan = placement.solve(case, time_limit_s=20)
    assert plan.tables and plan.verdict is not None and plan.verdict.ok


def test_refusals_write_nothing(tmp_path):
    """A folder in use, nothing to draw from, numbers out of range."""
    used = tmp_path / "used"
    used.mkdir()
    (used / "file").touch()
    with pytest.raises(DataError, match="not an empty folder"):
        generate_into(TINY, used, Size())
    with pytest.raises(OptionError, match="seed"):
        generate_into(TINY, tmp_path / "new", Size(), seed=-1)
    with pytest.raises(OptionError, match=r"jobs must be in \[1, 1000000\], got 0; sites must be"):
        Size(jobs=0, sites=-1)
    with pytest.raises(OptionError, match="would be of use to no job or service"):
        generate(read_case(TINY), Size(jobs=1, sites=7, skus=12, services=1), seed=313)
    lonely = Case(name="lonely", n_periods=1, tables={"sites": read_case(TINY)["sites"]})
    with pytest.raises(OptionError, match="no halls, skus"):
        generate(lonely, Size())
    with pytest.raises(OptionError, match="jobs: the case lonely has none"):
        Size(jobs=4).of(lonely)
    with pytest.raises(OptionError, match="services: none of the base's fits"):
        generate(read_case(TINY), Size(sites=48, periods=14, skus=1, services=6), seed=929)
    assert [p.name for p in tmp_path.iterdir()] == ["used"]


def test_command(tmp_path, capsys):
    """Numbers replace those of a named size; what is wrong ends with the exit codes of all commands."""
    out = tmp_path / "new" / "case"
    assert (
        main(["generate", str(TINY), str(out), "--size", "S", "--jobs", "7", "--sites", "4", "--services", "2", "--metros", "3", "--seed", "3"]) == ExitCode.OK
    )
    assert "three-sites-7x4x8x3-seed3" in capsys.readouterr().out
    assert len(read_case(out)["jobs"]) == 7
    assert main(["validate", str(out)]) == ExitCode.OK
    assert main(["generate", str(TINY), str(out)]) == ExitCode.BAD_INPUT
    assert main(["generate", str(TINY), str(tmp_path / "other"), "--jobs", "0"]) == ExitCode.USAGE
    assert main(["generate", str(tmp_path / "nosuch"), str(tmp_path / "other")]) == ExitCode.BAD_INPUT
    with pytest.raises(SystemExit):
        main(["generate", str(TINY), str(tmp_path / "other"), "--size", "XS"])
    assert all(name in capsys.readouterr().err for name in ["S"]) and tuple(SIZES) == ("S", "M", "L", "XL")  # the choices that cli.py spells out
    assert not (tmp_path / "other").exists()


@given(n=st.integers(1, 60), ids=st.integers(1, 20), seed=st.integers(0, 5), must=st.sets(st.integers(0, 19), max_size=5))
def test_copies_are_even(n, ids, seed, must):
    """Each id equally often, give or take one; what must be there is, if there is room."""
    names = [f"i{k}" for k in range(ids)]
    wanted = {f"i{k}" for k in must if k < ids}
    copies = Draw(seed).copies("test", names, n, names, must=wanted)
    count = copies["base"].value_counts().reindex(names).fillna(0)
    assert len(copies) == n and copies["id"].is_unique
    assert count.max() - count.min() <= 1
    assert wanted <= set(copies["base"]) or len(wanted) > n
    assert copies["base"].tolist() == sorted(copies["base"], key=names.index)


def test_calendar():
    """The same number of periods changes nothing; a stretched one keeps first, last and never."""
    same, longer = Calendar(12, 12), Calendar(12, 16)
    periods = np.arange(14)
    assert same.moved(periods).tolist() == [*range(12), 12, 12]
    assert longer.moved(np.array([0, 6, 11, 12])).tolist() == [0, 8, 15, 16]
    series = np.linspace(1, 12, 12)[None, :]
    assert np.array_equal(same.series(series), series)
    assert longer.series(series)[0, 4] == pytest.approx(4.0) and longer.series(series).shape == (1, 16)
    assert Calendar(12, 1).moved(periods).max() <= 1


def test_storage_charges_and_policies_are_carried_over(tmp_path):
    """What is known of storage, demand response, charges, clean energy, carbon and the mix is there in the generated case, at its sites and periods."""
    every = [f"2027Q{q}" for q in (1, 2, 3, 4)]
    base = small_case(
        tmp_path / "base",
        sites=edited("sites", name="A site"),
        skus=edited("skus", name="A chip"),
        jobs=edited("jobs", name="A job"),
        services=edited("services", name="A service"),
        metros=edited("metros", name="A metro"),
        generators=[{"generator": "g", "site": "north", "tech": "smr", "max_mw": 4, "unit_mw": 4, "capex_musd_per_mw": 6, "energy_usd_per_mwh": 9, "clean": 1}],
        storage=[{"storage": "b", "site": "north", "max_mw": 5, "hours": 4, "efficiency": 0.9, "capex_musd_per_mw": 0.02}],
        curtailment=[{"site": "north", "tier": "n", "max_share": 0.5, "usd_per_mw_year": 100_000}],
        demand_charges=[{"zone": "z", "period": t, "usd_per_mw_month": 8000} for t in every],
        clean_targets=[{"zone": "", "period": t, "share": 0.4} for t in every[2:]],
        carbon_caps=[{"period": t, "kt": 3} for t in every],
        mix_limits=[{"tech": "smr", "period": t, "max_share": 0.45} for t in every],
    )
    case = generate_into(base.path, tmp_path / "made", Size(jobs=2, sites=4, periods=8), seed=1)
    assert len(case["storage"]) == len(case["curtailment"]) == (case["grid"]["tier"] == "n").sum() > 0
    assert case["demand_charges"]["usd_per_mw_month"].tolist() == [8000] * 8
    assert case["clean_targets"]["period"].tolist() == [4, 5, 6, 7]
    assert len(case["carbon_caps"]) == len(case["mix_limits"]) == 8
    assert (case["generators"]["max_mw"] >= case["generators"]["unit_mw"]).all()


def test_what_is_not_resampled_is_told(small):
    """Tables without a step of their own, and columns that name their rows, are left out and named in case.toml."""
    base, case = read_case(FRONTIER), read_case(small)
    note = tomllib.loads((small / "case.toml").read_text(encoding="utf-8"))["note"]
    told = note.split("not resampled: ")[1].rstrip(".").split(", ")
    assert {name for name in told if "." not in name} <= set(base.tables) - set(case.tables)
    assert {"crews", "milestones.crews", "gates", "releases", "services.release", "jobs.base_job"} <= set(told)
    assert "not resampled" not in tomllib.loads((generated_from_tiny(small.parent) / "case.toml").read_text(encoding="utf-8"))["note"]


def generated_from_tiny(parent: Path) -> Path:
    """Return a folder made from a case of which every table is resampled."""
    generate_into(TINY, parent / "tiny", Size())
    return parent / "tiny"
