"""Two small cases, which have every table between them (one at a time where a table changes much), written to folders, and a way to edit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

CASE_TOML = """\
name = "tiny"
title = "Two sites, every layer"
start = "2027Q1"
periods = 4
period_months = 3
discount_rate = 0.08
carbon_price_usd_per_t = 50

[[blocks]]
name = "base"
share = 0.9

[[blocks]]
name = "stress"
share = 0.1
stress = true

[weights]
carbon = 1.0
"""

TABLES = {
    "sites": """\
site,name,country,lat_deg,lon_deg,zone,pue,outages_per_year,community_mw,opening_cost_musd,source
oslo,"Oslo, north",NO,59.9,10.7,NO1,1.1,2,,,made up
lund,Lund,SE,55.7,13.2,SE4,1.2,4,300,25,made up
""",
    "halls": """\
site,hall,domain,it_mw,cooling,capex_musd,opex_musd_per_year,existing,earliest,life_years
oslo,h0,,20,liquid,,2,1,,
oslo,h1,,50,liquid,500,5,0,2027Q2,15
lund,h1,lund-a,40,liquid,400,4,0,,15
lund,h2,lund-b,40,air,400,4,0,,15
""",
    "milestones": """\
site,hall,milestone,after,lead_p10,lead_p50,lead_p90,cost_musd,crews
lund,,land,,0,0.5,1,1,
lund,h1,shell,land,1,1,2,,1
lund,h1,energise,shell;land,0.5,0.5,1,,
lund,h2,shell,land,1,1,2,,1
oslo,h1,shell,,1,1,2,,
""",
    "crews": "place,period,crews\n,2027Q1,2\n",
    "grid": """\
site,tier,mw,firmness,available,capex_musd,interruptible
oslo,t1,80,1,,,0
lund,t1,60,0.9,2027Q2,30,0
lund,t2,60,0.5,2027Q3,10,1
""",
    "tariffs": "zone,period,block,energy_usd_per_mwh,co2_kg_per_mwh\n"
    + "".join(f"{z},2027Q{q},{b},{40 + q},{10 * q}\n" for z in ("NO1", "SE4") for q in (1, 2, 3, 4) for b in ("base", "stress")),
    "ppas": """\
ppa,zone,tech,max_mw,price_usd_per_mwh,profile,start,tenor_periods,take_share,clean
wind-se,SE4,wind,50,35,wind,2027Q2,40,0.8,1
""",
    "generators": """\
generator,site,tech,max_mw,firmness,available,capex_musd_per_mw,energy_usd_per_mwh,co2_kg_per_mwh,life_years
gas-lund,lund,gas,30,0.95,2027Q3,1.1,90,450,20
""",
    "clean_targets": "zone,period,matching,share\nSE4,2027Q3,period,0.01\n",
    "profiles": "profile,block,factor\nwind,base,0.4\nwind,stress,0.1\n",
    "skus": """\
sku,name,vendor,kw_per_unit,idle_share,hbm_gb,node_units,cooling,export_class,life_years,origin_country
big,Big,acme,1.4,0.2,192,72,liquid,top,5,
small,Small,bolt,0.7,0.2,80,8,air,,5,SE
""",
    "offers": """\
offer,sku,kind,period,max_units,unit_price_usd,take_share,lead_periods
big-1,big,take_or_pay,2027Q1,20000,40000,0.5,1
small-1,small,buy,2027Q1,5000,20000,,0
""",
    "stages": "stage,period,capacity\npackaging,2027Q1,1500\npackaging,2027Q2,1500\n",
    "sku_stages": "sku,stage,use_per_unit,lead_periods\nbig,packaging,0.06,1\nsmall,packaging,0.03,0\n",
    "domestic_shares": "programme,origins,min_spend_share\nnordic,SE,0.02\n",
    "installed": "domain,sku,units\noslo,big,4000\n",
    "vendor_caps": "vendor,max_spend_share\nacme,0.95\n",
    "export": """\
export_class,country,rule,cap_units,rule_id
top,SE,cap,30000,ec-1
top,*,allow,,ec-2
""",
    "residency": """\
class,origin,country,allow,rule_id
nordic,,NO,1,r-1
nordic,,SE,1,r-2
nordic,SE,SE,1,r-3
""",
    "jobs": """\
job,value_musd,mandatory,earliest,latest,residency,min_firmness,min_hbm_gb,loss_hours_per_outage
pre,900,0,2027Q2,,nordic,0.9,100,6
tune,100,1,,2027Q3,,,,
""",
    "job_skus": "job,sku,units,duration_periods\npre,big,12000,2\ntune,big,2000,1\ntune,small,4000,2\n",
    "releases": "release,job,lag_periods,value_musd_per_period\nr1,tune,1,2\n",
    "metros": "metro,name,country,lat_deg,lon_deg\nSTO,Stockholm,SE,59.3,18.1\nCPH,Copenhagen,DK,55.7,12.6\n",
    "services": """\
service,slo_rtt_ms,residency,peak_to_mean,hbm_gb,price_usd_per_mtok,unmet_usd_per_mtok,weights_gb,refresh_hours,origin
chat,40,nordic,2,640,3,5,700,24,oslo
code,60,,,80,2,,,,
""",
    "service_skus": "service,sku,tok_per_s\nchat,big,900\ncode,small,300\n",
    "demand": "service,metro,period,mtok_per_day\n"
    + "".join(f"{s},{m},2027Q{q},{1000 * q}\n" for s in ("chat", "code") for m in ("STO", "CPH") for q in (2, 3, 4)),
    "links": """\
link,a,b,km,gbps,module_gbps,module_capex_musd,max_modules,lead_periods,life_years
l1,oslo,STO,550,400,400,2,4,1,10
l2,lund,CPH,60,400,,,,,
l3,STO,lund,620,,,,,,
l4,oslo,hub,200,,,,,,
""",
    "waves": "wave,link,gbps,lease_musd_per_year,max_units,start,term_periods\nw1,l2,100,0.2,3,2027Q2,8\n",
    "budget": "period,capex_musd\n2027Q1,1000\n2027Q2,1000\n",
}

#: Tables that a test adds to the first case one at a time: table -> its text.
MORE_TABLES = {
    "curtailment": "site,tier,max_share,usd_per_mw_year\noslo,t1,0.2,40000\n",
    "carbon_caps": "period,kt,offset_usd_per_t,max_offset_kt\n2027Q3,5,80,2\n",
    "mix_limits": "tech,period,min_share,max_share\ngrid,2027Q3,,0.9\n",
    "storage": "storage,site,max_mw,hours,efficiency,capex_musd_per_mw,capex_musd_per_mwh,life_years\nb,lund,20,4,0.86,0.2,0.2,15\n",
    "demand_charges": "zone,period,usd_per_mw_month\nSE4,2027Q3,6000\n",
    "inventory": "sku,holding_usd_per_unit_month,max_units\nbig,50,\nsmall,,9000\n",
    "relocation": "sku,usd_per_unit\nbig,500\n",
    "cooling": "site,quarter,block,pue\noslo,3,stress,1.3\n",
    "service_loads": "service,block,load\ncode,base,0.9\ncode,stress,1.9\n",
    "service_metros": "service,metro,slo_rtt_ms\ncode,STO,30\n",
    "utilisation_curves": "curve,servers,max_utilisation\nq,1,0.4\nq,64,0.9\n",
    "designs": "design,saved_periods\nd,1\n",
    "milestone_limits": "milestone,place,period,max_starts\nshell,SE4,2027Q1,1\n",
    "grid_queue": "zone,period,mw\nSE4,2027Q2,60\n",
    "gates": "gate,kind,site,item,after_kind,after_site,after_item,lag_periods\npilot,hall,lund,h2,hall,lund,h1,1\n",
    "land_options": "site,fee_musd_per_year,expires\nlund,0.5,2027Q3\n",
    "local_benefits": "site,extra_mw,usd_per_mw_year\nlund,50,20000\n",
    "price_tiers": "offer,from_units,unit_price_usd\nsmall-1,3000,19000\n",
    "resale": "sku,period,unit_price_usd,max_units\nsmall,2027Q3,9000,1000\n",
    "datasets": "dataset,node,mode,size_tb\nweb,oslo,copy,500\n",
    "incumbent": "workload,site,move_musd\npre,oslo,5\n",
    "tranches": "tranche,amount_musd,needs_it_mw,available\nbond,300,50,2027Q2\n",
}

#: What must be edited for such a table to matter: table -> file, old, new.
MORE_EDITS = {
    "datasets": [
        ("jobs.csv", "loss_hours_per_outage\n", "loss_hours_per_outage,dataset\n"),
        ("jobs.csv", ",100,6\n", ",100,6,web\n"),
        ("jobs.csv", "2027Q3,,,,\n", "2027Q3,,,,,\n"),
    ],
    "designs": [
        ("halls.csv", "life_years\n", "life_years,design\n"),
        *(("halls.csv", f"{end}\n", f"{end},\n") for end in (",2,1,,", "2027Q2,15")),
        *(("halls.csv", f"{kind},400,4,0,,15\n", f"{kind},400,4,0,,15,d\n") for kind in ("liquid", "air")),
    ],
    "utilisation_curves": [("services.csv", "origin\n", "origin,queue_curve\n"), ("services.csv", "oslo\ncode,60,,,80,2,,,,", "oslo,\ncode,60,,,80,2,,,,,q")],
}

PRICED_TOML = """\
name = "priced"
title = "Three sites, what each placement costs"
start = "2027Q1"
periods = 1
open_sites = 2
cost_unit = "units"
"""

PRICED_TABLES = {
    "sites": "site,name,note\na,Alpha,made up\nb,,\nc,,\n",
    "capacity": "site,capacity\na,10\nb,12.5\n",
    "siting": "site,opening_cost_musd\na,7\nb,\nc,3\n",
    "jobs": "job,name,mandatory\nj1,One,1\nj2,,1\n",
    "services": "service,name\ns1,Chat\n",
    "pairs": "workload,site,cost_musd,use\nj1,a,4,6\nj1,b,5,6\nj1,c,-2,\nj2,a,1,9\nj2,b,3.5,8\ns1,b,10,4\ns1,c,20,0\n",
}


class CaseFolder:
    """A case folder that a test may edit before it is read."""

    def __init__(self, path: Path, settings: str = CASE_TOML, tables: Mapping[str, str] = TABLES) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        (path / "case.toml").write_text(settings, encoding="utf-8")
        for name, text in tables.items():
            (path / f"{name}.csv").write_text(text, encoding="utf-8")

    def edit(self, file: str, old: str, new: str) -> CaseFolder:
        """Replace one occurrence of a text in a file; the text must be there."""
        target = self.path / file
        text = target.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        target.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def add(self, file: str, text: str) -> CaseFolder:
        """Append lines to a file, or make it."""
        target = self.path / file
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        target.write_text(before + text, encoding="utf-8")
        return self

    def drop(self, *files: str) -> CaseFolder:
        """Delete files."""
        for file in files:
            (self.path / file).unlink()
        return self

    def scenario(self, name: str, settings: str = "", **tables: str) -> Path:
        """Write a scenario folder beside this one and return it."""
        folder = self.path.parent / name
        folder.mkdir()
        (folder / "case.toml").write_text(f'base = "../{self.path.name}"\n' + settings, encoding="utf-8")
        for table, text in tables.items():
            (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        return folder


@pytest.fixture
def good(tmp_path: Path) -> CaseFolder:
    """The sound case in a folder of its own."""
    return CaseFolder(tmp_path / "tiny")


@pytest.fixture
def priced(tmp_path: Path) -> CaseFolder:
    """The sound case that says what each placement costs, in a folder of its own."""
    return CaseFolder(tmp_path / "priced", PRICED_TOML, PRICED_TABLES)


@pytest.fixture
def case_folder(tmp_path: Path) -> Callable[[str], CaseFolder]:
    """A maker of sound cases by folder name."""
    return lambda name: CaseFolder(tmp_path / name)
