"""``placement explain``: what limits a plan, and why a workload is or is not at a site."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from placement.errors import DataError, ExitCode, OptionError, Problem
from placement.explain.again import Effort, shared
from placement.explain.difference import EXACT
from placement.explain.infeasible_text import print_infeasible
from placement.explain.layers import layers_of
from placement.explain.prices import agreement, verified_prices
from placement.explain.records import write_table
from placement.explain.relief import BY_SITE
from placement.explain.text import frame_table, wrapped
from placement.explain.waiting import blocks_release
from placement.explain.whole import existing_only, layers, nearly_best
from placement.explain.why import SHARE, WhyNot, why_not
from placement.options import default_workers
from placement.plan.plan import Plan
from placement.plan.run_folder import BOTTLENECKS
from placement.report.sections_prices import KINDS
from placement.run import read_plan
from placement.telling import shown

TOP = 15  # prices shown
_MEASURED = 50_000  # columns up to which prices are measured, too, without being asked: under a second each
_MOST = 12  # rows of a table of why-not
_LAYER_S = 15.0  # for each layer that is relaxed, unless --time-limit says otherwise

_WORDS = KINDS | {
    "power": "Power at the meter", "compute": "Accelerators, jobs", "serve": "Accelerators, services", "capacity": "Capacity",
    "clean_match": "Clean power, hour by hour", "clean_energy": "Clean energy", "carbon_cap": "Cap on carbon",
}  # fmt: skip

_KINKS = (  # said before the duals that hold for no step: how many, of how many
    "{} of these {} duals are no prices: one unit more is not worth what one unit less costs, as where a gang fills a hall and has no use for a part of one "
    "MW. What a whole step is worth, a solve with the limit changed tells (-: no plan is left):"
)

Answer = tuple[list[str], pd.DataFrame]  # what is printed, and the table that --out writes


def explain(args: argparse.Namespace) -> int:
    """Run ``placement explain`` with parsed arguments; return the exit code."""
    asked = [
        name
        for name in ("why_not", "release", "verify_prices", "alternatives", "existing_only")
        if getattr(args, name) is not None and getattr(args, name) is not False
    ]
    if len(asked) > 1:
        raise OptionError(f"one question at a time: give --{asked[0].replace('_', '-')} or --{asked[1].replace('_', '-')}")
    if asked and args.by_site:
        raise OptionError("--by-site belongs to the table of layers, which is printed without another question")
    if args.why_not is None and (args.share is not None or args.periods is not None):
        raise OptionError("--share and --periods belong to --why-not SERVICE@SITE")
    effort = _effort(args)
    if args.infeasible:
        if asked or args.out is not None:
            raise OptionError("--infeasible is a question of its own; its tables are conflict.csv and repairs.csv of the run")
        return print_infeasible(args.folder, effort)
    plan = read_plan(args.folder)
    questions: dict[str, Callable[[], Answer]] = {
        "why_not": lambda: _why(plan, args, effort),
        "release": lambda: _release(plan, args.release, effort),
        "verify_prices": lambda: _verified(plan, args.verify_prices, effort),
        "alternatives": lambda: nearly_best(plan, args.alternatives, effort),
        "existing_only": lambda: existing_only(plan, effort),
    }
    lines, table = (questions[asked[0]] if asked else lambda: _overview(plan, args))()
    print(shown("\n".join(lines)))
    if args.out is not None:
        _write(table, args.out)
    return ExitCode.OK


def _effort(args: argparse.Namespace) -> Effort:
    effort = Effort(
        time_limit_s=EXACT.time_limit_s if args.time_limit is None else args.time_limit,
        rel_gap=EXACT.rel_gap,
        workers=default_workers() if args.workers is None else args.workers,
    )
    effort.options()  # says what is out of range
    if effort.workers < 1:
        raise OptionError(f"workers is {effort.workers}; give 1 or more")
    return effort


def _write(table: pd.DataFrame, out: str) -> None:
    if Path(out).suffix != ".csv":
        raise OptionError(f"--out {out} is no .csv file")
    try:
        write_table(table, Path(out))
    except OSError as error:
        raise DataError([Problem(out, "", f"cannot be written ({error.strerror or error})", "Name another file for --out")]) from None
    print(f"placement: {len(table)} rows written to {out}", file=sys.stderr)


def _overview(plan: Plan, args: argparse.Namespace) -> Answer:
    """Return prices, and what each layer limits."""
    workers = _effort(args).workers
    questions = 2 * len(layers_of(plan.case)) + (BY_SITE * len(plan.case["sites"]) if args.by_site else 0)  # alone and in pairs; some by site
    each_s = shared(questions, workers, _LAYER_S) if args.time_limit is None else args.time_limit
    effort = Effort(time_limit_s=each_s, workers=workers)
    lines, table = layers(plan, effort, by_site=args.by_site)
    _keep(table, Path(args.folder))
    return [*_prices(plan)[0], "", *lines], table


def _keep(table: pd.DataFrame, run: Path) -> None:
    """Keep the table of layers in the run folder, where the report finds it; a folder that cannot be written to is no reason to lose the answer."""
    try:
        write_table(table, run.resolve() / BOTTLENECKS)
    except OSError as error:
        print(f"placement: the table was not kept in {run} ({error.strerror or error})", file=sys.stderr)
    else:
        print(f"placement: kept in {run / BOTTLENECKS}; `placement report {run}` shows it", file=sys.stderr)


def _prices(plan: Plan) -> Answer:
    """Return the dearest prices in the planner's words, measured where that is quick."""
    unit = plan.case.cost_unit
    head = f"{plan.case.name}: what one more unit would be worth, discounted {unit}, with the plan's decisions fixed"
    if not len(plan.prices):
        return wrapped(f"{head}: {plan.prices_note or 'nothing has a price'}."), plan.prices
    if plan.point is None or len(plan.point) > _MEASURED:
        table = plan.prices.assign(said=_said(plan.prices), when=_when(plan.prices))
        lines = frame_table(table.head(TOP), {"said": "what", "place": "where", "sku": "SKU", "when": "when", "price": "price", "unit": "unit"})
        note = "Local duals, not measured here (--verify-prices N does it): a dual need not be the worth of a whole unit."
        return [*wrapped(head), *lines, *_more(plan), *wrapped(note)], plan.prices
    table = verified_prices(plan, TOP, resolve=False)
    return [*wrapped(head), *_tested(table), *_more(plan)], table


def _more(plan: Plan) -> list[str]:
    return [f"{len(plan.prices) - TOP} more in prices.csv"] if len(plan.prices) > TOP else []


def _verified(plan: Plan, n: int, effort: Effort) -> Answer:
    table = verified_prices(plan, n, effort)
    head = f"{plan.case.name}: prices verified: local dual, measured with decisions fixed (one unit more, one less), one more with decisions free, root dual"
    return [*wrapped(head), *_tested(table)], table


def _tested(table: pd.DataFrame) -> list[str]:
    """Return verified prices as tables: those that hold, and what they agree with; then those that are none, and why."""
    where, unit = (table["place"] + " " + table["sku"]).str.strip(), [u.partition("/")[2].strip("()") for u in table["unit"]]
    out = table.assign(said=_said(table), when=_when(table), where=where, one=unit, measured=(table["one_more"] + table["one_less"]) / 2)
    about = {"said": "what", "where": "where", "when": "when", "one": "unit", "price": "dual"}
    free = {"resolved": "free", "root_dual": "root"} if "resolved" in table else {}
    holds, kinks = out[out["valid"]], out[~out["valid"]]
    lines = [*frame_table(holds, {**about, "measured": "measured", **free}), *wrapped(agreement(table))] if len(holds) else []
    if len(kinks):
        lines += ["", *wrapped(_KINKS.format(len(kinks), len(out))), *frame_table(kinks, {**about, "one_more": "more", "one_less": "less", **free})]
    return lines


def _said(table: pd.DataFrame) -> list[str]:
    return [_WORDS.get(kind, kind.replace("_", " ").capitalize()) for kind in table["kind"]]


def _when(table: pd.DataFrame) -> pd.Series:
    return (table["period"].astype(str) + " " + table["block"].astype(str)).str.strip()


def _why(plan: Plan, args: argparse.Namespace, effort: Effort) -> Answer:
    workload, site = _parted(plan, args.why_not)
    answer = why_not(plan, workload, site, effort, share=SHARE if args.share is None else args.share, periods=args.periods)
    return [*wrapped(answer.answer), *_why_tables(answer, plan.case.cost_unit), *([] if site else _not_served(plan, workload))], answer.sites


def _not_served(plan: Plan, service: str) -> list[str]:
    """Return where demand of a service is not served, and why, as the run has it."""
    rows = [r for r in plan.summary.get("unserved") or () if r["service"] == service]
    said = [f"{r['metro']}, {r['mtok_per_day']:,.0f} Mtok/day in {r['period']}: {r['why']}" for r in rows[:_MOST]]
    more = [f"and {len(rows) - _MOST} more"] if len(rows) > _MOST else []
    return ["", "Where its demand is not served, the most in a period:", *(line for one in said for line in wrapped(one, "  ")), *more] if rows else []


def _parted(plan: Plan, text: str) -> tuple[str, str | None]:
    """Return workload and site of ``WORKLOAD[@SITE]``; ids may have an ``@`` of their own."""
    if text in {*plan.case["jobs"]["job"], *plan.case["services"]["service"]} or "@" not in text:
        return text, None
    workload, _, site = text.rpartition("@")
    return workload, site


def _why_tables(answer: WhyNot, unit: str) -> list[str]:
    lines: list[str] = []
    if not answer.site:
        heads = {"site": "site", "answer": "answer", "cost_musd": unit, "cost_low_musd": "at least", "cost_high_musd": "at most", "rule": "rule"}
        return ["", *frame_table(answer.sites, heads)]
    if len(answer.exclusions):
        lines += ["", "What rules exclude there:"]
        for r in answer.exclusions.head(_MOST).itertuples():
            lines += wrapped(f"{' '.join(filter(None, (r.place, r.sku)))}: {r.rule}: {r.says}" + (f" [{r.source}]" if r.source else ""), "  ")
    if len(answer.prices):
        table = answer.prices.assign(when=_when(answer.prices))
        table = table[table["cost_musd"].abs() > 1e-6].head(_MOST)
        heads = {"what": "what", "place": "place", "when": "when", "use": "uses", "free": "free", "price_musd": f"{unit}/unit", "cost_musd": unit}
        which = "The way that the plan uses most there" if "placed" in set(answer.sites["answer"]) else "The best way there that the plan does not use"
        lines += ["", f"{which}, at local prices (costs positive):", *frame_table(table, heads)]
    lines += _elsewhere(answer.moved)
    if len(answer.terms):
        table = answer.terms[answer.terms["difference_musd"].abs() > 1e-6]
        lines += [
            "",
            f"What it costs by term, {unit}:",
            *frame_table(table, {"term": "term", "plan_musd": "plan", "forced_musd": "forced", "difference_musd": "difference"}),
        ]
    return lines


def _elsewhere(moved: pd.DataFrame) -> list[str]:
    """Return what else changes, against the plan: jobs, and services at their sites."""
    lines: list[str] = []
    if len(moved):
        served = moved["site"] != ""
        heads = {"workload": "service", "site": "site", "was": "plan", "becomes": "becomes"}
        parts = [
            ("What else changes:", moved[~served], {"workload": "job", "was": "plan", "becomes": "becomes"}),
            ("Which sites serve what share of the tokens of the whole horizon:", moved[served], heads),
        ]
        for title, part, columns in parts:
            lines += ["", title, *frame_table(part.head(_MOST), columns)] if len(part) else []
            lines += [f"and {len(part) - _MOST} more"] if len(part) > _MOST else []
    return lines


def _release(plan: Plan, release: str, effort: Effort) -> Answer:
    answer = blocks_release(plan, release, effort)
    heads = {"period": "out by", "answer": "answer", "cost_musd": plan.case.cost_unit, "cost_low_musd": "at least", "cost_high_musd": "at most"}
    return [*wrapped(answer.answer), "", *frame_table(answer.dates, heads)], answer.dates
