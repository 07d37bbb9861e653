"""``[[stages]]`` of ``case.toml``: objectives that are minimised one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from placement.case.case import Stage
from placement.case.files import SETTINGS
from placement.case.findings import Findings, did_you_mean

_KEYS = ("name", "weights", "slack")
_EXAMPLE = 'Write [[stages]] with name = "service", weights = { unmet = 1.0 } and slack = 0.01 for each stage.'
Fits = Callable[[Any], bool]


def read_stages(raw: Any, known: tuple[str, ...], number: Callable[..., Fits], findings: Findings) -> tuple[Stage, ...]:
    """Return the stages in order; the case's own objective is added at the end where no stage is without weights.

    Parameters
    ----------
    known
        Names that a stage may weigh.
    number
        ``number(lo, hi)`` returns the test for a number within limits.
    """
    if raw is None:
        return ()
    if not isinstance(raw, list) or not raw or not all(isinstance(s, dict) for s in raw):
        findings.add(SETTINGS, "stages", "must be a list of tables", _EXAMPLE)
        return ()
    before = len(findings.problems)
    for stage in raw:
        _check(stage, known, number, findings)
    if len(findings.problems) > before:
        return ()
    stages = tuple(Stage(s["name"], {k: float(v) for k, v in s.get("weights", {}).items()}, float(s.get("slack", 0.0))) for s in raw)
    return _with_own(stages, findings)


def _with_own(stages: tuple[Stage, ...], findings: Findings) -> tuple[Stage, ...]:
    """Return the stages with the case's own objective among them."""
    names = [s.name for s in stages]
    own = [s for s in stages if not s.weights]
    if len(set(names)) < len(names):
        findings.add(SETTINGS, "stages.name", "must differ between stages", "Rename one of the stages.")
    if len(own) > 1:
        rule = "may be left out in one stage only, which minimises the case's own objective"
        findings.add(SETTINGS, "stages.weights", rule, "Give the other stages weights.")
    if not own and "cost" in names:
        findings.add(
            SETTINGS, "stages.name", "'cost' is the name of the case's own objective, which comes last where no stage is without weights", "Rename it."
        )
    whole = stages if own else (*stages, Stage("cost"))
    if whole[-1].slack:
        findings.add(SETTINGS, "stages.slack", f"has no effect in the last stage, '{whole[-1].name}'", "Leave it out.")
    return whole


def _check(stage: Mapping[str, Any], known: tuple[str, ...], number: Callable[..., Fits], findings: Findings) -> None:
    for key in stage:
        if key not in _KEYS:
            findings.add(SETTINGS, f"stages.{key}", "is not a known key", did_you_mean(key, _KEYS))
    name = stage.get("name")
    if not (isinstance(name, str) and name.strip() == name and name and name.isprintable()) or set(name) & set(",;[]"):
        findings.add(SETTINGS, "stages.name", "must be a text without commas, semicolons and brackets in every stage", _EXAMPLE)
    if not number(0, 1)(stage.get("slack", 0.0)):
        findings.add(SETTINGS, "stages.slack", f"must be a share from 0 to 1, not {stage['slack']!r}", "0.01 lets later stages give up one per cent of it.")
    weights = stage.get("weights", {})
    if not isinstance(weights, dict) or ("weights" in stage and not weights):
        findings.add(SETTINGS, "stages.weights", "must be a table of cost terms", _EXAMPLE)
        return
    for term, weight in weights.items():
        if term not in known:
            findings.add(SETTINGS, f"stages.weights.{term}", "is not a known term", did_you_mean(term, known))
        elif not (number(0)(weight) and weight > 0):
            findings.add(SETTINGS, f"stages.weights.{term}", f"must be a number above 0, not {weight!r}", "Leave the term out, or correct the weight.")
