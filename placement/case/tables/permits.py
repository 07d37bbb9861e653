"""Tables of what permits, crews, the grid queue and the order of commitments allow."""

from __future__ import annotations

from placement.case.columns import Table, choice, ident, num, period, ref, text, whole

TABLES = (
    Table(
        name="designs",
        layer="permits",
        key=("design",),
        needs=("halls", "milestones"),
        meaning="Reference designs of halls: who builds one again, after one is in service, needs less time.",
        columns=(
            ident("design", "design id"),
            whole("saved_periods", "periods", "periods that a hall's own milestones take less, once another is in service", None, 1, 400),
        ),
    ),
    Table(
        name="milestone_limits",
        layer="permits",
        key=("milestone", "place", "period"),
        needs=("milestones",),
        meaning="How many milestones of one name can be started in a period: what permit offices or utilities can take in. Periods without a row are free.",
        columns=(
            text("milestone", "name of the milestone, at all sites of the place", None),
            text("place", "country or tariff zone; blank: everywhere together"),
            period("period", "period", within=True),
            num("max_starts", "milestones", "most that can be started in the period", None, 0, 1e4),
        ),
    ),
    Table(
        name="crews",
        layer="permits",
        key=("place", "period"),
        needs=("milestones",),
        meaning="Construction crews that milestones share. Periods without a row are free.",
        columns=(
            text("place", "country or tariff zone; blank: everywhere together"),
            period("period", "period", within=True),
            num("crews", "crews", "crews at work through the period", None, 0, 1e5),
        ),
    ),
    Table(
        name="grid_queue",
        layer="permits",
        key=("zone", "period"),
        needs=("grid",),
        meaning="Grid connection that the operator of a zone can energise, from the first period on: what is not used stays. A zone without rows is free.",
        columns=(
            ref("zone", "tariffs.zone", "tariff zone"),
            period("period", "period from which it can be used", within=True),
            num("mw", "MW", "new grid connection, all tiers with a capex together", None, 0, 1e6),
        ),
    ),
    Table(
        name="gates",
        layer="permits",
        key=("gate",),
        needs=("halls",),
        meaning="What may be there only some periods after something else: a pilot before scale, an interconnection before halls, or the reverse.",
        columns=(
            ident("gate", "gate id"),
            choice("kind", ("hall", "site", "tier"), "what is held back: a hall in service, a site opened, a grid tier energised", None),
            ref("site", "sites", "its site"),
            text("item", "hall or tier; blank for a site"),
            choice("after_kind", ("hall", "site", "tier"), "what must be there first", None),
            ref("after_site", "sites", "its site"),
            text("after_item", "hall or tier; blank for a site"),
            whole("lag_periods", "periods", "periods between the two", 0, 0, 400),
        ),
    ),
    Table(
        name="land_options",
        layer="permits",
        key=("site",),
        needs=("sites", "halls"),
        meaning="Options on land: a site of this table can be opened only while the option on it has been held, for a fee, in every period before.",
        columns=(
            ref("site", "sites", "site without existing halls"),
            num("fee_musd_per_year", "M$/year", "fee, paid in every period before the opening", None, 0.0, 1e4),
            period("expires", "last period in which the site can be opened", "end"),
        ),
    ),
)
