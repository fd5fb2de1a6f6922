"""paichart turns OpenPAI's config.yaml and layout.yaml into an umbrella Helm chart.

The library in three calls, each typed and free of output::

    import paichart

    site = paichart.load("cluster-config")           # reads and checks; raises nothing for what a user wrote
    for problem in paichart.check(site):             # every problem, with file, line and column
        print(f"{problem.span}: {problem.severity.value} {problem.code}: {problem.message}")
    if site.cluster is not None:                     # no problem is an error
        made = paichart.build(site, "out")           # writes the chart, whole or not at all
        print(made.folder, len(made.services), made.is_changed)

What is wrong with a user's files is a value, a ``Problem``, never an exception. ``build`` raises
``InvalidInputError`` when a problem is an error, ``NotOursError`` when the folder holds something that no
build wrote, and ``OSError`` when the machine fails; no chart is written then.

Names that are not listed in ``__all__`` may change in any release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "Build",
    "InvalidInputError",
    "NotOursError",
    "Problem",
    "Related",
    "Severity",
    "Site",
    "Span",
    "build",
    "check",
    "load",
]

if TYPE_CHECKING:
    from paichart.problems import Problem, Related, Severity, Span
    from paichart.site import Build, InvalidInputError, Site, build, check, load
    from paichart.write import NotOursError
else:
    # Public names are imported when they are first used, so that `paichart --version` loads nothing. Hidden
    # from type checkers, which would take any name for a public one.
    _HOMES = {
        "NotOursError": "paichart.write",
        "Problem": "paichart.problems",
        "Related": "paichart.problems",
        "Severity": "paichart.problems",
        "Span": "paichart.problems",
    }

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module 'paichart' has no attribute '{name}'")
        import importlib  # noqa: PLC0415

        return getattr(importlib.import_module(_HOMES.get(name, "paichart.site")), name)

    def __dir__():
        return sorted({*globals(), *__all__})
