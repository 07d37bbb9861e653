"""README.md keeps its promises: the library example runs as written, and the figures are those recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_library_example_runs(monkeypatch, capsys):
    """The Python block runs from the checkout and prints a plan."""
    monkeypatch.chdir(ROOT)
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("optimal -205.238 M$")
    assert "large" in printed


def test_result_table_is_the_recorded_one():
    """Each row of the results table quotes the latest recorded run of that case and limit."""
    rows = re.findall(r"^\| `data/([\w-]+)`, (\d+) s \| ([\d.]+) % ", README, re.MULTILINE)
    assert rows
    latest = {}
    for line in (ROOT / "benchmarks/results/cases.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if "solver" not in record:
            latest[record["case"], f"{record['time_limit_s']:g}"] = record
    for case, limit, gap in rows:
        assert f"{100 * latest[case, limit]['verified_gap']:.1f}" == gap


@pytest.mark.parametrize("name", ["frontier", "frontier-small"])
def test_pages_of_cases_quote_the_recorded_run(name):
    """Value and columns are those of the run that the page names by its commit."""
    page = (ROOT / "data" / name / "README.md").read_text(encoding="utf-8")
    commit = re.search(r"`benchmarks/results/cases.jsonl` \([\d-]+, (\w+)\)", page)[1]
    records = map(json.loads, (ROOT / "benchmarks/results/cases.jsonl").read_text(encoding="utf-8").splitlines())
    record = next(r for r in records if (r["case"], r["commit"]) == (name, commit) and "solver" not in r)
    worth = re.search(r"worth \*\*([\d.]+) billion", page)[1]
    assert f"{-record['objective'] / 1e3:.{len(worth.partition('.')[2])}f}" == worth
    assert f"{record['sizes']['columns']:,} columns" in page


def test_everything_it_links_to_is_there():
    """Relative links lead to files."""
    links = [target for target in re.findall(r"\]\(([^)]+)\)", README) if not target.startswith("http")]
    assert links
    assert all((ROOT / target).exists() for target in links)
