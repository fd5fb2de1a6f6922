"""Where a new site's files come from: examples, answers, or a running cluster, asked about or not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from paichart.kube import Api
from paichart.problems import suggest
from paichart.starter.choices import Choices
from paichart.starter.files import Starter
from paichart.starter.lines import example
from paichart.starter.plan import plan
from paichart.starter.questions import Asker, ask_choices, ask_machines, ask_master, ask_roles
from paichart.starter.roles import RolesError, UnclearMasterError, Wishes, assign
from paichart.starter.survey import survey

_OFFERED = "`kubectl describe node` shows the names below Allocatable"


def without_cluster(asker: Asker | None = None) -> Starter:
    """Return a site by answers to all questions; of examples where nobody is to be asked."""
    if asker is None:
        return Starter(plan(example()), is_example=True)
    roles, is_example = ask_machines(asker)
    made = plan(roles)
    return Starter(made, ask_choices(asker, made.master.address, None), is_example=is_example)


def from_cluster(
    api: Api,
    wishes: Wishes,
    *,
    selector: str = "",
    devices: Collection[str] = (),
    asker: Asker | None = None,
    is_asking_all: bool = False,
) -> Starter:
    """Return a site of a cluster's nodes; `asker` is asked all questions, or only what the nodes don't say.

    Raises ClusterError, RolesError, and UnclearMasterError where nobody is to be asked.
    """
    found = survey(api, selector, devices)
    for name in devices:
        if name not in found.offered:
            raise RolesError(f"no node offers '{name}'", suggest(name, found.offered) or _OFFERED)
    wishes = replace(wishes, selected=found.selected)
    if asker and is_asking_all:
        made = plan(ask_roles(asker, found.nodes, wishes))
        return Starter(made, ask_choices(asker, made.master.address, found.facts), found.facts, found.nodes)
    try:
        roles = assign(found.nodes, wishes)
    except UnclearMasterError as error:
        if asker is None:
            raise
        asker.say(f"{error.message}.")
        roles = assign(found.nodes, replace(wishes, master=ask_master(asker, found.nodes, wishes)))
    return Starter(plan(roles), Choices(), found.facts, found.nodes)
