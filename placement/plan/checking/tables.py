"""The plan tables of models/README.md section 10: their columns, reading them from text, and finding what is malformed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.case import Case
from placement.case.settings import TERMS
from placement.plan.checking.verdict import ABSOLUTE, UNITS, Findings

END = "end"  # label of the period in which the residual value is booked

#: kind of number -> least value
NUMBERS = {"any": -np.inf, "amount": -ABSOLUTE, "amount_or_blank": -ABSOLUTE, "units": -UNITS, "count": -ABSOLUTE, "flag": 0.0}


@dataclass(frozen=True)
class PlanTable:
    """One table: its columns with their kind, its key, and the case tables any of which makes it compulsory."""

    columns: Mapping[str, str]
    key: tuple[str, ...]
    layers: tuple[str, ...] = ()  # empty: always compulsory
    optional: bool = False  # says nothing, or nothing new, where it is missing


def _columns(text: str) -> dict[str, str]:
    """``"job start:period"`` -> ``{"job": "job", "start": "period"}``."""
    return {word.split(":")[0]: word.split(":")[-1] for word in text.split()}


PLAN_TABLES: dict[str, PlanTable] = {
    # The same job twice is placed_once, not a malformed table; hence the long key.
    "training": PlanTable(
        _columns("job site domain sku start:period end:period units:units value_musd:any nominal_units:units goodput:amount"),
        ("job", "domain", "sku", "start"),
        ("jobs",),
    ),
    "inference": PlanTable(
        _columns("service metro period site sku share:any units:units rtt_ms:amount"),
        ("service", "metro", "period", "site", "sku"),
        ("services",),
    ),
    "sites": PlanTable(_columns("site opened:period"), ("site",), ("halls",)),
    "halls": PlanTable(_columns("site hall in_service:period it_mw:amount existing:flag"), ("site", "hall"), ("halls",)),
    "milestones": PlanTable(
        _columns("site hall:text milestone start:period_or_blank finish_p10:amount finish_p50:amount finish_p90:amount"),
        ("site", "hall", "milestone"),
        ("milestones",),
    ),
    "grid": PlanTable(_columns("site tier in_service:period"), ("site", "tier"), ("grid",)),
    "contracts": PlanTable(_columns("ppa mw:amount"), ("ppa",), ("ppas",)),
    "generators": PlanTable(_columns("generator period mw:amount"), ("generator", "period"), ("generators",)),
    "orders": PlanTable(_columns("offer sku period arrives:period units:units cost_musd:amount"), ("offer",), ("offers",)),
    "rents": PlanTable(_columns("offer site domain sku period units:units cost_musd:amount"), ("offer", "domain", "period"), optional=True),
    "resales": PlanTable(_columns("offer sku period units:units musd:amount"), ("offer", "period"), ("resale",)),
    "chips": PlanTable(
        _columns("site domain sku period installed:units deployed:units training:units serving:any"),
        ("domain", "sku", "period"),
        ("offers", "installed"),
    ),
    "stock": PlanTable(_columns("sku period units:units"), ("sku", "period"), ("inventory",)),
    "moves": PlanTable(_columns("sku period units:units cost_musd:amount"), ("sku", "period"), ("relocation",)),
    "stages": PlanTable(_columns("stage:text period used:amount capacity:amount"), ("stage", "period"), ("stages",)),
    "energy": PlanTable(_columns("site period block source mw:amount"), ("site", "period", "block", "source"), ("grid", "generators")),
    "paid": PlanTable(_columns("ppa period mwh:amount"), ("ppa", "period"), ("ppas",)),
    "storage": PlanTable(
        _columns("storage period block charge_mw:amount discharge_mw:amount capacity_mw:amount"),
        ("storage", "period", "block"),
        ("storage",),
    ),
    # Asked for by no table of a case: where it is missing nothing is sold.
    "exports": PlanTable(_columns("generator period block mw:amount"), ("generator", "period", "block"), ("exports",)),
    "curtailment": PlanTable(_columns("site tier period mw:amount"), ("site", "tier", "period"), ("curtailment",)),
    "offsets": PlanTable(_columns("period kt:amount"), ("period",), ("carbon_caps",)),
    "mix": PlanTable(_columns("tech:text period gwh:amount share:amount"), ("tech", "period"), ("mix_limits",)),
    "peaks": PlanTable(_columns("site period mw:amount"), ("site", "period"), ("demand_charges",)),
    "water": PlanTable(_columns("site year water_ml:amount right_ml:amount_or_blank community_ml:amount_or_blank"), ("site", "year"), optional=True),
    "fibre": PlanTable(_columns("link period modules:count capacity_gbps:amount load_gbps:amount"), ("link", "period"), ("links",)),
    "waves": PlanTable(_columns("wave link start:period units:count"), ("wave",), optional=True),
    "routes": PlanTable(
        _columns("service use:text from:text to:text period main:text alternate:text main_km:amount alternate_km:amount"),
        ("service", "use", "from", "to", "period"),
        optional=True,
    ),
    "spares": PlanTable(
        _columns("service metro period site sku share:any units:units rtt_ms:amount"),
        ("service", "metro", "period", "site", "sku"),
        optional=True,
    ),
    "latency": PlanTable(
        _columns("service gtok:amount p50_ms:amount p95_ms:amount p99_ms:amount slo_rtt_ms:amount"),
        ("service",),
        optional=True,
    ),
    "presence": PlanTable(_columns("service site period least_units:units cost_musd:amount"), ("service", "site", "period"), optional=True),
    "standby": PlanTable(_columns("service site sku period units:units"), ("service", "site", "sku", "period"), optional=True),
    "pools": PlanTable(_columns("site sku period units:units own_peaks_units:units"), ("site", "sku", "period"), optional=True),
    "refresh": PlanTable(_columns("service period gbps:amount"), ("service", "period"), optional=True),
    "unserved": PlanTable(_columns("service metro period share:amount mtok_per_day:amount"), ("service", "metro", "period"), ("services",)),
    "unplaced": PlanTable(_columns("job value_musd:any"), ("job",), ("jobs",)),
    "shifts": PlanTable(
        _columns("site period block mw:any duty:units"),
        ("site", "period", "block", "duty"),
        ("deferrable jobs",),  # no table of that name: never compulsory, but without it deferrable jobs have to draw their mean
    ),
    "releases": PlanTable(
        _columns("release job trained:period_or_blank released:period_or_blank blocked_by:text"),
        ("release",),
        ("releases",),
    ),
    "local_benefits": PlanTable(_columns("site period extra_mw:amount extra_ml:amount"), ("site", "period"), ("local_benefits",)),
    "land_options": PlanTable(_columns("site period held:amount"), ("site", "period"), ("land_options",)),
    "stranded": PlanTable(
        _columns("site domain period it_mw:amount usable_mw:amount stranded_mw:amount stranded_units:units"), ("domain", "period"), optional=True
    ),
    "openings": PlanTable(_columns("site open:flag"), ("site",), ("siting",)),
    "debt": PlanTable(_columns("period drawn_musd:amount"), ("period",), optional=True),
    "tranches": PlanTable(_columns("tranche released:period"), ("tranche",), ("tranches",)),
    "draws": PlanTable(_columns("tranche period musd:amount"), ("tranche", "period"), ("tranches",)),
    "income": PlanTable(
        _columns("period revenue_musd:any running_musd:any lease_musd:any depreciation_musd:amount expensed_musd:any ebit_musd:any interest_musd:amount"),
        ("period",),
        optional=True,
    ),
    "cash": PlanTable(_columns("period:period_or_end term musd:any"), ("period", "term")),
}

#: The same tables in a case with `pairs`: no domain, SKU, metro, value and delay; those cells are blank.
_WITH_PAIRS: dict[str, PlanTable] = {
    "training": PlanTable(
        _columns("job site domain:blank sku:blank start:period end:period units:amount value_musd:blank nominal_units:blank goodput:blank"),
        ("job", "site"),
        ("jobs",),
    ),
    "inference": PlanTable(
        _columns("service metro:blank period site sku:blank share:any units:amount rtt_ms:blank"),
        ("service", "site"),
        ("services",),
    ),
}


def plan_tables(case: Case) -> dict[str, PlanTable]:
    """Return what the tables of a plan for the case look like."""
    return PLAN_TABLES | _WITH_PAIRS if "pairs" in case else PLAN_TABLES


#: Columns that only together name a row of the case.
PAIRS = {"halls": ("site", "hall"), "grid": ("site", "tier"), "curtailment": ("site", "tier"), "milestones": ("site", "hall", "milestone")}


def read_tables(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read the plan tables of a run (``RUN`` or ``RUN/plan``) as text, nothing converted.

    A missing file is a missing key and an unreadable one an empty frame whose ``attrs["unreadable"]`` says why;
    ``check`` reports both as ``format``. Raises nothing on bad content.
    """
    base = Path(folder)
    base = base / "plan" if (base / "plan").is_dir() else base
    return {name: _read(base / f"{name}.csv") for name in PLAN_TABLES if (base / f"{name}.csv").is_file()}


def _read(path: Path) -> pd.DataFrame:
    # The csv module and not pandas: a row that is too short or too long must be noticed, not padded.
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *body = [row for row in csv.reader(file, strict=True) if row] or [[]]
    except (OSError, UnicodeError, csv.Error) as error:
        return _unreadable(str(error))
    ragged = next((i for i, row in enumerate(body, start=2) if len(row) != len(head)), None)
    if ragged is not None:
        return _unreadable(f"row {ragged} has {len(body[ragged - 2])} cells, the header {len(head)}")
    return pd.DataFrame(body, columns=pd.Index(head, dtype=object), dtype=object)


def _unreadable(why: str) -> pd.DataFrame:
    frame = pd.DataFrame()
    frame.attrs["unreadable"] = why
    return frame


def typed_tables(case: Case, tables: Mapping[str, pd.DataFrame], found: Findings) -> dict[str, pd.DataFrame]:
    """Return every plan table with numbers as float and periods as indices; note as ``format`` all that is malformed.

    Periods become int (``end`` becomes ``n_periods``, blank becomes -1). A table of an absent layer may be missing.
    """
    known = _known(case)
    typed = {}
    for name, table in plan_tables(case).items():
        if name in tables:
            typed[name] = _typed(case, name, table, tables[name], known, found)
        else:
            if not table.optional and (not table.layers or any(layer in case for layer in table.layers)):
                found.add("format", f"plan/{name}.csv", "the table is missing")
            typed[name] = _empty(table)
            typed[name].attrs["missing"] = True
    return typed


def _empty(table: PlanTable) -> pd.DataFrame:
    return _template(tuple(table.columns.items())).copy(deep=False)


@cache
def _template(columns: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    def dtype(kind: str) -> str:
        return "float64" if kind in NUMBERS else "int64" if kind.startswith("period") else "object"

    return pd.DataFrame({c: pd.Series([], dtype=dtype(kind)) for c, kind in columns})


def _known(case: Case) -> dict[str, frozenset[str]]:
    """Every id that a column may hold, by kind of column."""
    plain = {
        "site": "sites",
        "sku": "skus",
        "job": "jobs",
        "service": "services",
        "metro": "metros",
        "ppa": "ppas",
        "generator": "generators",
        "release": "releases",
        "tranche": "tranches",
        "storage": "storage",
    }
    ids = {kind: frozenset(case[table][kind]) for kind, table in (plain | {"offer": "offers", "link": "links", "wave": "waves"}).items()}
    halls = case["halls"]
    ids |= {"hall": frozenset(halls["hall"]), "tier": frozenset(case["grid"]["tier"])}
    ids |= {"milestone": frozenset(case["milestones"]["milestone"]), "term": frozenset(TERMS)}
    ids |= {"domain": frozenset(halls["domain"].where(halls["domain"] != "", halls["site"]))}
    ids |= {"block": frozenset(b.name for b in case.blocks)}
    ids |= {"year": frozenset(str(case.year(t)) for t in range(case.n_periods))}
    sources = ["grid", *(f"ppa:{p}" for p in case["ppas"]["ppa"]), *(f"generator:{g}" for g in case["generators"]["generator"])]
    return ids | {"source": frozenset(sources)}


def _typed(case: Case, name: str, table: PlanTable, frame: pd.DataFrame, known: Mapping[str, frozenset[str]], found: Findings) -> pd.DataFrame:
    where, before = f"plan/{name}.csv", len(found.violations)
    if frame.attrs.get("unreadable"):
        found.add("format", where, f"cannot be read: {frame.attrs['unreadable']}")
        return _empty(table)
    given = list(map(str, frame.columns))
    for column in dict.fromkeys([*table.columns, *given]):
        count = given.count(column)
        if column not in table.columns or count != 1:
            problem = "unknown column" if column not in table.columns else "missing column" if count == 0 else "column given more than once"
            found.add("format", where, f"{problem} '{column}'")
    if len(found.violations) > before or frame.empty:
        return _empty(table)
    columns = {c: _convert(case, f"{where} column '{c}'", kind, frame[c], known, found) for c, kind in table.columns.items()}
    result = pd.DataFrame(columns)
    _keys(case, name, table, frame, result, found)
    return result


def _convert(case: Case, where: str, kind: str, cells: pd.Series, known: Mapping[str, frozenset[str]], found: Findings) -> pd.Series:
    if kind in NUMBERS and cells.dtype.kind in "fi" and _sound(kind, cells.to_numpy(float)):
        return cells.astype(float).reset_index(drop=True)
    text = pd.Series(["" if blank else str(cell) for cell, blank in zip(cells.tolist(), cells.isna().tolist(), strict=True)], dtype=object)
    if kind in NUMBERS:
        return _number(where, kind, text, found)
    if kind == "blank":
        _report(where, text[text != ""], "must be blank in a case with pairs", found)
        return text
    if kind.startswith("period"):
        labels = [*case.periods, *({"period_or_end": [END], "period_or_blank": [""]}.get(kind, []))]
        number = {label: t for t, label in enumerate(labels)}
        codes = np.array([number.get(cell, -1) for cell in text], dtype=int)
        _report(where, text[codes < 0], "is not a period of the case", found)
        return pd.Series(np.where(text.to_numpy() == "", -1, codes).astype(int))
    if kind != "text":
        _report(where, text[np.array([cell not in known[kind] for cell in text], dtype=bool)], f"is no {kind} of the case", found)
    return text


def _sound(kind: str, values: NDArray[np.float64]) -> bool:
    """Whether numbers, not text, hold nothing that could be wrong: then they need not be read and told one by one."""
    whole = np.abs(values - np.round(values)) <= ABSOLUTE if kind in ("count", "flag") else True
    small = values <= 1 if kind == "flag" else True
    return bool((np.isfinite(values) & (values >= NUMBERS[kind]) & whole & small).all())


def _number(where: str, kind: str, text: pd.Series, found: Findings) -> pd.Series:
    values = pd.to_numeric(text, errors="coerce").astype(float)
    finite = np.isfinite(values) | ((text == "") if kind == "amount_or_blank" else False)
    _report(where, text[~finite], "is not a finite number", found)
    _report(where, text[finite & (values < NUMBERS[kind])], "is negative", found)
    if kind in ("count", "flag"):
        whole = (values - values.round()).abs() <= ABSOLUTE
        _report(
            where,
            text[finite & ~(whole & ((values <= 1) | (kind == "count")))],
            "is not a whole number" if kind == "count" else "is not 0 or 1",
            found,
        )
    return values


def _report(where: str, bad: pd.Series, problem: str, found: Findings) -> None:
    for row, cell in bad.items():
        found.add("format", f"{where} row {int(str(row)) + 2}", f"'{cell}' {problem}")


def _keys(case: Case, name: str, table: PlanTable, frame: pd.DataFrame, result: pd.DataFrame, found: Findings) -> None:
    def tell(mask: Iterable[bool], problem: str) -> None:
        for row in np.flatnonzero(np.asarray(mask)):
            cells = ", ".join(str(frame[c].iloc[row]) for c in table.key)
            found.add("format", f"plan/{name}.csv row {row + 2}", f"({cells}) {problem}")

    keys = list(zip(*(result[c] for c in table.key), strict=True))
    if len(set(keys)) < len(keys):
        tell(result.duplicated(list(table.key)), "is there more than once")
    if name in PAIRS and len(result):
        columns = list(PAIRS[name])
        there = set(zip(*(case[name][c] for c in columns), strict=True))
        tell([key not in there for key in zip(*(result[c] for c in columns), strict=True)], f"is not in the case's table '{name}'")
