"""Text of ``SOURCES.md``: numbers are taken from the constants, so that text and tables cannot drift apart."""

from __future__ import annotations

import pandas as pd

from derivation import chips, fibre, jobs, layers, power, services, sites
from derivation.facts import Facts, percentile_days, quartile_days
from derivation.spec import BLOCKS, Spec

Entry = tuple[str, str, str]  # source, licence, what is assumed (scenario values) and how the table is computed

EPOCH = "Epoch AI, CC BY 4.0"
PUBLIC = "public domain (US government)"
NONE = "none: scenario"


def sources_text(facts: Facts, spec: Spec, tables: dict[str, pd.DataFrame]) -> str:
    """Return the source, licence and assumptions of every table of the case."""
    entries = {**_places(facts), **_power(), **_chips(spec), **_work(facts, spec), **_network(spec)}
    entries |= layers.entries() if spec.layers else {}
    parts = [_head(spec, tables)]
    for name, table in tables.items():
        source, licence, text = entries[name]
        more = f"\n* {layers.notes(name)}" if spec.layers and layers.notes(name) else ""
        parts.append(f"## `{name}.csv` ({len(table)} rows)\n\n* Source: {source}.\n* Licence: {licence}.\n* {text}{more}")
    return "\n\n".join([*parts, _licences()]) + "\n"


def _head(spec: Spec, tables: dict[str, pd.DataFrame]) -> str:
    halls, demand = tables["halls"], tables["demand"]
    new = halls["existing"] == 0
    n = {name: len(table) for name, table in tables.items()}
    campuses = (tables["sites"]["kind"] == "campus").sum()
    first = demand[demand["period"] == spec.start]["mtok_per_day"].sum() / 1e6
    return f"""# Sources of `{spec.name}`

Derived by `data/derive.py` from a folder of facts; not edited by hand. The same facts give the same bytes. What no open source has (fibre capacity,
contract offers, demand volume, chip shares, budgets, the value of a job) is a **scenario value**: it is marked `scenario` in the `assumption`
column and named here. Nothing here is a forecast, or legal or commercial advice.

{n["sites"]} sites ({campuses} announced or running campuses), {int(halls["it_mw"][~new].sum()):,} MW of IT running and
{int(halls["it_mw"][new].sum()):,} MW in {new.sum()} halls that may be built, {n["metros"]} metros, {spec.n_periods} quarters from {spec.start},
{n["skus"]} SKUs, {n["jobs"]} training jobs, {n["services"]} services with {first:.1f} trillion output tokens a day in the first quarter.

The planner is a consortium of tenants: it may use all announced power of the chosen campuses and orders {spec.supply_share:.0%} of the world's
volume of each chip family (scenario).

## `case.toml`

Discount rate {spec.discount_rate:.0%}, carbon price {spec.carbon_price_usd_per_t:g} $/t, blocks of hours
{", ".join(f"{name} {share:.0%}" for name, share in BLOCKS)} (the last is the stress block): scenario.
`rtt_overhead_ms` = {fibre.OVERHEAD_MS:g} is fitted on the measured Azure pairs (`tests/data/README.md`)."""


def _places(facts: Facts) -> dict[str, Entry]:
    p10, p50, p90 = percentile_days(facts)
    low, high = quartile_days(facts)
    single = " and ".join(f"`{s}`" for s in sites.SINGLE_FABRIC)
    return {
        "sites": (
            "campuses: Epoch AI Frontier Data Centers (coordinates, owner, PUE); regions: provider lists of 2023; US interruptions: EIA-861 SAIFI, "
            "median of 2019 to 2023",
            f"{EPOCH}; region coordinates MIT; EIA {PUBLIC}",
            f"Scenario: PUE 1.25 of regions; {sites.DIPS_PER_INTERRUPTION:g} dips and trips that stop a gang per sustained interruption; "
            f"outside the United States 0.3 + 10 x "
            f"(1 - grid quality index) interruptions; opening cost {sites.OPENING_MUSD_PER_MW} M$/MW; community caps "
            f"{_pairs(sites.COMMUNITY_FACTOR)} of announced power.",
        ),
        "halls": (
            "staged campus power by quarter (Epoch AI milestones; later than 2026-05 projected); construction cost: Epoch AI (campuses, "
            "per MW at the "
            "meter), Turner & Townsend DCCI 2025 (regions, per MW of IT)",
            EPOCH + "; DCCI values cited as facts",
            f"IT power = facility power / PUE. Power of the quarter before the start = existing halls; at most two later steps = staged "
            f"halls. Scenario: power energised by "
            f"{sites.AIR_UNTIL} is air cooled, later liquid; an expansion of {sites.EXPANSION_SHARE:.0%} of announced power "
            f"({sites.EXPANSION_MW[0]:g} to {sites.EXPANSION_MW[1]:g} MW); "
            f"a region runs 20 MW and may add {' + '.join(f'{x:g}' for x in sites.REGION_HALL_MW)} MW; {sites.REMAINING_COST_SHARE:.0%} "
            f"of a staged hall's cost is still to pay; "
            f"opex {sites.OPEX_MUSD_PER_IT_MW_YEAR} M$ per MW and year; life {sites.HALL_LIFE_YEARS} years; a fabric domain holds at most "
            f"{sites.MAX_DOMAIN_IT_MW:g} MW of IT, "
            f"except {single}, which are one fabric each.",
        ),
        "milestones": (
            "Epoch AI milestones: dates of staged power and measured days from first milestone to first power",
            EPOCH,
            f"Measured over all campuses: p10 {p10:.0f}, median {p50:.0f}, p90 {p90:.0f} days, quartiles {low:.0f} and {high:.0f}. Staged "
            f"halls: what is left to the announced date is the "
            f"median; p10 and p90 scale with the measured spread ({p10 / p50:.2f} and {p90 / p50:.2f} of the median). Expansions: the "
            f"campus's own measured "
            f"days inside the quartiles; regions: the lower quartile, in {', '.join(sites.SLOW_PERMITS)} the median. A greenfield campus "
            f"opens after about 40 % of the way to its first hall. "
            f"Scenario: split over the steps ({_pairs(sites.CHAIN_SHARES)} of the measured duration), costs.",
        ),
    }


def _power() -> dict[str, Entry]:
    return {
        "grid": (
            "announced power (Epoch AI); firmness: 1 - SAIDI without major events (EIA-861, state), elsewhere 0.9998 - 0.03 x (1 - grid "
            "quality index); queue "
            "lengths: `permitting/lead_time_facts.csv` (IEA, Reuters)",
            f"{EPOCH}; EIA {PUBLIC}",
            f"Scenario: works {power.STAGED_MUSD_PER_MW} M$/MW for announced and {power.EXPANSION_MUSD_PER_MW} for further tiers; "
            f"flexible (interruptible) tiers {power.FLEXIBLE_MUSD_PER_MW} "
            f"M$/MW, firmness {power.FLEXIBLE_FIRMNESS}; grid power below announced power at {_pairs(power.STRESSED_GRID)} (the rest is "
            f"on-site gas); next tier of a region after "
            f"{power.NORMAL_QUARTER} quarters, in {', '.join(power.TIGHT)} after {power.TIGHT_QUARTER}. Tiers that come after the horizon "
            f"are left out.",
        ),
        "tariffs": (
            "price: EIA industrial average 2024 by state, elsewhere official or compiled industrial prices (quality A to D, mean over the "
            "zone's sites; GB and TW are "
            "assumptions); carbon: Google region carbon 2024, CarbonCast, OWID/Ember",
            f"EIA {PUBLIC}; Eurostat, OWID/Ember CC BY 4.0; Google Apache-2.0; CarbonCast BSD-3-Clause",
            f"Scenario: shape over the blocks, price {_pairs(power.PRICE_SHAPE)}, carbon {_pairs(power.CARBON_SHAPE)} (mean 1 over the "
            f"hours); drift {power.PRICE_GROWTH:+.1%} and "
            f"{-power.CARBON_DECLINE:+.1%} a quarter.",
        ),
        "profiles": (NONE, "-", "Scenario: output per MW in base, peak and stress hours."),
        "ppas": (NONE, "-", "Scenario: no open source has offers. Carbon: life-cycle medians of IPCC AR5 WG3 annex III."),
        "generators": (NONE, "-", "Scenario: on-site plants, sizes, costs, dates; gas 370 to 490 kg CO2/MWh at the stack."),
    }


def _chips(spec: Spec) -> dict[str, Entry]:
    drift = ", ".join(f"{s} {chips.SKUS[s].growth:+.0%}" for s in chips.offered(spec))
    share = ", ".join(f"{s} {chips.SKUS[s].family_share:.0%}" for s in chips.offered(spec) if chips.SKUS[s].family_share)
    own = ", ".join(f"{s} {chips.SKUS[s].volume:,.0f}" for s in chips.offered(spec) if chips.SKUS[s].volume) or "none"
    return {
        "skus": (
            "Epoch AI Machine Learning Hardware (memory, TDP); IT power: vendor system maxima per accelerator or 1.5 x TDP (see `assumption`)",
            EPOCH,
            f"Scenario: idle draw {chips.IDLE_SHARE:.0%}, cooling class, scale-up domain, life {chips.CHIP_LIFE_YEARS} years. Export "
            f"class: `advanced` = total processing performance above 4800 (3A090).",
        ),
        "offers": (
            "Epoch AI chip counts (estimates from revenue, last full quarter); price: Epoch campus compute cost and list-price ratios",
            f"{EPOCH}; counts MIT",
            f"Scenario: {spec.supply_share:.0%} of the world volume; share of the family ({share}); drift per quarter ({drift}); world "
            f"volume without a source ({own}); price falls "
            "2 % a quarter; 1 or 2 quarters of lead; take-or-pay offers of the largest SKU. Offers that would arrive after the horizon are left out.",
        ),
        "installed": (
            NONE,
            "-",
            f"Scenario: {chips.FILL[0]:.0%} to {chips.FILL[1]:.0%} of each running hall's IT power is filled (drawn with a fixed seed) "
            f"with the chip of its owner (Amazon: Trainium2, Google: TPU v7, "
            "Alibaba: H20), else H100 in air, GB200 where most power came by 2025Q4 and GB300 later.",
        ),
        "vendor_caps": (NONE, "-", "Scenario: limit on lock-in."),
        "export": (
            "15 CFR 740 and 774 (3A090), compiled by hand with `advanced_chip_export_status` per country; BIS guidance of 13 May 2025",
            "facts of law",
            f"Scenario: quantities of caps ({_pairs(chips.EXPORT_CAPS)}; H20 in China: running units and {chips.H20_MORE:,}); denial for "
            f"China simplifies a policy that moved "
            "several times. `*` counts all countries without a row of their own.",
        ),
        "residency": (
            "`sovereignty/country_jurisdiction.csv`: laws named in the rows",
            "facts of law",
            "Scenario: a sectoral rule is applied to the whole service (payments, public sector). Only countries with sites, or users, of the case are listed.",
        ),
    }


def _work(facts: Facts, spec: Spec) -> dict[str, Entry]:
    mfu = facts["runs"]["mfu"].median()
    return {
        "jobs": (
            "Epoch AI large-scale models: each job is the successor of a real run, named in `source`, with its FLOP",
            EPOCH,
            f"Scenario: compute x {jobs.GROWTH_PER_YEAR} per year from publication to {jobs.TARGET_YEAR}, at most x {jobs.MAX_FACTOR:g} "
            f"(Epoch AI: frontier training compute grows 4 to 5 times a year); "
            f"value = {jobs.VALUE_USD_PER_HOUR} $ per GB300 hour x log-normal spread ({jobs.VALUE_SPREAD}); windows drawn with a fixed "
            f"seed; a few mandatory; power-stable rule "
            f"{_limits(jobs.FIRMNESS)} by gang size; lost hours {_limits(jobs.LOSS_HOURS)}. Residency by the organisation's country: EEA, "
            f"Gulf, every {jobs.CN_EVERY}th Chinese and "
            f"every {jobs.US_EVERY}th United States run. The largest runs fit only into the single-fabric campuses; a few fit nowhere and "
            f"stay unplaced.",
        ),
        "job_skus": (
            f"FLOP / (bf16 peak x utilisation x seconds of a quarter); utilisation {mfu:.3f} = median of the runs that report it (Epoch AI)",
            EPOCH,
            f"Whole scale-up domains. Scenario: software maturity {_pairs(jobs.SOFTWARE)}; duration 1 to 4 quarters by size "
            f"({_limits(jobs.DURATIONS)} quarters up to so many GB300 quarters); "
            "SKUs by gang size.",
        ),
        "metros": (
            "GeoNames",
            "CC BY 4.0",
            "The largest metro of every country with a site, then by demand weight. Metros that no service can reach are left out.",
        ),
        "services": (
            "peak / mean: 95th percentile over mean of requests per minute, Azure LLM inference trace 2023 (one hour: it has no daily cycle)",
            "CC BY 4.0",
            "Scenario: SLO, price, penalty (4 times the price, 2 in China), memory, weights, refresh interval, origin of the weights.",
        ),
        "service_skus": (
            "MLPerf Inference v5.1, closed division, median over submissions of the result per accelerator",
            "Apache-2.0; unofficial use of MLPerf results, MLCommons policy applies",
            "Where a SKU has no result for the model: B200 x ratio of Llama 2 70B Server results, else x ratio of memory bandwidth. "
            "Scenario: factor for long context "
            f"({', '.join(f'{k} {services.SERVICES[k].speed:g}' for k in spec.services)}).",
        ),
        "demand": (
            "spread: internet users x GDP per head (World Bank, OWID) over cities",
            "CC BY 4.0",
            f"Scenario: {spec.demand_mtok_per_day / 1e6:g} trillion output tokens a day in the first quarter, "
            f"{services.DEMAND_GROWTH:+.0%} a quarter, weight of each service. " + _unserved(spec),
        ),
    }


def _unserved(spec: Spec) -> str:
    if "payments" in spec.services:
        return (
            "**Expected to go unserved**: payments in Turkey and Vietnam (data may not leave, no site there); part of the chat demand in "
            "China: advanced chips are denied there, so only running H20, a few more of them and Ascend 910C serve it. Without the penalty "
            "the case is infeasible. Until the first chips and halls arrive, also part of chat and code completion far from running campuses "
            "(Europe, South America, India, Japan): running regions hold 20 MW each."
        )
    return (
        "**Expected to go unserved**: all chat demand in China, where data may not leave and the case has no site; "
        "without the penalty the case is infeasible (`data/scenarios/china-must-serve`). In the first two quarters also part of the "
        "demand in Europe: "
        "Wisconsin is the only campus within 100 ms, and its running chips are short until new ones arrive."
    )


def _network(spec: Spec) -> dict[str, Entry]:
    sea, land = fibre.CAPACITY["submarine"], fibre.CAPACITY["terrestrial"]
    return {
        "links": (
            "own graph of 250 points of presence: Gabriel graph on land, hops of named systems at sea; access of sites and metros to the nearest point",
            "facts (cable names and landings); GeoNames CC BY 4.0",
            "Length = great circle x 1.5 on land, x 1.25 at sea. Brazil-Angola and Brazil-Portugal (`measured_paths_avoid`) are left out: "
            "measured round-trip times show that no provider "
            f"routes over them. Scenario: capacity for weight refresh at sea ({sea[0]:g} + modules of {sea[1]:g} Gbit/s) and on land from "
            f"{fibre.LONG_HAUL_KM:g} km ({land[0]:g} + {land[1]:g}); "
            f"module cost {sea[2]:g} M$ + {sea[3]:g} per 1000 km and {land[2]:g} M$ + {land[3]:g}; shorter links are not limited.",
        ),
        "budget": (NONE, "-", f"Scenario: {spec.budget_musd:,.0f} M$ in the first quarter, +4 % a quarter, two lean quarters at 75 %."),
    }


def _pairs(values: dict[str, float] | dict[str, int]) -> str:
    return ", ".join(f"{k} {v:,}" for k, v in values.items())


def _limits(values: tuple[tuple[float, float], ...]) -> str:
    return ", ".join(f"{v:g} ({limit:,.0f})" for limit, v in values)


def _licences() -> str:
    return (
        "## Licences\n\nEpoch AI, GeoNames, World Bank, OWID/Ember and the Azure documents and traces: CC BY 4.0 (this page is the "
        "attribution; numbers were joined, scaled and\n"
        "rounded as stated). EIA: public domain. MLPerf results, Google region carbon: Apache-2.0. No copyleft or non-commercial data."
    )
