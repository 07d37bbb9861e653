"""Derive the cases from a folder of facts.

    python data/derive.py FACTS_FOLDER [--out data] [--case frontier ...] [--sites N] [--metros N] [--jobs N] [--periods N]

The same facts and arguments give the same bytes: draws have a fixed seed and no clock is read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from derivation.facts import Facts, read_facts
from derivation.scenarios import write_scenarios
from derivation.spec import SPECS, Spec
from derivation.write import write_case, write_rtt


def enlarged(facts: Facts, spec: Spec, args: argparse.Namespace) -> Spec:
    """Return the specification with the sizes asked for; sites beyond the chosen list follow in the facts' order."""
    sites = spec.sites
    if args.sites is not None:
        rest = [s for s in facts["sites"]["site_id"] if s not in sites]
        sites = (*sites, *rest)[: args.sites]
        if len(sites) < args.sites:
            raise SystemExit(f"derive: the facts hold {len(sites)} sites, {args.sites} were asked for")
    if args.metros is not None and args.metros > len(facts["metros"]):
        raise SystemExit(f"derive: the facts hold {len(facts['metros'])} metros, {args.metros} were asked for")
    given = {"n_metros": args.metros, "n_jobs": args.jobs, "n_periods": args.periods}
    return replace(spec, sites=sites, **{key: value for key, value in given.items() if value is not None})


def main(argv: Sequence[str] | None = None) -> int:
    """Write the cases; return the exit code."""
    parser = argparse.ArgumentParser(prog="derive.py", description="Derive the cases from a folder of facts.")
    parser.add_argument("facts", type=Path, metavar="FACTS_FOLDER")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the case folders (default: data/)")
    parser.add_argument("--case", nargs="+", choices=sorted(SPECS), default=sorted(SPECS), help="cases to derive (default: all)")
    for size in ("sites", "metros", "jobs", "periods"):
        parser.add_argument(f"--{size}", type=int, metavar="N", help=f"number of {size} instead of the case's own")
    parser.add_argument("--rtt", type=Path, metavar="FILE", help="also write the measured Azure pairs to this file")
    args = parser.parse_args(argv)
    facts = read_facts(args.facts)
    for name in args.case:
        spec = enlarged(facts, SPECS[name], args)
        tables = write_case(facts, spec, args.out / name)
        if name == "frontier-small":
            write_scenarios(tables, spec.start, args.out / "scenarios")
        print(f"{args.out / name}: " + ", ".join(f"{len(table)} {key}" for key, table in tables.items()))
    if args.rtt:
        write_rtt(facts, args.rtt)
    return 0


if __name__ == "__main__":
    sys.exit(main())
