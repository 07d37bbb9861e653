"""Numbers as people read them: thousands apart by commas, as all text of the package has them, few digits, the unit behind; and the names of what they are."""

from __future__ import annotations

import math
from numbers import Real

THIN = "\u202f"  # narrow no-break space: between number and unit
MINUS = "\u2212"
MISSING = "\u2013"

#: Suffixes of names that carry a unit, longest first; see "units in names" of models/README.md.
UNITS = {
    "usd_per_mtok": "$/Mtok", "musd_per_year": "M$/year", "mtok_per_day": "Mtok/day", "usd_per_mwh": "$/MWh", "kg_per_mwh": "kg/MWh",
    "musd_per_mw": "M$/MW",
    "usd_per_t": "$/t", "periods": "periods", "units": "accelerators", "hours": "h", "years": "years", "mtok": "Mtok",
    "share": "%", "gbps": "Gbit/s", "musd": "M$", "usd": "$", "mwh": "MWh", "gwh": "GWh", "twh": "TWh", "mw": "MW", "gw": "GW", "kw": "kW",
    "ms": "ms", "km": "km", "kg": "kg", "kt": "kt", "gb": "GB", "s": "s", "t": "t",
}  # fmt: skip


_LARGER = {f"{small}tok{per}": f"{large}tok{per}" for small, large in ("MG", "GT", "TP") for per in ("", "/day")}


class Number(str):
    """A number as it is shown, with the number and the unit that it shows: tables sort by these and download them.

    Examples
    --------
    >>> n = musd(1234.56)
    >>> n, n.value, n.unit
    ('1,235\u202fM$', 1234.56, 'M$')
    """

    value: float
    unit: str

    @classmethod
    def of(cls, text: str, value: float, unit: str = "") -> Number:
        """Return the text with what it shows."""
        shown = cls(text)
        shown.value, shown.unit = value, unit
        return shown


_ABBREVIATIONS = {
    "pue": "PUE",
    "it": "IT",
    "npv": "NPV",
    "roi": "ROI",
    "co2": "CO\u2082",
    "slo": "SLO",
    "rtt": "round-trip time",
    "p50": "median",
    "p95": "95th percentile",
    "p99": "99th percentile",
    "rel": "relative",
}

#: Terms of the objective in a planner's words, wherever they are shown.
TERM_NAMES = {
    "capex": "Capital spending", "opex": "Operation of halls and sites", "lease": "Rent and leases", "energy": "Energy from grid and generators",
    "contracts": "Power contracts", "network": "Network traffic", "carbon": "Carbon cost", "finance": "Interest on debt", "change": "Moving and porting",
    "unmet": "Penalties for unserved demand", "value": "Income from jobs and services", "salvage": "Residual value and resale",
    "placing": "Placements", "opening": "Opening of sites",
}  # fmt: skip

#: Labels of the key figures (models/README.md, section 11) that their names alone do not say.
LABELS = {f"{term}_musd": words for term, words in TERM_NAMES.items()} | {
    "spend_musd": "All spending, without penalties",
    "capex_chips_musd": "Capital spending on accelerators",
    "capex_other_musd": "Capital spending on everything else",
    "halls_built": "Halls built",
    "it_mw_built": "IT capacity of new halls, MW",
    "it_mw_end": "IT capacity of halls at the end, MW",
    "stranded_it_mw_end": "IT capacity without accelerators at the end, MW",
    "units_end": "Accelerators at the end",
    "units_ordered": "Accelerators ordered",
    "units_in_stock_mean": "Accelerators in stock, mean",
    "units_in_stock_end": "Accelerators in stock at the end",
    "units_moved": "Accelerators moved",
    "stage_use_max_share": "Use of the scarcest upstream stage in its fullest period, %",
    "chip_utilisation": "Accelerators in use, weighted by power, %",
    "idle_it_mw_mean": "Power of idle accelerators, mean, MW",
    "energy_gwh": "Energy used, GWh",
    "pue_mean": "PUE, mean by energy",
    "co2_grid_kt": "CO\u2082 of grid energy, kt",
    "co2_contracts_kt": "CO\u2082 of power contracts, kt",
    "co2_own_generation_kt": "CO\u2082 of on-site generation, kt",
    "clean_share": "Clean energy, %",
    "co2_kt": "CO\u2082, kt",
    "contract_share": "Energy from power contracts, %",
    "own_generation_share": "Energy from on-site generation, %",
    "water_ml": "Water used at sites with a WUE, Ml",
    "jobs_placed": "Training jobs placed",
    "jobs_unplaced": "Training jobs not placed",
    "value_placed_musd": "Value of the jobs placed",
    "value_unplaced_musd": "Value of the jobs not placed",
    "goodput_mean": "Goodput of training, mean, %",
    "served_gtok": "Tokens served, Gtok",
    "unserved_share": "Demand not served, %",
    "rtt_p50_ms": "Round-trip time, median, ms",
    "rtt_p95_ms": "Round-trip time, 95th percentile, ms",
    "spare_units_mean": "Spare accelerators, mean",
    "spare_share": "Spare accelerators for each one that serves",
    "rented_unit_share": "Rented accelerators, share of all in service, %",
    "units_sold": "Accelerators sold on",
    "resale_musd": "Proceeds of accelerators sold on",
    "carbon_carbon_musd": "Carbon offsets bought",
    "finance_capital_musd": "Interest on what is drawn of the debt",
    "route_km_mean": "Fibre to the user, mean by tokens, km",
    "subsea_km_mean": "Subsea fibre to the user, mean by tokens, km",
    "subsea_share": "Tokens that cross a subsea cable, %",
    "refresh_gbps_km": "Fresh weights, Gbit/s-km",
    "refresh_subsea_gbps_km": "Fresh weights on subsea cables, Gbit/s-km",
    "domain_share_max": "Largest share of a metro served from one failure domain, %",
    "storage_gwh": "Energy given back by storage, GWh",
    "export_gwh": "Energy of generators sold, GWh",
    "shifted_gwh": "IT energy of deferrable jobs moved to other hours, GWh",
    "fillers_placed": "Preemptible jobs placed",
    "filler_units_mean": "Accelerators used by preemptible jobs, mean",
    "releases_out": "Models released by the end",
    "release_periods": "Periods in which releases are out, all together",
    "npv_musd": "Net present value, without penalties",
    "revenue_musd": "Revenue",
    "depreciation_musd": "Depreciation",
    "ebit_musd": "Earnings before interest and tax (EBIT), without penalties",
    "roi": "EBIT of the whole plan per $ of new capital",
    "payback_years": "Years until all income covers all spending",
    "capex_share": "Capital spending, share of all spending, %",
    "opex_share": "Running costs, share of all spending, %",
    "lease_share": "Rent, share of all spending, %",
    "ingested_pb": "Data copied to the sites of training jobs, PB",
    "stranded_gang_mw_mean": "IT capacity that no gang can use, mean, MW",
    "stranded_gang_units_end": "Idle accelerators that no gang can use, at the end",
    "usable_it_share": "IT capacity of halls that gangs use or could use, %",
    "placing_cost": "Cost of placements",
    "opening_cost": "Cost of opening sites",
    "services_served": "Workloads that may be split",
    "services_split": "Workloads split over several sites",
    "sites_used": "Sites used",
    "sites_open": "Sites open",
    "capacity_used_share": "Capacity of open sites in use, %",
    "presences_end": "Services at sites at the end",
    "presence_musd": "Cost of keeping services at sites",
    "standby_units_end": "Accelerators on standby at the end",
    "pooling_saves_units_end": "Accelerators saved by sharing at the end",
    "edge_share": "Tokens served at edge sites, %",
    "refresh_gbps_max": "Traffic of fresh weights, largest, Gbit/s",
    "rtt_p99_ms": "Round-trip time, 99th percentile, ms",
    "cost_usd_per_mtok": "Cost of inference, $/Mtok",
}
#: What a key figure sets against what, where its label alone could be read as more than it says.
DEFINITIONS = {
    "value_musd": "Bonuses of releases included.",
    "salvage_musd": "What is left of halls, plants and accelerators at the end of the horizon, and what accelerators sold on bring.",
    "roi": (
        "Earnings before interest and tax of everything that runs, halls and accelerators that are there already included, over the capital spent within "
        "the horizon. It is no return on the new capital: what the plan would earn without it is part of it. What building adds: "
        "placement explain RUN --existing-only."
    ),
    "payback_years": (
        "From the start of the horizon until the summed cash flow, the income of what is there already included, stays above zero. It is no payback of "
        "what is built: part of the income would be there without it."
    ),
}
_LAYERS = {
    "sites": "halls and sites",
    "grid": "grid connections",
    "contracts": "power contracts",
    "generation": "on-site generation",
    "chips": "accelerators",
    "fibre": "fibre",
    "waves": "leased waves",
    "curtailment": "demand response",
    "community": "local benefits",
    "land": "options on land",
    "releases": "releases",
    "jobs": "training",
    "training": "training",
    "inference": "inference",
}
_INCOME = ("value", "salvage")  # terms that are costs below zero; shown as what they bring
_TERMS = {  # before the name of a layer
    "capex": "Capital spending",
    "opex": "Operation",
    "lease": "Rent",
    "energy": "Energy",
    "contracts": "Contracts",
    "network": "Traffic",
    "carbon": "Carbon cost",
    "finance": "Interest",
    "change": "Moving and porting",
    "unmet": "Penalties",
    "value": "Income",
    "salvage": "Residual value",
}


_PROGRAMME = "domestic_spend_"


def figure_of(name: str, value: object) -> tuple[str, str]:
    """Return label and text of a key figure; one that is not known is read from its name (:func:`quantity`).

    Examples
    --------
    >>> figure_of("it_mw_end", 1278.3)
    ('IT capacity of halls at the end', '1,278\u202fMW')
    >>> figure_of("salvage_grid_musd", -39.9), figure_of("domestic_spend_home-made_share", 0.25)
    (('Residual value: grid connections', '39.9\u202fM$'), ('Spend on accelerators that counts for home-made', '25.0\u202f%'))
    """
    if isinstance(value, str):
        return quantity(name, value)
    term, _, layer = name.removesuffix("_musd").partition("_")
    if name.startswith(_PROGRAMME) and name.endswith("_share"):
        return f"Spend on accelerators that counts for {name.removeprefix(_PROGRAMME).removesuffix('_share')}", percent(value)
    if name in ("value_musd", "salvage_musd") or (name not in LABELS and term in _INCOME and name.endswith("_musd")):
        value = -number(value)
    if name not in LABELS and name.endswith("_musd") and term in _TERMS and layer:
        return f"{_TERMS[term]}: {_LAYERS.get(layer, layer.replace('_', ' '))}", musd(value)
    if name not in LABELS:
        return quantity(name, value)
    if name.endswith("_musd"):
        return LABELS[name], musd(value)
    if is_count(name):
        return LABELS[name], accelerators(value)
    label, comma, unit_name = LABELS[name].rpartition(", ")
    if not comma or unit_name not in ("%", "MW", "GWh", "kt", "Gtok", "ms", "$/Mtok", "Ml"):
        return LABELS[name], significant(value)
    return label, percent(value) if unit_name == "%" else unit(value, unit_name)


def is_count(name: str) -> bool:
    """Whether a key figure counts accelerators.

    Examples
    --------
    >>> is_count("units_end"), is_count("rented_unit_share")
    (True, False)
    """
    return name == "units" or name.startswith("units_") or "_units_" in name


def number(value: object) -> float:
    """Return a finite float, or NaN for anything that is not one (``None``, text, infinity)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    return float(value) if math.isfinite(float(value)) else math.nan


def fixed(value: object, digits: int = 0) -> str:
    """Return a number with that many decimals, or a dash where there is none."""
    x = number(value)
    if math.isnan(x):
        return MISSING
    text = f"{x:,.{digits}f}"
    return Number.of(text.lstrip("-") if float(f"{x:.{digits}f}") == 0 else text.replace("-", MINUS), x)


def significant(value: object, digits: int = 3) -> str:
    """Return a number with about that many significant digits; whole from 1000 on.

    Examples
    --------
    >>> significant(12.3456), significant(0.04567), significant(-2)
    ('12.3', '0.0457', '\u22122')
    """
    x = number(value)
    if math.isnan(x) or abs(x) < 1e-9:
        return MISSING if math.isnan(x) else Number.of("0", x)
    places = min(max(0, digits - 1 - math.floor(math.log10(abs(x)))), 9)
    text = fixed(x, places)
    return Number.of(text.rstrip("0").rstrip(".") if "." in text else text, x)


def unit(value: object, name: str, digits: int = 3) -> str:
    """Return a number with about three digits and its unit, kept together; tokens from 10,000 of a unit on in the next larger one.

    Examples
    --------
    >>> unit(5933.2, "MW"), unit(106519635.0, "Mtok/day"), unit(9999.0, "Gtok")
    ('5,933\u202fMW', '107\u202fTtok/day', '9,999\u202fGtok')
    """
    x = number(value)
    while name in _LARGER and abs(x) >= 1e4:
        x, name = x / 1e3, _LARGER[name]
    return Number.of(significant(x, digits) + THIN + name, x, name) if x == x else MISSING


def accelerators(value: object) -> str:
    """Return a count of accelerators, rounded: plans may hold parts of one, which stand for one in use for part of the period.

    Examples
    --------
    >>> accelerators(1023.7), accelerators(0.3), accelerators(0.0)
    ('1,024', '<\u202f1', '0')
    """
    x = number(value)
    return Number.of(f"<{THIN}1", x) if 1e-6 < x < 0.5 else fixed(x)


def musd(value: object) -> str:
    """Return money in M$ with four significant digits, whole from 1000 M$ on: what differs by little must not look the same.

    Examples
    --------
    >>> musd(18.0134), musd(0.00123456), musd(270346.6), musd(150.0)
    ('18.01\u202fM$', '0.001235\u202fM$', '270,347\u202fM$', '150\u202fM$')
    """
    return unit(value, "M$", 4)


def money(value: object, unit: str) -> str:
    """Return an amount in M$ as :func:`musd` does; in any other unit with the decimals that it has, at most three.

    Examples
    --------
    >>> money(12345.678, "M$"), money(7, "k$"), money(-2.50001, "")
    ('12,346\u202fM$', '7\u202fk$', '\u22122.5')
    """
    if unit == "M$" or number(value) != number(value):
        return musd(value)
    text = fixed(value, 3)
    return Number.of((text.rstrip("0").rstrip(".") + THIN + unit).rstrip(), number(value), unit)


def percent(share: object) -> str:
    """Return a share as a percentage that never rounds to a false 0 or 100."""
    x = 100 * number(share)
    if math.isnan(x):
        return MISSING
    return Number.of(_per_cent(x) + THIN + "%", x, "%")


def _per_cent(x: float) -> str:
    if 0 < abs(x) < 0.01:
        return f"<{THIN}0.01"
    x = 100.0 if abs(x - 100) <= 1e-7 else x
    if 99.95 <= x < 100:
        return f">{THIN}99.9"
    return fixed(x, 2 if abs(x) < 1 and x else 0 if x in (0.0, 100.0) else 1)


def quantity(name: str, value: object) -> tuple[str, str]:
    """Return label and text of a quantity whose name ends in its unit.

    Examples
    --------
    >>> quantity("peak_power_mw", 41.5)
    ('Peak power', '41.5\u202fMW')
    """
    suffix = next((s for s in UNITS if name.endswith("_" + s)), "")
    label = (name.removesuffix("_" + suffix) if suffix else name).replace("_", " ")
    if suffix == "units" and not isinstance(value, str):
        shown = Number.of(accelerators(value) + THIN + UNITS[suffix], number(value), UNITS[suffix]) if number(value) == number(value) else MISSING
    elif isinstance(value, str):
        shown = value + (THIN + UNITS[suffix] if suffix not in ("", "share", "musd") and value != MISSING else "")
    else:
        shown = percent(value) if suffix == "share" else musd(value) if suffix == "musd" else unit(value, UNITS[suffix]) if suffix else significant(value)
    words = [_ABBREVIATIONS.get(word, word) for word in label.split()]
    label = " ".join(words)
    return label[:1].upper() + label[1:], shown


def plural(count: int, noun: str) -> str:
    """Return ``1 hall``, ``2 halls``."""
    stem = noun[:-1] + "ie" if noun.endswith("y") else noun
    return f"{fixed(count)} {noun if count == 1 else stem + 's'}"


def listed(names: list[str], most: int = 4) -> str:
    """Return ``a, b and c``; the rest is counted."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
