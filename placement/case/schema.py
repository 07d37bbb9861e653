"""The one description of every input table: reading, validation and ``data/README.md`` all come from it.

Adding a column is one line here; a column that no block uses does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "ref", "country", "text", "choice", "float", "int", "bool", "period"]

#: Columns welcome in every table; they are documentation and never reach the model.
DOCUMENTATION = ("source", "assumption", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its type, unit, range and what a blank cell means.

    ``blank`` is the value that an empty cell (or an absent column) stands for; ``None`` means that the
    column must be there and filled. A period column may use ``"start"`` and ``"end"`` for the horizon.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    blank: str | float | int | bool | None = None
    minimum: float = float("-inf")
    maximum: float = float("inf")
    refers: str = ""  # "table" or "table.column" that must hold the value
    choices: tuple[str, ...] = ()
    within: bool = False  # a period that must lie inside the horizon

    @property
    def required(self) -> bool:
        """Whether the column must be present and every cell filled."""
        return self.blank is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its key (unique per row), its columns, and the tables it cannot do without."""

    name: str
    layer: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    needs: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; ``KeyError`` where there is none."""
        return {c.name: c for c in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(c.name for c in self.columns)


NAN = float("nan")  # blank that means "no such limit"; the column's meaning says so


def _id(name: str, meaning: str) -> Column:
    return Column(name=name, kind="id", meaning=meaning)


def _ref(name: str, refers: str, meaning: str, blank: str | None = None) -> Column:
    return Column(name=name, kind="ref", refers=refers, meaning=meaning, blank=blank)


def _num(name: str, unit: str, meaning: str, blank: float | None = None, lo: float = 0.0, hi: float = 1e9) -> Column:
    return Column(name=name, kind="float", unit=unit, meaning=meaning, blank=blank, minimum=lo, maximum=hi)


def _int(name: str, unit: str, meaning: str, blank: int | None = None, lo: int = 0, hi: int = 10**9) -> Column:
    return Column(name=name, kind="int", unit=unit, meaning=meaning, blank=blank, minimum=lo, maximum=hi)


def _flag(name: str, meaning: str, blank: bool | None = False) -> Column:
    return Column(name=name, kind="bool", unit="0/1", meaning=meaning, blank=blank)


def _period(name: str, meaning: str, blank: str | None = None, within: bool = False) -> Column:
    return Column(name=name, kind="period", meaning=meaning, blank=blank, within=within)


def _choice(name: str, choices: tuple[str, ...], meaning: str, blank: str | None = None) -> Column:
    return Column(name=name, kind="choice", choices=choices, meaning=meaning, blank=blank)


def _text(name: str, meaning: str, blank: str | None = "") -> Column:
    return Column(name=name, kind="text", meaning=meaning, blank=blank)


def _country(name: str, meaning: str, blank: str | None = None) -> Column:
    return Column(name=name, kind="country", meaning=meaning, blank=blank)


_LIFE = _num("life_years", "years", "straight-line life for residual value at the end; blank: no residual value", NAN, 0.25, 100)

_TABLES = (
    Table(
        name="sites",
        layer="sites",
        key=("site",),
        meaning="Places where halls stand or may be built.",
        columns=(
            _id("site", "site id; also the site's node in `links`"),
            _text("name", "name shown in reports"),
            _choice("kind", ("campus", "region", "edge"), "campus: announced AI campus; region: cloud region; edge: small site (reports and KPIs)", "campus"),
            _country("country", "ISO 3166-1 alpha-2 code; residency and export rules apply to it"),
            _num("lat_deg", "degrees", "latitude, for the report's map", None, -90, 90),
            _num("lon_deg", "degrees", "longitude, for the report's map", None, -180, 180),
            _ref("zone", "tariffs.zone", "tariff zone; blank only where `tariffs` is absent", ""),
            _num("pue", "MW/MW", "facility power / IT power", None, 1.0, 3.0),
            _num("opening_cost_musd", "M$", "one-off cost of opening a site that has no existing hall", 0.0),
            _num("outages_per_year", "1/year", "interruptions that stop a training job", 0.0, 0.0, 1000),
            _num("community_mw", "MW", "cap on the facility's total power; blank: none", NAN, 0.0, 1e5),
        ),
    ),
    Table(
        name="halls",
        layer="sites",
        key=("site", "hall"),
        needs=("sites",),
        meaning="Modular halls. Halls of one domain enter service in table order.",
        columns=(
            _ref("site", "sites", "site"),
            _id("hall", "hall id, unique within its site"),
            _text("domain", "fabric domain id, unique over all sites; blank: the whole site is one domain (id = site id)"),
            _num("it_mw", "MW", "IT power of the hall", None, 0.001, 1e4),
            _choice("cooling", ("air", "liquid"), "a liquid-cooled SKU needs liquid halls; an air-cooled one may use both", "liquid"),
            _num("capex_musd", "M$", "construction cost; 0 for an existing hall", 0.0),
            _num("opex_musd_per_year", "M$/year", "fixed running cost while in service", 0.0),
            _flag("existing", "in service from the first period"),
            _period("earliest", "first period in which the hall may enter service", "start"),
            _LIFE,
        ),
    ),
    Table(
        name="milestones",
        layer="permits",
        key=("site", "hall", "milestone"),
        needs=("sites", "halls"),
        meaning="What must be done before a hall may enter service. The critical path counts from the first period.",
        columns=(
            _ref("site", "sites", "site"),
            _text("hall", "hall; blank: shared by all halls of the site, which must not have existing halls then"),
            _id("milestone", "land, permit, grid, equipment, shell, energise, ... ; unique within site and hall"),
            _text("after", "milestones of the same hall or shared ones of the site that come first, separated by ';'"),
            _num("lead_p10", "periods", "duration, 10th percentile (used with lead_percentile = 10; shown in the plan)", None, 0, 400),
            _num("lead_p50", "periods", "duration, median (the default)", None, 0, 400),
            _num("lead_p90", "periods", "duration, 90th percentile (used with lead_percentile = 90; shown in the plan)", None, 0, 400),
            _num("cost_musd", "M$", "cost, paid when the milestone starts", 0.0),
        ),
    ),
    Table(
        name="grid",
        layer="grid",
        key=("site", "tier"),
        needs=("sites", "tariffs"),
        meaning="Grid connection in tiers that add up.",
        columns=(
            _ref("site", "sites", "site"),
            _id("tier", "tier id, unique within its site"),
            _num("mw", "MW", "power added by the tier", None, 0.001, 1e5),
            _num("firmness", "share", "share of hours in which the power is contractually there", 1.0, 0, 1),
            _period("available", "first period in which the tier can be energised", "start"),
            _num("capex_musd", "M$", "cost of the tier, paid when energised; at 0 the tier is simply there", 0.0),
            _flag("interruptible", "gives nothing in the stress block"),
            _LIFE,
        ),
    ),
    Table(
        name="tariffs",
        layer="grid",
        key=("zone", "period", "block"),
        needs=("sites",),
        meaning="Price and carbon intensity of grid energy; every (zone, period, block) must be there.",
        columns=(
            _id("zone", "tariff zone"),
            _period("period", "period", within=True),
            _ref("block", "case.blocks", "representative block of case.toml"),
            _num("energy_usd_per_mwh", "$/MWh", "price of energy", None, -500, 1e4),
            _num("co2_kg_per_mwh", "kg/MWh", "carbon intensity", 0.0, 0, 2000),
        ),
    ),
    Table(
        name="profiles",
        layer="power supply",
        key=("profile", "block"),
        meaning="Availability of variable sources per block.",
        columns=(
            _id("profile", "profile id"),
            _ref("block", "case.blocks", "representative block; every block must be there"),
            _num("factor", "MW/MW", "output per MW of capacity", None, 0, 1),
        ),
    ),
    Table(
        name="ppas",
        layer="power supply",
        key=("ppa",),
        needs=("sites", "grid"),
        meaning="Power purchase agreements on offer; energy reaches sites of the zone through their grid connection.",
        columns=(
            _id("ppa", "contract id"),
            _ref("zone", "tariffs.zone", "tariff zone"),
            _text("tech", "solar, wind, nuclear, ... (source mix)", None),
            _num("max_mw", "MW", "largest contract", None, 0.001, 1e5),
            _num("price_usd_per_mwh", "$/MWh", "price", None, 0, 1e4),
            _ref("profile", "profiles.profile", "output profile; blank: flat 1", ""),
            _period("start", "first period of delivery", "start"),
            _int("tenor_periods", "periods", "length of the contract", None, 1, 400),
            _num("take_share", "share", "share of the output that is paid for even if not taken", 0.0, 0, 1),
            _num("co2_kg_per_mwh", "kg/MWh", "carbon intensity", 0.0, 0, 2000),
        ),
    ),
    Table(
        name="generators",
        layer="power supply",
        key=("generator",),
        needs=("sites",),
        meaning="On-site generation that may be built, in any size up to max_mw.",
        columns=(
            _id("generator", "generator id"),
            _ref("site", "sites", "site"),
            _text("tech", "gas, fuel cell, solar, ... (source mix)", None),
            _num("max_mw", "MW", "largest capacity", None, 0.001, 1e5),
            _num("firmness", "share", "share of hours in which it is there", 1.0, 0, 1),
            _period("available", "first period in which it can run", "start"),
            _num("capex_musd_per_mw", "M$/MW", "cost of capacity, paid when it enters service", None),
            _num("energy_usd_per_mwh", "$/MWh", "fuel and running cost", None, 0, 1e4),
            _num("co2_kg_per_mwh", "kg/MWh", "carbon intensity", 0.0, 0, 2000),
            _ref("profile", "profiles.profile", "output profile; blank: flat 1", ""),
            _LIFE,
        ),
    ),
    Table(
        name="skus",
        layer="chips",
        key=("sku",),
        meaning="Accelerator types. Power is per accelerator with its share of host and network.",
        columns=(
            _id("sku", "SKU id"),
            _text("name", "name shown in reports"),
            _text("vendor", "vendor (vendor_caps)", None),
            _num("kw_per_unit", "kW", "IT power per accelerator at full load", None, 0.001, 100),
            _num("idle_share", "share", "share of kw_per_unit drawn by a deployed unit that does nothing", 0.0, 0, 1),
            _num("hbm_gb", "GB", "memory per accelerator", None, 0.1, 1e5),
            _int("node_units", "accelerators", "accelerators that can hold one replica together (scale-up domain)", 8, 1, 10000),
            _choice("cooling", ("air", "liquid"), "cooling that the SKU needs", "air"),
            _text("export_class", "class in `export`; blank: unrestricted"),
            _LIFE,
        ),
    ),
    Table(
        name="offers",
        layer="chips",
        key=("offer",),
        needs=("skus",),
        meaning="Chips that can be ordered: quarterly supply, price and lead time.",
        columns=(
            _id("offer", "offer id"),
            _ref("sku", "skus", "SKU"),
            _choice("kind", ("buy", "take_or_pay"), "take_or_pay: if signed at all, at least take_share of max_units is bought", "buy"),
            _period("period", "period in which the order is placed and paid", within=True),
            _num("max_units", "accelerators", "largest order", None, 1e-6, 1e8),
            _num("unit_price_usd", "$", "price per accelerator with its share of host and network", None, 0, 1e7),
            _num("take_share", "share", "smallest order as a share of max_units; only for take_or_pay", 0.0, 0, 1),
            _int("lead_periods", "periods", "periods from order to deployment", 0, 0, 400),
        ),
    ),
    Table(
        name="installed",
        layer="chips",
        key=("domain", "sku"),
        needs=("skus", "halls"),
        meaning="Chips that run already; they stay where they are.",
        columns=(
            _text("domain", "fabric domain", None),
            _ref("sku", "skus", "SKU"),
            _num("units", "accelerators", "units in service", None, 1e-6, 1e8),
        ),
    ),
    Table(
        name="vendor_caps",
        layer="chips",
        key=("vendor",),
        needs=("skus", "offers"),
        meaning="Limit on dependence on one vendor.",
        columns=(
            _ref("vendor", "skus.vendor", "vendor"),
            _num("max_spend_share", "share", "largest share of the spend on all chip orders", None, 0, 1),
        ),
    ),
    Table(
        name="export",
        layer="rules",
        key=("export_class", "country"),
        needs=("skus",),
        meaning="Where chips of a class may be deployed. The most specific row wins; without a row deployment is allowed.",
        columns=(
            _ref("export_class", "skus.export_class", "export class"),
            _country("country", "country of the site, or * for all countries without a row of their own"),
            _choice("rule", ("allow", "deny", "cap"), "cap: at most cap_units in that country (with *: in all such countries together)"),
            _num("cap_units", "accelerators", "cap; only with rule cap", NAN, 0, 1e8),
            _text("rule_id", "identifier quoted in explanations", None),
        ),
    ),
    Table(
        name="residency",
        layer="rules",
        key=("class", "origin", "country"),
        meaning="Where workloads of a class may run. Rows of the user's own country (origin) replace the general ones; "
        "the most specific country row wins; with any allow row, countries without a row are denied, else allowed.",
        columns=(
            _id("class", "residency class of jobs or services"),
            _country("origin", "country of the users' metro (services only); blank: general rule", ""),
            _country("country", "country of the site, or * for all countries without a row of their own"),
            _flag("allow", "1 allowed, 0 denied", None),
            _text("rule_id", "identifier quoted in explanations", None),
        ),
    ),
    Table(
        name="jobs",
        layer="training",
        key=("job",),
        needs=("halls", "skus", "job_skus"),
        meaning="Training jobs. Each runs as one gang inside one fabric domain, or not at all.",
        columns=(
            _id("job", "job id"),
            _text("name", "name shown in reports"),
            _num("value_musd", "M$", "value when done; discounted to the period in which it ends", 0.0),
            _flag("mandatory", "must be placed"),
            _period("earliest", "first period in which it may run", "start"),
            _period("latest", "last period in which it may run", "end"),
            _ref("residency", "residency.class", "residency class; blank: anywhere", ""),
            _num("min_firmness", "share", "power-stable rule: runs on power of at least this firmness", 0.0, 0, 1),
            _num("min_hbm_gb", "GB", "memory needed per accelerator", 0.0, 0, 1e5),
            _num("loss_hours_per_outage", "hours", "work lost per outage: half a checkpoint interval plus restart", 0.0, 0, 1e4),
        ),
    ),
    Table(
        name="job_skus",
        layer="training",
        key=("job", "sku"),
        needs=("jobs", "skus"),
        meaning="The SKUs that a job can use, with its size and duration on each.",
        columns=(
            _ref("job", "jobs", "job"),
            _ref("sku", "skus", "SKU"),
            _int("units", "accelerators", "gang size at goodput 1", None, 1, 10**8),
            _int("duration_periods", "periods", "periods that the gang is held", None, 1, 400),
        ),
    ),
    Table(
        name="metros",
        layer="inference",
        key=("metro",),
        needs=("links",),
        meaning="Where users are.",
        columns=(
            _id("metro", "metro id; also the metro's node in `links`"),
            _text("name", "name shown in reports"),
            _country("country", "ISO 3166-1 alpha-2 code; residency by origin applies to it"),
            _num("lat_deg", "degrees", "latitude, for the report's map", None, -90, 90),
            _num("lon_deg", "degrees", "longitude, for the report's map", None, -180, 180),
        ),
    ),
    Table(
        name="services",
        layer="inference",
        key=("service",),
        needs=("metros", "skus", "service_skus", "demand", "halls"),
        meaning="Inference services.",
        columns=(
            _id("service", "service id"),
            _text("name", "name shown in reports"),
            _num("slo_rtt_ms", "ms", "largest network round-trip time, 95th percentile", None, 0.1, 1e4),
            _ref("residency", "residency.class", "residency class; blank: anywhere", ""),
            _num("peak_to_mean", "ratio", "peak demand / mean demand; units are provided for the peak", 1.0, 1, 1000),
            _num("hbm_gb", "GB", "memory of one replica (weights and cache)", None, 0.1, 1e6),
            _num("price_usd_per_mtok", "$/Mtok", "revenue per million tokens served", 0.0, 0, 1e6),
            _num("unmet_usd_per_mtok", "$/Mtok", "penalty per million tokens not served; blank: all demand must be served", NAN, 0, 1e6),
            _num("weights_gb", "GB", "weights sent to every replica at a refresh", 0.0, 0, 1e6),
            _num("refresh_hours", "hours", "time in which a refresh must reach all replicas", 24.0, 0.01, 1e4),
            _ref("origin", "sites", "site that the weights come from; blank: no refresh traffic", ""),
        ),
    ),
    Table(
        name="service_skus",
        layer="inference",
        key=("service", "sku"),
        needs=("services", "skus"),
        meaning="The SKUs that can serve a service.",
        columns=(
            _ref("service", "services", "service"),
            _ref("sku", "skus", "SKU"),
            _num("tok_per_s", "tokens/s", "throughput per accelerator at the latency target", None, 1e-6, 1e9),
        ),
    ),
    Table(
        name="demand",
        layer="inference",
        key=("service", "metro", "period"),
        needs=("services", "metros"),
        meaning="Mean demand; a missing row is no demand.",
        columns=(
            _ref("service", "services", "service"),
            _ref("metro", "metros", "metro"),
            _period("period", "period", within=True),
            _num("mtok_per_day", "Mtok/day", "mean demand, million tokens per day", None, 0, 1e12),
        ),
    ),
    Table(
        name="links",
        layer="fibre",
        key=("link",),
        meaning="The fibre graph; nodes are sites, metros and any other name. Parallel fibres are separate rows.",
        columns=(
            _id("link", "link id"),
            _id("a", "node at one end"),
            _id("b", "node at the other end"),
            _num("km", "km", "laid length", None, 0, 50000),
            _num("gbps", "Gbit/s", "capacity for refresh traffic, each direction together; blank: not limited", NAN, 0.001, 1e7),
            _num("module_gbps", "Gbit/s", "capacity of one further module; blank: no modules", NAN, 0.001, 1e7),
            _num("module_capex_musd", "M$", "cost of one module, paid when lit", 0.0),
            _int("max_modules", "modules", "most modules", 0, 0, 10000),
            _int("lead_periods", "periods", "periods until the first module can be lit", 0, 0, 400),
            _LIFE,
        ),
    ),
    Table(
        name="budget",
        layer="capital",
        key=("period",),
        meaning="Limit on capital spending; a missing period is not limited.",
        columns=(
            _period("period", "period", within=True),
            _num("capex_musd", "M$", "most capex paid in the period", None),
        ),
    ),
)

#: Every table by name, in the order of the documentation.
TABLES: dict[str, Table] = {t.name: t for t in _TABLES}
