"""Which cells of a case demand or limit something, at which value they no longer bind, and how a planner says so.

The order is that in which facts are named where several sets of facts explain the same: what is asked for, then what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from placement.case import Case
from placement.explain.fact_scale import Scale

Loose = Callable[[Scale, pd.Series, Any], Any]  # (scale, row, value) -> loose value, or None where the cell cannot bind
Steps = Callable[[Scale, pd.Series], Iterable[Any]]

LEAD = "lead"  # stands for the column of milestones that dates the halls


@dataclass(frozen=True)
class FactRule:
    """One column whose cells are facts.

    Attributes
    ----------
    fact, repair
        Sentences; they may name cells of the row, ``old``, ``new`` and ``by``.
    steps
        Values worth trying between the cell and its loose value, in any order; default: all numbers between.
    """

    table: str
    column: str
    loose: Loose
    fact: str
    repair: str
    steps: Steps | None = None

    def column_in(self, case: Case) -> str:
        """Return the column's name in a case."""
        return f"lead_p{case.lead_percentile}" if self.column == LEAD else self.column


def up(name: str) -> Loose:
    """Loosen a number upwards to an attribute of the scale; a blank one does not bind."""

    def loose(scale: Scale, row: pd.Series, value: Any) -> Any:
        to = float(getattr(scale, name))
        return None if pd.isna(value) else max(to, 2.0 * float(value))

    return loose


def to(target: Any) -> Loose:
    """Loosen to a value; a cell that has it, or is blank where a number stands, does not bind."""
    return lambda scale, row, value: None if value == target or pd.isna(value) else target


def to_last(scale: Scale, row: pd.Series, value: Any) -> Any:
    """Loosen a date to the last period."""
    return None if value >= scale.last else scale.last


def where(test: Callable[[Scale, pd.Series], bool], loose: Loose) -> Loose:
    """Loosen only the rows that pass a test."""
    return lambda scale, row, value: loose(scale, row, value) if test(scale, row) else None


def _unmet(scale: Scale, row: pd.Series, value: Any) -> Any:
    return max(float(row["price_usd_per_mtok"]), 1.0) if pd.isna(value) and "pairs" not in scale.case else None


def _rtt(scale: Scale, row: pd.Series, value: Any) -> Any:
    service = row if "avoid_subsea" in row else scale.service(row["service"])
    ms = scale.rtts_ms(service, row.get("metro"))
    most = scale.ms if service["survivable"] else max(ms, default=value)
    return None if pd.isna(value) or most <= value else most


def _rtt_steps(scale: Scale, row: pd.Series) -> Iterable[Any]:
    return scale.rtts_ms(row if "avoid_subsea" in row else scale.service(row["service"]), row.get("metro"))


def _firm(scale: Scale, row: pd.Series, value: Any) -> Any:
    most = max(scale.firmness_asked, default=0.0)
    return most if value < most else None


def _domain(scale: Scale, row: pd.Series, value: Any) -> Any:
    return "" if value and value != row["site"] else None


def _mandatory(scale: Scale, row: pd.Series, value: Any) -> Any:
    return False if value and "pairs" not in scale.case else None


def _skus_gb(scale: Scale, row: pd.Series) -> Iterable[Any]:
    return [float(v) for v in scale.case["skus"]["hbm_gb"]]


def _replica_gb(scale: Scale, row: pd.Series) -> Iterable[Any]:
    skus = scale.case["skus"].set_index("sku")
    offered = scale.case["service_skus"].query("service == @row.service")["sku"]
    return [float(skus.loc[k, "hbm_gb"] * skus.loc[k, "node_units"]) for k in offered]


def _replica(scale: Scale, row: pd.Series, value: Any) -> Any:
    most = max(_replica_gb(scale, row), default=value)
    return most if value > most else None  # else the SKU with the largest nodes holds it


def _fabric(scale: Scale, row: pd.Series, value: Any) -> Any:
    most = float(scale.case["jobs"]["min_fabric_gbps"].max()) if "jobs" in scale.case else 0.0
    return most if value < most else None


def _new(scale: Scale, row: pd.Series) -> bool:
    return not row["existing"]


def _dense(scale: Scale, row: pd.Series, value: Any) -> Any:
    most = scale.case["skus"]["kw_per_rack"].max()
    return None if pd.isna(value) or pd.isna(most) or value >= most else most


def _kind(*kinds: str) -> Callable[[Scale, pd.Series], bool]:
    return lambda scale, row: row["kind"] in kinds


def _asked(rule: str) -> Callable[[Scale, pd.Series], bool]:
    return lambda scale, row: row["rule"] == rule


def _grows(scale: Scale, row: pd.Series) -> bool:
    return not pd.isna(row["module_gbps"])


DEMAND = (
    FactRule("jobs", "mandatory", _mandatory, "job {job} must run", "drop job {job} (it may stay unplaced)"),
    FactRule(
        "services", "unmet_usd_per_mtok", _unmet, "all demand of service {service} must be served",
        "let demand of service {service} stay unserved at {new}",
    ),
    FactRule("jobs", "latest", to_last, "job {job} must have ended by {latest}", "let job {job} run until {new} instead of {old}"),
    FactRule("jobs", "earliest", to(0), "job {job} cannot run before {earliest}", "let job {job} begin from {new} on instead of {old}"),
    FactRule(
        "jobs", "min_firmness", to(0.0), "job {job} runs on power of firmness {min_firmness} or better",
        "power-stable threshold of job {job} {old} -> {new}", lambda scale, row: scale.firmness,
    ),
    FactRule(
        "jobs", "min_hbm_gb", lambda scale, row, value: min(_skus_gb(scale, row), default=0.0) if value > 0 else None,
        "job {job} needs {old} of memory per accelerator", "memory per accelerator of job {job} {old} -> {new}", _skus_gb,
    ),
    FactRule(
        "jobs", "min_fabric_gbps", to(0.0), "job {job} needs {old} of scale-out network per accelerator",
        "scale-out network of job {job} {old} -> {new} per accelerator",
        lambda scale, row: [float(v) for v in scale.case["halls"]["fabric_gbps_per_unit"]],
    ),
    FactRule("jobs", "residency", to(""), "job {job} is of residency class {residency}", "job {job} without residency class {residency}"),
    FactRule("jobs", "anti_affinity", to(""), "job {job} keeps apart from jobs of group {anti_affinity}", "job {job} out of group {anti_affinity}"),
    FactRule("jobs", "base_lag_periods", to(0), "job {job} starts {old} after {base_job}", "job {job} starts {new} after {base_job}, not {old}"),
    FactRule("datasets", "residency", to(""), "data {dataset} are of residency class {residency}", "data {dataset} without residency class {residency}"),
    FactRule("datasets", "size_tb", to(0.0), "data {dataset} of {old} must be copied", "data {dataset} {old} -> {new}"),
    FactRule(
        "services", "slo_rtt_ms", _rtt, "service {service} promises a round trip of {old}", "SLO {old} -> {new} for service {service}", _rtt_steps,
    ),
    FactRule(
        "service_metros", "slo_rtt_ms", _rtt, "service {service} promises a round trip of {old} in {metro}",
        "SLO {old} -> {new} for service {service} in {metro}", _rtt_steps,
    ),
    FactRule("services", "avoid_subsea", to(False), "traffic of service {service} stays on land", "let traffic of service {service} use subsea cables"),
    FactRule(
        "services", "survivable", to(False), "service {service} needs two disjoint routes to its users", "serve {service} over one route",
    ),
    FactRule(
        "services", "survivable_slo_ms", lambda scale, row, value: None if pd.isna(value) else scale.ms,
        "the longer route of service {service} takes at most {old}", "longer route of service {service} {old} -> {new}",
    ),
    FactRule("services", "redundancy", to(""), "service {service} survives the loss of any failure domain (N-1)", "service {service} without N-1"),
    FactRule("services", "spare_power", to(False), "spares of service {service} are powered", "spares of service {service} on cold standby"),
    FactRule(
        "services", "max_share_per_domain", to(1.0), "at most {old} of a metro's demand of service {service} comes from one failure domain",
        "share of service {service} per failure domain {old} -> {new}",
    ),
    FactRule("services", "tier", to("any"), "service {service} runs at {tier} sites only", "let service {service} run at sites of any tier"),
    FactRule(
        "services", "hbm_gb", _replica, "a replica of service {service} takes {old}, more than a node of its SKUs holds",
        "replica of service {service} {old} -> {new}", _replica_gb,
    ),
    FactRule("services", "residency", to(""), "service {service} is of residency class {residency}", "service {service} without residency class {residency}"),
)  # fmt: skip

POLICY = (
    FactRule("residency", "allow", to(True), "class {class} may not run in {country} (rule {rule_id})", "let class {class} run in {country}"),
    FactRule(
        "export", "rule", where(_asked("deny"), to("allow")), "chips of class {export_class} may not stand in {country} (rule {rule_id})",
        "licence for chips of class {export_class} in {country}",
    ),
    FactRule(
        "export", "cap_units", where(_asked("cap"), up("units")), "at most {old} of class {export_class} in {country} (rule {rule_id})",
        "export cap of class {export_class} in {country} {old} -> {new}",
    ),
    FactRule(
        "export", "cap_tpp_million", where(_asked("cap_performance"), lambda scale, row, value: 1e8),
        "at most {old} of class {export_class} in {country} (rule {rule_id})", "performance cap of class {export_class} in {country} {old} -> {new}",
    ),
    FactRule(
        "clean_targets", "share", to(0.001), "clean energy target {old} in zone {zone} in {period} ({matching})",
        "clean energy target {old} -> {new} in zone {zone} in {period}",
    ),
    FactRule("carbon_caps", "kt", lambda scale, row, value: 1e6, "at most {old} of CO2 in {period}", "carbon cap {old} -> {new} in {period}"),
    FactRule("mix_limits", "min_share", to(0.0), "at least {old} of energy from {tech} in {period}", "least share of {tech} {old} -> {new} in {period}"),
    FactRule("mix_limits", "max_share", to(1.0), "at most {old} of energy from {tech} in {period}", "largest share of {tech} {old} -> {new} in {period}"),
    FactRule(
        "vendor_caps", "max_spend_share", to(1.0), "at most {old} of chip spend goes to {vendor}", "share of chip spend on {vendor} {old} -> {new}",
    ),
    FactRule(
        "domestic_shares", "min_spend_share", to(1e-4), "at least {old} of chip spend stays in {origins} ({programme})",
        "domestic share of {programme} {old} -> {new}",
    ),
    FactRule("budget", "capex_musd", up("musd"), "capex of at most {old} in {period}", "{by} more capex in {period}"),
    FactRule("budget", "lease_musd", up("musd"), "rents of at most {old} in {period}", "{by} more for rents in {period}"),
    FactRule("tranches", "needs_it_mw", to(0.0), "tranche {tranche} needs {old} in service", "release tranche {tranche} at {new} instead of {old}"),
    FactRule("tranches", "available", to(0), "tranche {tranche} comes not before {available}", "tranche {tranche} in {new} instead of {old}"),
)  # fmt: skip

SITES = (
    FactRule("halls", "it_mw", up("it_mw"), "hall {hall} of {site} holds {old} of IT", "{by} more IT power in hall {hall} of {site}"),
    FactRule(
        "halls", "earliest", where(_new, to(0)), "hall {hall} of {site} comes not before {earliest}", "hall {hall} of {site} in {new} instead of {old}",
    ),
    FactRule("halls", "cooling", to("liquid"), "hall {hall} of {site} is {cooling}-cooled", "liquid cooling in hall {hall} of {site}"),
    FactRule(
        "halls", "max_kw_per_rack", _dense, "hall {hall} of {site} takes racks of at most {old}", "racks of {new} instead of {old} in hall {hall} of {site}",
    ),
    FactRule(
        "halls", "fabric_gbps_per_unit", _fabric, "hall {hall} of {site} has {old} of scale-out network per accelerator",
        "scale-out network of hall {hall} of {site} {old} -> {new} per accelerator", lambda scale, row: map(float, scale.case["jobs"]["min_fabric_gbps"]),
    ),
    FactRule(
        "milestones", LEAD, to(0.0), "{milestone} of {site} {hall} takes {old}", "{milestone} of {site} {hall} in {new} instead of {old}",
        lambda scale, row: range(400),
    ),
    FactRule("milestones", "refused", to(False), "{milestone} of {site} {hall} is refused", "{milestone} of {site} {hall} granted"),
    FactRule(
        "milestone_limits", "max_starts", lambda scale, row, value: 1e4, "at most {old} of {milestone} started in {period}",
        "{new} of {milestone} in {period} instead of {old}",
    ),
    FactRule("crews", "crews", lambda scale, row, value: 1e5, "{old} in {period}", "{by} more in {period}"),
    FactRule(
        "grid_queue", "mw", up("mw"), "new grid connection in zone {zone}: {old} from {period}",
        "{by} more new grid connection in zone {zone} from {period}",
    ),
    FactRule("gates", "lag_periods", to(0), "{item} of {site} comes {old} after {after_item} of {after_site}", "gate {gate} {old} -> {new}"),
    FactRule("land_options", "expires", to_last, "the option on {site} expires in {expires}", "option on {site} until {new} instead of {old}"),
    FactRule("sites", "failure_domain", _domain, "site {site} is in failure domain {old}", "site {site} in a failure domain of its own"),
    FactRule("sites", "community_mw", up("mw"), "the community of {site} grants {old}", "{by} more granted by the community of {site}"),
    FactRule("sites", "heat_mw", up("it_mw"), "cooling of {site} rejects {old} of heat", "{by} more heat rejection at {site}"),
    FactRule("sites", "water_ml_per_year", lambda scale, row, value: 1e6, "right to {old} of water at {site}", "{by} more water at {site}"),
    FactRule(
        "sites", "community_water_ml_per_year", lambda scale, row, value: 1e6, "the community of {site} grants {old} of water",
        "{by} more water granted by the community of {site}",
    ),
    FactRule(
        "sites", "deploy_mw_per_period", up("it_mw"), "at most {old} of chips put into service per period at {site}",
        "{by} more put into service per period at {site}",
    ),
    FactRule(
        "sites", "included_firmness", where(lambda scale, row: bool(row["power_included"]), _firm), "power of {site} has firmness {old}",
        "firmness of {site} {old} -> {new}",
    ),
)  # fmt: skip

POWER = (
    FactRule(
        "grid", "mw", up("mw"), "grid tier {tier} of {site} gives {old} from {available}",
        "{by} more grid power at {site} (tier {tier}, from {available})",
    ),
    FactRule(
        "grid", "firmness", _firm, "grid tier {tier} of {site} is firm to {old}", "grid tier {tier} of {site} firm to {new} instead of {old}",
        lambda scale, row: scale.firmness_asked,
    ),
    FactRule("grid", "available", to(0), "grid tier {tier} of {site} comes not before {available}", "grid tier {tier} of {site} in {new} instead of {old}"),
    FactRule("grid", "until", to_last, "grid tier {tier} of {site} ends with {until}", "grid tier {tier} of {site} until {new} instead of {old}"),
    FactRule("grid", "interruptible", to(False), "grid tier {tier} of {site} is interruptible", "grid tier {tier} of {site} not interruptible"),
    FactRule("generators", "max_mw", up("mw"), "generator {generator} of {site} gives {old}", "{by} more of generator {generator} at {site} from {available}"),
    FactRule(
        "generators", "firmness", _firm, "generator {generator} is firm to {old}", "generator {generator} firm to {new} instead of {old}",
        lambda scale, row: scale.firmness_asked,
    ),
    FactRule("generators", "available", to(0), "generator {generator} comes not before {available}", "generator {generator} in {new} instead of {old}"),
    FactRule(
        "generators", "max_gwh_per_year", lambda scale, row, value: None if pd.isna(value) else 1e6, "generator {generator} gives at most {old}",
        "{by} more from generator {generator}",
    ),
)  # fmt: skip

CHIPS = (
    FactRule("offers", "max_units", up("units"), "offer {offer} has {old} of {sku}", "{by} more {sku} from offer {offer}, ordered in {period}"),
    FactRule("offers", "lead_periods", to(0), "offer {offer} of {sku} takes {old} from order to deployment", "lead time of offer {offer} {old} -> {new}"),
    FactRule("offers", "period", to(0), "offer {offer} of {sku} is open from {period}", "order offer {offer} in {new} instead of {old}"),
    FactRule("offers", "until", where(_kind("on_demand"), to_last), "offer {offer} of {sku} ends with {until}", "offer {offer} until {new} instead of {old}"),
    FactRule(
        "offers", "term_periods", where(_kind("lease"), lambda scale, row, value: None if value > scale.last else scale.last + 1),
        "lease {offer} of {sku} lasts {old}", "lease {offer} for {new} instead of {old}",
    ),
    FactRule("offers", "min_units", to(0.0), "offer {offer} takes orders of at least {old}", "smallest order of {offer} {old} -> {new}"),
    FactRule("offers", "take_share", to(0.0), "offer {offer} is taken to at least {old}", "take share of {offer} {old} -> {new}"),
    FactRule("stages", "capacity", up("stage_units"), "stage {stage} makes {old} in {period}", "{by} more of stage {stage} in {period}"),
    FactRule(
        "installed", "retires", lambda scale, row, value: scale.last + 1 if value <= scale.last else None, "{units} {sku} in {domain} retire in {retires}",
        "keep the {sku} in {domain} until {new} instead of {old}",
    ),
    FactRule("skus", "service_periods", to(0), "{sku} is in service for {old}", "keep {sku} in service to the end"),
    FactRule("links", "gbps", up("gbps"), "fibre {link} carries {old}", "{by} more on fibre {link}"),
    FactRule("links", "max_modules", where(_grows, to(100)), "fibre {link} takes {old} more", "{new} on fibre {link} instead of {old}"),
    FactRule("links", "lead_periods", where(_grows, to(0)), "modules of fibre {link} take {old}", "modules of fibre {link} in {new} instead of {old}"),
    FactRule("links", "available", to(0), "fibre {link} is there from {available}", "fibre {link} in {new} instead of {old}"),
    FactRule(
        "capacity", "capacity", lambda scale, row, value: float(scale.case["pairs"]["use"].sum()) + float(value), "site {site} holds {old}",
        "{by} more capacity at {site}",
    ),
    FactRule("case.toml", "open_sites", lambda scale, row, value: 0 if value else None, "exactly {old} sites are opened", "as many sites as pay"),
)  # fmt: skip

RULES: tuple[FactRule, ...] = (*DEMAND, *POLICY, *SITES, *POWER, *CHIPS)
