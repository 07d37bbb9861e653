"""The style sheet. Colours are variables with a light and a dark value, chosen to differ in lightness as well as hue.

Categories follow Okabe and Ito (2008), "Color Universal Design"; heat maps use one hue from light to dark.
"""

from __future__ import annotations

import base64
import hashlib

_LIGHT = {
    "bg": "#fbfaf7", "panel": "#ffffff", "ink": "#1b2430", "soft": "#566170", "line": "#dcdcd5", "accent": "#005f94",
    "warn": "#a63603", "good": "#00694c",
    "c0": "#0072b2", "c1": "#e69f00", "c2": "#008560", "c3": "#b85a25", "c4": "#a85888", "c5": "#56b4e9", "c6": "#b3b6ba", "c7": "#3d4650",
    "q0": "#f1f5f9", "q1": "#dbe8f3", "q2": "#bfd7ea", "q3": "#97c0de", "q4": "#66a3cd", "q5": "#3d86b9", "q6": "#1f6aa0",
    "q7": "#0d4f80", "q8": "#08365c",
}  # fmt: skip
_DARK = {
    "bg": "#12161b", "panel": "#1a2027", "ink": "#e8eaed", "soft": "#a3adb8", "line": "#333c46", "accent": "#6cbcf0",
    "warn": "#ff9d6b", "good": "#4fd0a5",
    "c0": "#3d9bd9", "c1": "#f0b429", "c2": "#2dbd92", "c3": "#e07b3f", "c4": "#d68bb5", "c5": "#9bd4f7", "c6": "#6b7580", "c7": "#d5dae0",
    "q0": "#1d252e", "q1": "#1d3346", "q2": "#1c405c", "q3": "#1b5074", "q4": "#1e658f", "q5": "#2f82b3", "q6": "#58a5d1",
    "q7": "#8fc7e8", "q8": "#c9e6f8",
}  # fmt: skip


def _variables(values: dict[str, str]) -> str:
    return ":root{" + "".join(f"--{k}:{v};" for k, v in values.items()) + "}"


_PAINT = "".join(f".c{i}{{fill:var(--c{i})}}.s{i}{{stroke:var(--c{i})}}" for i in range(8)) + "".join(f".q{i}{{fill:var(--q{i})}}" for i in range(9))

_RULES = """
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:1152px;margin:0 auto;padding:0 24px}
header{padding-top:44px}
h1{font-size:clamp(1.35rem,3.2vw,1.8rem);line-height:1.2;letter-spacing:-.015em;margin:.15em 0 .35em;overflow-wrap:anywhere}
h2{font-size:1.3rem;letter-spacing:-.01em;line-height:1.25;margin:0 0 .5em}
h3{font-size:1rem;margin:1.6em 0 .5em}
p{margin:.5em 0;max-width:74ch;overflow-wrap:anywhere}
a{color:var(--accent)}
.kicker{color:var(--soft);font-size:.85rem;margin:0;display:flex;flex-wrap:wrap;gap:.35em 1em;align-items:center;max-width:none}
.badge{border:1.5px solid currentColor;border-radius:99px;padding:.02em .7em;font-weight:600;color:var(--ink)}
.badge.good{color:var(--good)}.badge.warn{color:var(--warn)}
.lead{font-size:clamp(1.1rem,2.2vw,1.32rem);line-height:1.48;max-width:62ch;margin:.7em 0}
.alert{border-left:4px solid var(--warn);padding:.5em 1em;background:var(--panel);max-width:none}
.note{color:var(--soft);font-size:.92rem}
nav{margin:26px 0 0;border-block:1px solid var(--line);padding:.55em 0;font-size:.88rem;display:flex;flex-wrap:wrap;gap:.2em 1.3em}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
section{margin:52px 0 0;scroll-margin-top:12px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:24px 0 8px;padding:0}
.tiles div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.tiles dt{color:var(--soft);font-size:.8rem;line-height:1.3}
.tiles dd{margin:.15em 0 0;font-size:1.38rem;font-weight:650;letter-spacing:-.02em;line-height:1.2}
.tiles small{display:block;font-size:.78rem;font-weight:400;color:var(--soft);letter-spacing:0;margin-top:.25em;line-height:1.35}
figure{margin:14px 0 22px;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:14px 16px 10px;min-width:0}
figcaption{margin:0 0 8px;font-size:.95rem;line-height:1.35;overflow-wrap:anywhere}
figcaption span{display:block;color:var(--soft);font-size:.84rem;max-width:100ch}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:0 16px}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:0 16px}
.multiples figure{margin:0 0 16px}
.narrow{display:none}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{display:block;width:100%;height:auto}
svg.s{max-width:420px}svg.m{max-width:640px;min-width:430px}svg.l{min-width:820px}
svg text{fill:var(--ink);font-size:11px;font-family:inherit}
svg .t{fill:var(--soft)}svg .r{text-anchor:end}svg .mid{text-anchor:middle}svg .b{font-weight:650}
svg .ond{fill:#14191f}svg .onq{fill:var(--bg)}
svg .halo{paint-order:stroke;stroke:var(--panel);stroke-width:3px;stroke-linejoin:round}
svg .rule{stroke:var(--line);stroke-width:1}svg .axis{stroke:var(--soft);stroke-width:1}
svg .edge{stroke:var(--panel);stroke-width:1}
svg .limit{stroke:var(--ink);stroke-width:1.8;fill:none}
svg .trace{fill:none;stroke-width:2}svg .dash{stroke-dasharray:5 4}
svg .ring{fill:none;stroke:var(--soft);stroke-width:1.2;stroke-dasharray:3 2}
svg .site{fill-opacity:.72;stroke:var(--panel);stroke-width:1}
svg .flow{fill:none;stroke:var(--c1);stroke-opacity:.34}
svg .whisker{stroke:var(--soft);stroke-width:1.2}
svg .sea{fill:var(--q0)}
.legend{display:flex;flex-wrap:wrap;gap:.2em 1.1em;list-style:none;padding:0;margin:0 0 10px;font-size:.84rem;color:var(--soft)}
.legend svg{display:inline-block;width:12px;height:12px;min-width:0;margin-right:.45em;vertical-align:-1px}
table{border-collapse:collapse;font-size:.88rem;width:100%;line-height:1.4}
caption{text-align:left;color:var(--soft);padding:.3em 0}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1.5px solid var(--soft);vertical-align:bottom;white-space:nowrap}
td{border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word;max-width:44ch}
th,td{padding:.34em 1.1em .34em 0}th:last-child,td:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
.pairs{max-width:680px}
details{margin:8px 0;font-size:.92rem}summary{cursor:pointer;color:var(--accent);font-size:.86rem}
code{font:.9em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
footer{color:var(--soft);font-size:.85rem;border-top:1px solid var(--line);margin-top:56px;padding-top:14px;padding-bottom:48px}
@media (max-width:760px){.tiles{grid-template-columns:repeat(2,1fr)}}
@media (max-width:600px){main,header,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}section{margin-top:38px}
figure{padding:12px 10px 8px}
.cards thead{position:absolute;clip-path:inset(50%)}
.cards tr{display:grid;grid-template-columns:1fr auto;gap:0 1em;border-bottom:1px solid var(--line);padding:.5em 0}
.cards td{border:0;padding:0;max-width:none}.cards td:nth-child(1){grid-area:2/1;color:var(--soft)}.cards td:nth-child(2){grid-area:1/1}
.cards td:nth-child(3){grid-area:3/1/4/3}.cards td:nth-child(4){grid-area:2/2;text-align:right}.cards td:nth-child(5){grid-area:1/2}
.tiles dd{font-size:1.15rem}
figure:has(svg.l) figcaption::after{content:"Scroll the chart sideways for the rest.";font-size:.8rem;color:var(--soft)}}
@media screen and (max-width:600px){svg.wide{display:none}svg.narrow{display:block}figure:has(svg.narrow) figcaption::after{content:none}}
@media print{th,.n{white-space:normal}th,td{padding-right:.7em}}
@media print{@page{margin:14mm}body{background:#fff;font-size:10pt}main,header,footer{max-width:none;padding:0}nav{display:none}
section{margin-top:26px}figure,.tiles div{break-inside:avoid;border-color:#bbb}h2,h3,figcaption{break-after:avoid}tr{break-inside:avoid}
.scroll{overflow:visible}figcaption::after{content:none!important}svg.m,svg.l{min-width:0}summary{display:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

# A printed page is light even where the screen is dark.
CSS = _variables(_LIGHT) + "@media screen and (prefers-color-scheme:dark){" + _variables(_DARK) + "}" + _PAINT + _RULES.replace("\n", "")


def policy() -> str:
    """Return a content security policy that allows this style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
