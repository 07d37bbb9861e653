"""The tables of the comparison, made from the recorded lines and from nothing else.

A solver that takes rows was run with and without the ``x <= y`` rows; per instance its better result counts, which no user could know beforehand.
A run that failed counts like one without a plan. Instances that one of the compared solvers has not been run on are left out of the summary,
and counted under it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]

SHIFT = 1e-4  # 0.01 %
NO_PLAN_GAP = 1.0  # a run without a plan counts as 100 %, and so does a worse plan
README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- peers: written by python -m benchmarks.peers --table -->", "<!-- end of peers -->"
ORDER = ("placement", "highs", "scip", "cpsat", "cbc", "rebalancer")
PARTIAL = {"rebalancer"}  # knows part of the problems; does not decide which instances are compared
NAMES = {"highs": "HiGHS", "scip": "SCIP", "cpsat": "CP-SAT", "cbc": "CBC", "rebalancer": "Rebalancer", "placement": "placement"}


def family(line: Record) -> str:
    """Return the family of an instance.

    Examples
    --------
    >>> family({"model": "gap", "instance": "yagiura2004/d401600"}), family({"model": "sscflp", "instance": "tbed1/i300_1"})
    ('GAP type D', 'SSCFLP tbed1 i300')
    """
    group, _, name = line["instance"].partition("/")
    if line["model"] == "gap":
        return "GAP OR-Library" if group.startswith("cattrysse") else f"GAP type {name[0].upper()}"
    return f"{line['model'].upper()} {group}" + (f" {name.partition('_')[0]}" if group == "tbed1" else "")


def latest(lines: Iterable[Record]) -> dict[tuple[float, int], dict[tuple[str, str], dict[tuple[str, str], Record]]]:
    """Return the latest line by (limit, cores), then (model, instance), then (solver, formulation)."""
    groups: dict[tuple[float, int], dict[tuple[str, str], dict[tuple[str, str], Record]]] = {}
    for line in lines:
        if line["status"] != "not installed":
            runs = groups.setdefault((line["time_limit_s"], line["cores"]), {}).setdefault((line["model"], line["instance"]), {})
            runs[line["solver"], line["formulation"]] = line
    return groups


def counted_gap(line: Record) -> float:
    """Return the gap to the best known that counts: never below 0, at most 100 %."""
    gap = line.get("gap_to_best")
    return NO_PLAN_GAP if gap is None else min(max(gap, 0.0), NO_PLAN_GAP)


def better(runs: Mapping[tuple[str, str], Record], solver: str) -> Record | None:
    """Return a solver's better run: smaller gap, then proven, then higher bound; ``None`` if it was not run or is not applicable."""
    own = [line for (name, _), line in runs.items() if name == solver and line["status"] != "not applicable"]
    return min(own, key=lambda r: (counted_gap(r), not r["proven"], math.inf if r.get("bound") is None else -r["bound"]), default=None)


def show(lines: Iterable[Record]) -> str:
    """Return the summary and the table of single instances for every limit and number of cores."""
    return "\n\n".join(f"{_summary(limit, cores, group)}\n\n{_single(group)}" for (limit, cores), group in sorted(latest(lines).items()))


def _summary(limit: float, cores: int, group: Mapping[tuple[str, str], Mapping[tuple[str, str], Record]]) -> str:
    solvers = _solvers(group)
    deciding = [s for s in solvers if s not in PARTIAL]
    common = {k: runs for k, runs in group.items() if all(any(name == s for name, _ in runs) for s in deciding)}
    families: dict[str, list[Mapping[tuple[str, str], Record]]] = {}
    for runs in common.values():
        families.setdefault(family(next(iter(runs.values()))), []).append(runs)
    rows = [[f"{limit:g} s, {cores} core{'s' if cores > 1 else ''}", "instances", *(NAMES[s] for s in solvers)], ["---"] * (2 + len(solvers))]
    rows += [[name, f"{len(of)}", *(_mean(of, s) for s in solvers)] for name, of in sorted(families.items())]
    rows.append(["geometric mean of (gap + 0.01 %)", f"{len(common)}", *(_geometric(list(common.values()), s) for s in solvers)])
    left = len(group) - len(common)
    text = _markdown(rows)
    return text + (
        f"\n\n{left} instance{'s' if left > 1 else ''} not yet run by all of {', '.join(NAMES[s] for s in deciding)}: not in this summary." if left else ""
    )


def _solvers(group: Mapping[tuple[str, str], Mapping[tuple[str, str], Record]]) -> list[str]:
    ran = {name for runs in group.values() for name, _ in runs}
    return [s for s in ORDER if s in ran]


def _mean(of: list[Mapping[tuple[str, str], Record]], solver: str) -> str:
    runs = [r for r in (better(runs, solver) for runs in of) if r is not None]
    if not runs:
        return "n/a"
    proven, without = sum(bool(r["proven"]) for r in runs), sum(r.get("gap_to_best") is None for r in runs)
    notes = [f"{proven} proven"] * (proven > 0) + [f"{without} without a plan"] * (without > 0)
    return f"{math.fsum(map(counted_gap, runs)) / len(runs):.3%}" + (f" ({', '.join(notes)})" if notes else "")


def _geometric(of: list[Mapping[tuple[str, str], Record]], solver: str) -> str:
    runs = [r for r in (better(runs, solver) for runs in of) if r is not None]
    if not runs:
        return "n/a"
    text = f"{math.exp(math.fsum(math.log(counted_gap(r) + SHIFT) for r in runs) / len(runs)):.4%} ({sum(bool(r['proven']) for r in runs)} proven)"
    return text if len(runs) == len(of) else f"{text}, of {len(runs)}"


def _single(group: Mapping[tuple[str, str], Mapping[tuple[str, str], Record]]) -> str:
    ran = {key for runs in group.values() for key in runs}
    named = sorted(ran, key=lambda k: (ORDER.index(k[0]), k[1]))
    pairs: dict[str, list[tuple[str, str]]] = {}  # the one form without opening decisions and the aggregated form share a column
    for solver, form in named:
        label = f"{NAMES[solver]} with x<=y" if form == "with x<=y" else NAMES[solver]
        pairs.setdefault(label, []).append((solver, form))
    rows = [["instance", "best known", *pairs], ["---"] * (2 + len(pairs))]
    for (model, instance), runs in sorted(group.items()):
        best = next(iter(runs.values()))["best_known"]
        rows.append([f"{model}:{instance}", f"{best:,.10g}", *(_cell([runs[k] for k in keys if k in runs]) for keys in pairs.values())])
    return _markdown(rows)


def _cell(lines: list[Record]) -> str:
    if not lines:
        return ""
    line = lines[0]
    if line["status"] == "not applicable":
        return "n/a"
    bound = line.get("bound_below_best")
    proof = "proven" if line["proven"] else ("no bound" if bound is None else f"bound {max(bound, 0.0):.2%}" if bound < NO_PLAN_GAP else "bound > 100%")
    gap = line.get("gap_to_best")
    value = (line["status"] if line["status"] in ("rejected", "failed") else "no plan") if gap is None else f"{gap:.3%}" if gap < 10 else f"{gap:,.0%}"
    return f"{value}, {proof}" + (" **WRONG**" if line["alarms"] else "")


def _markdown(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def versions(lines: Iterable[Record]) -> str:
    """Return the solver versions in a set of lines."""
    return ", ".join(sorted({str(line["version"]) for line in lines if line.get("version")}))


def write_readme(lines: Sequence[Record], path: Path = README) -> None:
    """Write the tables between their marks; the section is added at the end where there is none yet."""
    text = path.read_text(encoding="utf-8")
    dates = sorted({line["date"][:10] for line in lines})
    made = f"From {dates[0]} to {dates[-1]} on {', '.join(sorted({line['machine'] for line in lines}))}; {versions(lines)}.\n\n" if lines else ""
    body = f"{BEGIN}\n{made}{show(lines)}\n{END}"
    if BEGIN in text:
        before, rest = text.split(BEGIN, 1)
        text = f"{before}{body}{rest.split(END, 1)[1]}"
    else:
        text = f"{text.rstrip()}\n\n{SECTION}\n{body}\n"
    path.write_text(text, encoding="utf-8")


SECTION = """## Against other solvers (`peers/`)

`python -m benchmarks.peers joint --time-limit 60 --cores 1`: all on the same published files, one process per run, the same wall clock and cores,
no start given, solvers' default options with a stopping gap of 1e-6. The clock starts with the arrays in memory; `placement` starts and reads the
file on that clock, but counts its limit only after that. Costs are recomputed from each plan by `peers/problem.py`, and a plan that breaks a rule
counts as none; bounds are as claimed. Solvers that take rows run with and without the `x <= y` rows; the summary takes the better result per
instance. No plan, or one more than twice the best known, counts as 100 %, and so does a run that failed. CP-SAT gets scaled integers
(`peers/integers.py` says how, and what that may cost), and is made for eight or more workers. The tables are written from `results/peers.jsonl`."""
