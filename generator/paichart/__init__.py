"""paichart turns OpenPAI's config.yaml and layout.yaml into an umbrella Helm chart.

The library in three calls, each typed and free of output::

    import paichart

    site = paichart.load("cluster-config")          # reads and checks; never raises for what a user wrote
    for problem in paichart.check(site):             # every problem, with file, line and column
        print(problem.span, problem.message)
    build = paichart.build(site, "out")              # raises InvalidInputError when a problem is an error

Names that are not listed in ``__all__`` may change in any release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Build",
    "InvalidInputError",
    "NotOursError",
    "Problem",
    "Severity",
    "Site",
    "Span",
    "build",
    "check",
    "load",
]

if TYPE_CHECKING:
    from paichart.problems import Problem, Severity, Span
    from paichart.site import Build, InvalidInputError, Site, build, check, load
    from paichart.write import NotOursError

_HOMES = {
    "NotOursError": "paichart.write",
    "Problem": "paichart.problems",
    "Severity": "paichart.problems",
    "Span": "paichart.problems",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `paichart --version` loads nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'paichart' has no attribute '{name}'")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES.get(name, "paichart.site")), name)
