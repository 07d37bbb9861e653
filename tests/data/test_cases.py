"""The committed cases: they validate, they are a rebuild of the facts, and they have what their pages promise."""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from placement.case import Case, read_case
from placement.lint import remark
from placement.program import assemble, build_sides

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
# The facts are not part of the repository: they lie beside it, or where PLACEMENT_FACTS says.
FACTS = Path(os.environ.get("PLACEMENT_FACTS", ROOT.parent / "shared" / "realdata"))
CASES = ("three-sites", "frontier-small", "frontier", "sovereign", "rent-only", "hyperscaler")
SCENARIOS = sorted(p.name for p in (DATA / "scenarios").iterdir() if p.is_dir())
DERIVED = ("frontier", "frontier-small", "scenarios")
BY_HAND = ("README.md", "permit-refused", "reserved-dearer", "clean-yearly")  # pages and scenarios written by hand


def files(folder: Path) -> dict[str, Path]:
    return {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def frontier() -> Case:
    return read_case(DATA / "frontier")


@pytest.mark.parametrize("name", CASES)
def test_committed_case_validates(name: str) -> None:
    """Every committed case is read without a problem."""
    assert read_case(DATA / name).name == name


@pytest.mark.parametrize("name", SCENARIOS)
def test_committed_scenario_validates(name: str) -> None:
    """Every scenario is read without a problem and differs from its base."""
    assert read_case(DATA / "scenarios" / name).sha256 != read_case(DATA / "frontier-small").sha256


def test_cases_equal_a_rebuild(tmp_path: Path) -> None:
    """The committed cases are, byte for byte, what data/derive.py makes of the facts."""
    if not FACTS.is_dir():
        pytest.skip(f"NOT CHECKED: the folder of facts {FACTS} is absent, so nobody knows whether data/ still equals a rebuild")
    rtt = tmp_path / "rtt.csv"
    command = [sys.executable, str(DATA / "derive.py"), str(FACTS), "--out", str(tmp_path / "data"), "--rtt", str(rtt)]
    subprocess.run(command, check=True, capture_output=True)
    for name in DERIVED:
        committed, rebuilt = files(DATA / name), files(tmp_path / "data" / name)
        committed = {n: path for n, path in committed.items() if Path(n).parts[0] not in BY_HAND}
        assert committed.keys() == rebuilt.keys()
        assert [n for n in committed if not filecmp.cmp(committed[n], rebuilt[n], shallow=False)] == []
    assert filecmp.cmp(rtt, Path(__file__).parent / "rtt_azure_p95.csv", shallow=False)


def test_case_can_be_enlarged(tmp_path: Path) -> None:
    """More sites, metros, jobs and periods than the committed case still make a valid case."""
    if not FACTS.is_dir():
        pytest.skip(f"NOT CHECKED: the folder of facts {FACTS} is absent, so data/derive.py cannot be tried")
    size = ["--sites", "50", "--metros", "80", "--jobs", "400", "--periods", "14"]
    command = [sys.executable, str(DATA / "derive.py"), str(FACTS), "--out", str(tmp_path), "--case", "frontier", *size]
    subprocess.run(command, check=True, capture_output=True)
    case = read_case(tmp_path / "frontier")
    own = (case["jobs"]["base_job"] == "").sum()  # fine-tunes come on top
    assert (len(case["sites"]), own, case.n_periods) == (50, 400, 14)


def test_frontier_has_every_layer(frontier: Case) -> None:
    """Its program has rows of every layer, and all coefficients are in range."""
    assert len(frontier.tables) >= 45
    program, _ = assemble(build_sides(frontier))
    assert remark(program) == ""
    assert {"cover", "stage_capacity", "storage_balance", "release", "base", "crew_limit", "tranche_drawn"} <= {k[0] for k in program.row_keys}


def test_frontier_has_the_promised_size(frontier: Case) -> None:
    """At least 28 sites of which 12 campuses, 50 metros, 12 quarters, 6 SKUs, 150 jobs, 6 services; at most 150 new halls."""
    assert len(frontier["sites"]) >= 28
    assert (frontier["sites"]["kind"] == "campus").sum() >= 12
    assert len(frontier["metros"]) >= 50
    assert frontier.n_periods == 12
    assert len(frontier["skus"]) >= 6
    assert len(frontier["jobs"]) >= 150
    assert len(frontier["services"]) >= 6
    assert (~frontier["halls"]["existing"]).sum() <= 150


def test_frontier_small_has_the_promised_size() -> None:
    """8 sites of which 5 campuses, 12 metros, 4 to 6 quarters, 3 SKUs and 20 jobs; two campuses are greenfield."""
    case = read_case(DATA / "frontier-small")
    sizes = [len(case[t]) for t in ("sites", "metros", "skus", "jobs")]
    assert sizes == [8, 12, 3, 20]
    assert 4 <= case.n_periods <= 6
    existing = case["halls"].groupby("site")["existing"].any()
    campuses = case["sites"].query("kind == 'campus'")["site"]
    assert len(campuses) == 5
    assert (~existing[campuses]).sum() == 2


def test_some_jobs_fit_only_two_campuses(frontier: Case) -> None:
    """The largest gangs fit only into fabric domains of two campuses; three jobs are of that kind."""
    halls = frontier["halls"]
    liquid = halls[halls["cooling"] == "liquid"].groupby(["site", "domain"])["it_mw"].sum().reset_index()
    kw = frontier["skus"].set_index("sku")["kw_per_unit"]
    pairs = frontier["job_skus"]
    need = (pairs["units"] * pairs["sku"].map(kw) / 1000).groupby(pairs["job"]).min().nlargest(3)
    fits = {job: set(liquid.loc[liquid["it_mw"] >= mw, "site"]) for job, mw in need.items()}
    assert set(map(len, fits.values())) == {2}


def test_gangs_span_the_real_range(frontier: Case) -> None:
    """Gangs range from a few hundred to more than 150,000 accelerators, for 1 to 4 quarters."""
    pairs = frontier["job_skus"]
    assert pairs["units"].min() < 1000
    assert pairs["units"].max() > 150_000
    assert set(pairs["duration_periods"]) == {1, 2, 3, 4}


def test_scenario_values_are_labelled(frontier: Case) -> None:
    """Tables that no open source has carry an assumption in every row, and SOURCES.md has a section for every table."""
    text = (DATA / "frontier" / "SOURCES.md").read_text(encoding="utf-8")
    for name in frontier.tables:
        assert f"## `{name}.csv`" in text
    for name in ("ppas", "generators", "profiles", "demand", "budget", "offers", "jobs", "tariffs"):
        table = pd.read_csv(DATA / "frontier" / f"{name}.csv", keep_default_na=False)
        assert table["assumption"].str.contains("scenario").all(), name


def test_measured_rtt_names_points_of_the_graph(frontier: Case) -> None:
    """Both ends of every measured pair are nodes of frontier's fibre graph."""
    rtt = pd.read_csv(Path(__file__).parent / "rtt_azure_p95.csv")
    nodes = set(frontier["links"]["a"]) | set(frontier["links"]["b"])
    assert len(rtt) > 800
    assert set(rtt["a"]) | set(rtt["b"]) <= nodes
