"""Keys, references, and the explicit list of rules across rows and tables.

A rule gets the typed draft and returns problems. It names what it reads, and is left out where some of that
holds wrong cells, so that a mistake is reported once and not through everything that depends on it.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from placement.case import base_rules as bases
from placement.case import (
    capital_rules,
    effects,
    energy_rules,
    filler_rules,
    generation_rules,
    magnitudes,
    milestone_rules,
    pair_rules,
    penalty_rules,
    power_rules,
    redundancy_rules,
    release_rules,
    route_rules,
    unused,
)
from placement.case import cooling_rules as cooling
from placement.case import data_rules as data
from placement.case import demand_rules as demand
from placement.case import deployment_rules as deployment
from placement.case import fibre_rules as fibre
from placement.case import offer_rules as offers
from placement.case import permit_rules as permits
from placement.case import service_rules as service
from placement.case import supply_rules as supply
from placement.case import training_rules as training
from placement.case import upstream_rules as upstream
from placement.case.draft import Draft, Rule
from placement.case.findings import suggest
from placement.case.schema import TABLES, Column

#: Every rule, in the order in which problems are listed. A new rule is one function and one line: here, or in ``RULES`` of its module.
RULES: tuple[Rule, ...] = (
    Rule(pair_rules.settings_beside, "case.periods case.blocks siting.site"),
    Rule(effects.needed_tables),
    Rule(effects.work_to_place),
    Rule(effects.tables_have_effect),
    Rule(
        effects.settings_have_effect,
        "case.toml.carbon_price_usd_per_t case.toml.lead_percentile tariffs.co2_kg_per_mwh ppas.co2_kg_per_mwh generators.co2_kg_per_mwh",
    ),
    Rule(magnitudes.plausible),  # these two ask for each of their columns
    Rule(magnitudes.not_tiny),
    Rule(supply.coordinates_given, "sites.lat_deg sites.lon_deg metros.lat_deg metros.lon_deg"),
    Rule(supply.zones_given, "sites.zone sites.power_included"),
    Rule(effects.sites_used, "sites.site halls.site services.origin datasets.node"),
    Rule(effects.opening_cost_used, "sites.site sites.opening_cost_musd halls.site halls.existing"),
    Rule(supply.domains_sound, "sites.site halls.site halls.domain"),
    Rule(supply.existing_halls, "halls.site halls.domain halls.existing halls.capex_musd halls.earliest"),
    Rule(
        unused.lives_used,
        "halls.existing halls.capex_musd halls.life_years grid.capex_musd grid.life_years generators.capex_musd_per_mw generators.life_years "
        "links.module_gbps links.module_capex_musd links.life_years",
    ),
    Rule(unused.outages_felt, "sites.outages_per_year jobs.loss_hours_per_outage jobs.checkpoint_hours jobs.restart_hours"),
    Rule(milestone_rules.milestone_halls, "halls.site halls.hall halls.existing milestones.site milestones.hall"),
    Rule(milestone_rules.milestone_order, "milestones.site milestones.hall milestones.milestone milestones.after"),
    Rule(milestone_rules.milestone_leads, "milestones.lead_p10 milestones.lead_p50 milestones.lead_p90"),
    Rule(effects.power_settings_used, "sites.community_mw sites.power_included cooling.pue jobs.min_firmness jobs.duty"),
    Rule(supply.tariffs_complete, "case.periods case.blocks"),  # asks for its columns itself
    Rule(effects.zones_used, "sites.zone tariffs.zone"),
    Rule(supply.contracts, "case.periods sites.site sites.zone grid.site ppas.zone ppas.start"),
    Rule(effects.profiles_used, "profiles.profile ppas.profile generators.profile"),
    Rule(supply.profiles_complete, "case.blocks profiles.profile profiles.block"),
    Rule(effects.skus_used, "skus.sku offers.sku installed.sku job_skus.sku service_skus.sku"),
    Rule(unused.chip_lives_used, "skus.sku skus.life_years offers.sku offers.kind offers.unit_price_usd"),
    Rule(magnitudes.idle_draw, "skus.kw_per_unit skus.idle_share"),
    Rule(supply.offer_shares, "offers.kind offers.take_share"),
    *offers.RULES,
    Rule(effects.vendors_used, "vendor_caps.vendor skus.sku skus.vendor offers.sku"),
    Rule(supply.vendor_shares, "vendor_caps.vendor vendor_caps.max_spend_share skus.sku skus.vendor offers.sku"),
    Rule(magnitudes.spend_shares, "vendor_caps.max_spend_share domestic_shares.min_spend_share offers.unit_price_usd"),
    *upstream.RULES,
    *deployment.RULES,
    Rule(supply.installed_places, "halls.site halls.domain halls.existing installed.domain"),
    Rule(
        supply.installed_power,
        "halls.site halls.domain halls.existing halls.it_mw halls.cooling installed.domain installed.sku installed.units "
        "skus.sku skus.kw_per_unit skus.cooling",
    ),
    Rule(unused.export_classes_used, "skus.export_class export.export_class"),
    Rule(unused.export_countries, "sites.country export.country"),
    Rule(supply.export_caps, "export.rule export.cap_units export.cap_tpp_million"),
    Rule(
        supply.installed_exports,
        "sites.site sites.country halls.site halls.domain skus.sku skus.export_class installed.domain installed.sku installed.units "
        "export.export_class export.country export.rule export.cap_units export.cap_tpp_million skus.tpp",
    ),
    Rule(effects.residency_used, "residency.class residency.origin jobs.residency services.residency datasets.residency metros.country"),
    Rule(unused.residency_countries, "sites.country residency.class residency.origin residency.country residency.allow"),
    Rule(demand.skus_listed, "jobs.job job_skus.job services.service service_skus.service"),
    Rule(demand.job_dates, "case.periods jobs.earliest jobs.latest"),
    Rule(
        demand.mandatory_windows,
        "case.periods case.blocks jobs.preemptible jobs.job jobs.mandatory jobs.earliest jobs.latest job_skus.job job_skus.duration_periods "
        "jobs.goodput_by job_skus.units job_skus.max_units job_skus.scaling_exponent job_skus.maturity",
    ),
    *training.RULES,
    *bases.RULES,
    *data.RULES,
    Rule(effects.worth_doing, "releases.job jobs.mandatory jobs.value_musd services.price_usd_per_mtok services.unmet_usd_per_mtok"),
    Rule(effects.metros_used, "metros.metro services.service demand.metro demand.service"),
    Rule(unused.demand_given, "demand.mtok_per_day"),
    Rule(
        demand.units_solvable,
        "case.blocks demand.service demand.mtok_per_day services.service services.peak_to_mean services.hbm_gb services.weights_gb "
        "services.refresh_hours services.burst_share services.utilisation_cap service_loads.service service_loads.block service_loads.load "
        "service_skus.service service_skus.sku service_skus.tok_per_s skus.sku skus.kw_per_unit skus.idle_share skus.hbm_gb",
    ),
    Rule(demand.refresh_traffic, "services.weights_gb services.origin"),
    Rule(demand.peaks_possible, "case.blocks services.peak_to_mean"),
    Rule(
        fibre.link_modules,
        "links.a links.b links.gbps links.module_gbps links.max_modules links.module_capex_musd links.lead_periods links.life_years",
    ),
    Rule(effects.link_capacity_used, "links.gbps services.origin datasets.mode"),
    Rule(fibre.fibre_connects, "sites.site metros.metro links.a links.b"),
    Rule(
        fibre.link_lengths,
        "sites.site sites.lat_deg sites.lon_deg metros.metro metros.lat_deg metros.lon_deg links.a links.b links.km",
    ),
    *cooling.RULES,
    *permits.RULES,
    *release_rules.RULES,
    *route_rules.RULES,
    *redundancy_rules.RULES,
    *filler_rules.RULES,
    Rule(pair_rules.workloads_known, "pairs.workload jobs.job services.service"),
    Rule(pair_rules.sites_paired, "sites.site pairs.site"),
    Rule(pair_rules.capacity_used, "pairs.site pairs.use capacity.site"),
    *capital_rules.RULES,
    *power_rules.RULES,
    *generation_rules.RULES,
    *penalty_rules.RULES,
    *energy_rules.RULES,
    *service.RULES,
)


def validate(draft: Draft) -> None:
    """Check keys, references and every rule; add what is wrong to the draft's findings."""
    unreadable = {name for name in draft.present if name not in draft.texts}
    draft.findings.spoiled.update(unreadable, effects.missing_tables(draft.present))
    doubtful = frozenset(draft.findings.spoiled)  # before keys are compared: what is there twice can be referred to
    draft.findings.problems += pair_rules.belongs(draft)
    for name in draft.case.tables:
        _check_key(draft, name)
    for name in draft.case.tables:
        for column in TABLES[name]:
            if column.refers:
                _check_reference(draft, name, column, doubtful)
    for rule in RULES:
        if all(draft.findings.trusts(name) for name in rule.reads.split()):
            draft.findings.problems += rule.check(draft)


def _check_key(draft: Draft, name: str) -> None:
    key = list(TABLES[name].key)
    if not all(draft.findings.trusts(f"{name}.{k}") for k in key):
        return
    twice = draft[name].duplicated(key, keep=False).to_numpy(dtype=bool)
    if twice.any():
        draft.findings.add(name, "/".join(key), "must be unique", "Merge the rows, or rename one of them.", draft.texts[name].rows(twice))
        draft.findings.spoiled.update(f"{name}.{k}" for k in key)


def _check_reference(draft: Draft, name: str, column: Column, doubtful: Collection[str]) -> None:
    known = _known(draft, column.refers, doubtful)
    cells = draft.texts[name].columns.get(column.name)
    if known is None or cells is None or not draft.findings.trusts(f"{name}.{column.name}"):
        return
    codes, words = pd.factorize(cells)
    bad = np.array([w != "" and w not in known for w in words], dtype=bool)[codes]
    if bad.any():
        target = column.refers.replace("case.blocks", "the blocks of case.toml")
        remedy = suggest(cells[bad], known) if known else f"Add {column.refers.partition('.')[0]}.csv, or leave the cells blank."
        draft.findings.add(name, column.name, f"must be in {target}", remedy, draft.texts[name].rows(bad, column.name))


def _known(draft: Draft, refers: str, doubtful: Collection[str]) -> set[str] | None:
    """Return the values that a reference may have; ``None`` where they cannot be known, as there are wrong cells among them."""
    if refers == "case.blocks":
        return {b.name for b in draft.case.blocks} if draft.findings.trusts("case.blocks") else None
    table, _, column = refers.partition(".")
    if not draft.findings.trusts(table) or f"{table}.{column or TABLES[table].key[0]}" in doubtful:
        return None  # rows are lost or the table is missing, which is reported
    return set(draft.texts[table].columns.get(column or TABLES[table].key[0], ())) - {""} if table in draft.texts else set()
