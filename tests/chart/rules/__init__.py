"""Rules over everything that a chart renders.

A rule is a function from a Rendering to problems, each a sentence that names the object; its docstring is
the rule. `RULES` holds all of them by name. test_rules.py runs them over every scenario of every chart and
over the umbrella; test_rules_refuse.py shows for each one what it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.chart.rules import access, identity, pods, privileges, references, secrets
from tests.chart.rules.rendering import Rendering, Rule

__all__ = ["RULES", "Rendering", "Rule", "broken_rules"]

_MODULES = (identity, pods, privileges, access, references, secrets)

RULES: Mapping[str, Rule] = {
    name: function
    for module in _MODULES
    for name, function in vars(module).items()
    if callable(function) and getattr(function, "is_rule", False)
}


def broken_rules(rendering: Rendering) -> str:
    """What the rules have against a rendering, a line each; an empty text when all hold."""
    lines = (f"{name}: {problem}" for name, rule in RULES.items() for problem in rule(rendering))
    return "\n".join(lines)
