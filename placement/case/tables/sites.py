"""Tables of sites, halls and what must be done before they run."""

from __future__ import annotations

from placement.case.columns import LIFE, NAN, Table, choice, country, flag, ident, num, period, ref, text, waived, whole

TABLES = (
    Table(
        name="sites",
        layer="sites",
        key=("site",),
        meaning="Places where halls stand or may be built.",
        columns=(
            ident("site", "site id; also the site's node in `links`"),
            text("name", "name shown in reports"),
            choice(
                "kind",
                ("campus", "region", "edge"),
                "campus: announced AI campus; region: cloud region; edge: small site (see `services.tier`)",
                "campus",
            ),
            waived(country("country", "ISO 3166-1 alpha-2 code; residency and export rules apply to it")),
            waived(num("lat_deg", "degrees", "latitude, for the report's map", None, -90, 90)),
            waived(num("lon_deg", "degrees", "longitude, for the report's map", None, -180, 180)),
            ref("zone", "tariffs.zone", "tariff zone; blank only where `tariffs` is absent", ""),
            waived(num("pue", "MW/MW", "facility power / IT power; where `cooling` has no row for the hour", None, 1.0, 3.0)),
            num("opening_cost_musd", "M$", "one-off cost of opening a site that has no existing hall", 0.0),
            num("outages_per_year", "1/year", "interruptions that stop a training job", 0.0, 0.0, 1000),
            num("deploy_mw_per_period", "MW", "most IT power of chips that can be put into service at the site in a period; blank: no such limit", NAN, 0, 1e5),
            text("failure_domain", "sites that fail together, such as a region or a flood plain; blank: the site alone (id = site id)"),
            flag(
                "power_included",
                "a provider's site: power comes with the rent and is not modelled; only installed units and those of offers of this site stand there",
            ),
            num("included_firmness", "share", "share of hours in which power that comes with the rent is there; only with power_included", 0.0, 0, 1),
            num("community_mw", "MW", "cap on the facility's total power; blank: none", NAN, 0.0, 1e5),
        ),
    ),
    Table(
        name="cooling",
        layer="cooling",
        key=("site", "quarter", "block"),
        needs=("sites", "halls"),
        meaning="What cooling takes in a season and in a group of hours, where that differs from the site's yearly figures.",
        columns=(
            ref("site", "sites", "site"),
            whole("quarter", "", "quarter of the year, 1 to 4; blank: all year", 0, 1, 4),
            ref("block", "case.blocks", "representative block; blank: all hours", ""),
            num("pue", "MW/MW", "facility power / IT power in these hours; blank: sites.pue", NAN, 1.0, 3.0),
        ),
    ),
    Table(
        name="halls",
        layer="sites",
        key=("site", "hall"),
        needs=("sites",),
        meaning="Modular halls. Halls of one domain enter service in table order.",
        columns=(
            ref("site", "sites", "site"),
            ident("hall", "hall id, unique within its site"),
            text("domain", "fabric domain id, unique over all sites; blank: the whole site is one domain (id = site id)"),
            num("it_mw", "MW", "IT power of the hall", None, 0.001, 1e4),
            choice("cooling", ("air", "liquid"), "a liquid-cooled SKU needs liquid halls; an air-cooled one may use both", "liquid"),
            num("capex_musd", "M$", "construction cost; 0 for an existing hall", 0.0),
            num("opex_musd_per_year", "M$/year", "fixed running cost while in service", 0.0),
            flag("existing", "in service from the first period"),
            period("earliest", "first period in which the hall may enter service", "start"),
            LIFE,
            num("fabric_gbps_per_unit", "Gbit/s", "scale-out network per accelerator; blank: none, for jobs that ask for one", 0.0, 0, 1e6),
        ),
    ),
    Table(
        name="milestones",
        layer="permits",
        key=("site", "hall", "milestone"),
        needs=("sites", "halls"),
        meaning="What must be done before a hall may enter service. The critical path counts from the first period.",
        columns=(
            ref("site", "sites", "site"),
            text("hall", "hall; blank: shared by all halls of the site, which must not have existing halls then"),
            ident("milestone", "land, permit, grid, equipment, shell, energise, ... ; unique within site and hall"),
            text("after", "milestones of the same hall or shared ones of the site that come first, separated by ';'"),
            num("lead_p10", "periods", "duration, 10th percentile (used with lead_percentile = 10; shown in the plan)", None, 0, 400),
            num("lead_p50", "periods", "duration, median (the default)", None, 0, 400),
            num("lead_p90", "periods", "duration, 90th percentile (used with lead_percentile = 90; shown in the plan)", None, 0, 400),
            num("cost_musd", "M$", "cost, paid when the milestone starts", 0.0),
        ),
    ),
)
