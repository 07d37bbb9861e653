"""``placement explain``: text for a terminal, a table on request, and exit codes."""

from __future__ import annotations

import pandas as pd
import pytest

from placement.cli import main

RESIDENCY = "dbrx@camp-openai-stargate-uae"


def asked(capsys, *args) -> tuple[int, str, str]:
    """Run the command in this process; return exit code and both streams."""
    code = main(["explain", *map(str, args)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_prices_are_shown_in_80_columns(frontier_small_run, capsys):
    """Without flags: the dearest prices, each with what was measured, and how many of them hold."""
    code, out, _ = asked(capsys, frontier_small_run, "--time-limit", 0.5)
    assert code == 0
    assert "latency" in out
    assert out.startswith("frontier-small: what one more unit would be worth, discounted M$, with the")
    assert "valid local duals agree with the finite difference" in out
    assert max(map(len, out.splitlines())) <= 80


def test_prices_that_hold_come_first_and_none_is_cut(frontier_small_run, frontier_small, capsys):
    """The dearest duals of this case are kinks: they stand apart, behind the prices, with a sentence why; ids and texts are there in full."""
    code, out, _ = asked(capsys, frontier_small_run, "--verify-prices", 8, "--time-limit", 1, "--workers", 1)
    assert code == 0 and ".." not in out
    holds, kinks = out.split("\n\n")
    table = frontier_small.verified_prices(8, resolve=False)
    assert not table["valid"].iloc[0] and table["valid"].any()  # by size alone, what holds for no step would come first
    assert "Power at" in holds and "IT capacity" not in holds and "Power" not in kinks
    said = " ".join(kinks.split())
    assert said.startswith(f"{(~table['valid']).sum()} of these 8 duals are no prices: one unit more is not worth what one unit less costs")
    for part in (holds, kinks):
        head, *rows = part[part.index("\nwhat ") + 1 :].splitlines()
        where = "".join(row[head.index("where") : head.index("when")].strip() for row in rows)
        assert where.startswith("".join(table.loc[table["valid"] == (part is holds), "place"]))


def test_rule_is_quoted_and_table_is_written(frontier_small_run, tmp_path, capsys):
    """--why-not of something that a rule forbids needs no solve; --out writes the row."""
    code, out, err = asked(capsys, frontier_small_run, "--why-not", RESIDENCY, "--out", tmp_path / "a.csv")
    assert code == 0
    assert "rule residency:us-gov-fedramp" in out
    assert "residency.csv line 3: FedRAMP High / DoD CC SRG" in " ".join(out.split())
    assert "1 rows written" in err
    assert pd.read_csv(tmp_path / "a.csv")["answer"].tolist() == ["excluded"]


def test_where_demand_is_not_served_is_told(frontier_small_run, capsys):
    """Asked about a service at no site, the answer names the metros that lack most, with amounts and reasons."""
    code, out, _ = asked(capsys, frontier_small_run, "--why-not", "china-chat", "--workers", 1)
    assert code == 0 and max(map(len, out.splitlines())) <= 80
    why = "met-cn-beijing, 2,144,009 Mtok/day in 2028Q1: None of 8 sites may serve it; ruled out at 8: data must not leave the region (residency:cn-csl-37)."
    assert why in " ".join(out.split())


def test_forced_cost_is_shown(solved, capsys):
    """A job of the hand-checked case over all sites, and at one."""
    code, out, _ = asked(capsys, solved.run, "--why-not", "large", "--workers", 1)
    assert code == 0
    assert out.startswith("The plan runs large at ")
    assert "(nowhere)" in out
    assert max(map(len, out.splitlines())) <= 80


def test_prices_verified_on_request(solved, capsys):
    """N prices with decisions fixed and free."""
    code, out, _ = asked(capsys, solved.run, "--verify-prices", 3, "--workers", 1)
    assert code == 0
    assert "With decisions free, 3 of 3 agree." in " ".join(out.split())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--why-not", "larg"], "Did you mean 'large'?"),
        (["--why-not", "large@nowhere"], "has no site 'nowhere'"),
        (["--release", "v1"], "has no releases"),
        (["--verify-prices", "0"], "give 1 or more"),
        (["--verify-prices", "3", "--release", "v1"], "one question at a time"),
        (["--share", "0.5"], "--share and --periods belong to --why-not"),
        (["--why-not", "large", "--workers", "0"], "workers"),
        (["--why-not", "large", "--time-limit", "-1"], "time_limit_s"),
    ],
)
def test_usage_errors(solved, capsys, args, message):
    """Exit code 2 and one line that says what there is."""
    code, out, err = asked(capsys, solved.run, *args)
    assert (code, out) == (2, "")
    assert message in err


def test_no_run_folder(tmp_path, capsys):
    """Exit code 1 for what is not a run."""
    code, _, err = asked(capsys, tmp_path)
    assert code == 1
    assert "placement:" in err


def test_prices_that_were_not_computed_are_told_so(tmp_path, capsys):
    """A run whose time ended before its prices says why it has none; it does not say that nothing has a price."""
    from dataclasses import replace as changed

    import placement
    from placement.cli import main
    from tests.layers.small import small_case

    plan = placement.solve(small_case(tmp_path / "case"))
    note = "prices were not computed (time limit)"
    late = changed(plan, prices=plan.prices[:0], prices_note=note, summary={**plan.summary, "prices_note": note})
    placement.write_plan(late, tmp_path / "run")
    assert placement.read_plan(tmp_path / "run").prices_note == note
    assert main(["explain", str(tmp_path / "run"), "--workers", "1", "--time-limit", "5"]) == 0
    out = capsys.readouterr().out
    assert note in " ".join(out.split()) and "nothing has a price" not in out
