"""Joins the modules into one case folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from derivation import chips, fibre, jobs, layers, power, services, sites
from derivation.facts import Facts
from derivation.sources import sources_text
from derivation.spec import BLOCKS, Spec, quarter_label

BUDGET_GROWTH = 0.04  # scenario: per quarter
LEAN_QUARTERS, LEAN_SHARE = (4, 5), 0.75  # scenario: two quarters with less capital


def budget_table(spec: Spec) -> pd.DataFrame:
    """Return table ``budget``."""
    return pd.DataFrame(
        [
            {
                "period": quarter_label(t, spec.start),
                "capex_musd": round(spec.budget_musd * (1 + BUDGET_GROWTH) ** t * (LEAN_SHARE if t in LEAN_QUARTERS else 1.0)),
                "assumption": "scenario: capital",
            }
            for t in range(spec.n_periods)
        ]
    )


def case_tables(facts: Facts, spec: Spec) -> dict[str, pd.DataFrame]:
    """Return every table of the case; empty ones are left out."""
    job_table, job_skus = jobs.job_tables(facts, spec)
    metros = services.metro_table(facts, spec)
    tables = {
        "sites": sites.site_table(facts, spec),
        "halls": sites.hall_table(facts, spec),
        "milestones": sites.milestone_table(facts, spec),
        "grid": power.grid_table(facts, spec),
        "tariffs": power.tariff_table(facts, spec),
        "profiles": power.profile_table(facts, spec),
        "ppas": power.ppa_table(facts, spec),
        "generators": power.generator_table(facts, spec),
        "skus": chips.sku_table(facts, spec),
        "offers": chips.offer_table(facts, spec),
        "installed": chips.installed_table(facts, spec),
        "vendor_caps": chips.vendor_cap_table(facts, spec),
        "export": chips.export_table(facts, spec),
        "residency": services.residency_table(facts, spec, job_table),
        "jobs": job_table,
        "job_skus": job_skus,
        "metros": metros,
        "services": services.service_table(facts, spec),
        "service_skus": services.service_sku_table(facts, spec),
        "demand": services.demand_table(facts, spec),
        "links": fibre.link_table(facts, spec, list(metros["metro"])),
        "budget": budget_table(spec),
    }
    found = {name: table for name, table in tables.items() if len(table)}
    return layers.extend(found, spec) if spec.layers else found


def write_case(facts: Facts, spec: Spec, folder: Path) -> dict[str, pd.DataFrame]:
    """Write the case's tables, ``case.toml`` and ``SOURCES.md``; return the tables."""
    tables = case_tables(facts, spec)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.csv"):  # a table that is no longer made would still be read
        old.unlink()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    _write(folder / "case.toml", settings_text(spec))
    _write(folder / "SOURCES.md", sources_text(facts, spec, tables))
    return tables


def write_rtt(facts: Facts, file: Path) -> None:
    """Write the measured Azure pairs by point of presence, for the test of the fibre graph."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fibre.azure_rtt(facts).to_csv(file, index=False, lineterminator="\n", encoding="utf-8")


def settings_text(spec: Spec) -> str:
    """Return ``case.toml``."""
    head = [
        "# Derived by data/derive.py; see SOURCES.md.",
        f'name = "{spec.name}"',
        f'title = "{spec.title}"',
        'model = "placement"',
        f'start = "{spec.start}"',
        f"periods = {spec.n_periods}",
        "period_months = 3",
        f"discount_rate = {spec.discount_rate}",
        f"carbon_price_usd_per_t = {spec.carbon_price_usd_per_t}",
        f"rtt_overhead_ms = {fibre.OVERHEAD_MS}",
        "lead_percentile = 50",
        *(layers.settings() if spec.layers else ()),
    ]
    blocks = [f'\n[[blocks]]\nname = "{name}"\nshare = {share}' + ("\nstress = true" if name == BLOCKS[-1][0] else "") for name, share in BLOCKS]
    return "\n".join([*head, *blocks]) + "\n"


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
