"""Virtual clusters and their cells as text for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from paichart.cells import Quota, Share, Tree

_NOBODY = "(unassigned)"


def as_text(trees: Sequence[Tree], only: Iterable[str] = ()) -> str:
    """Return a block for each chain; with `only` the shares of those virtual clusters alone."""
    wanted = frozenset(only)
    blocks = [
        [f"{tree.name}: {tree.makeup}, {tree.cells:,} cells of {tree.leaf or 'one device'}\n", *rows]
        for tree in trees
        if (rows := [_row(share) for share in _shares(tree, wanted)])
    ]
    return "\n".join("".join(block) for block in blocks)


def as_data(trees: Iterable[Tree], only: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return one object a chain; keys and their meaning stay within a major version."""
    wanted = frozenset(only)
    return [
        {
            "name": tree.name,
            "makeup": tree.makeup,
            "leaf": tree.leaf,
            "cells": tree.cells,
            "virtual-clusters": [
                {
                    "name": share.name,
                    "cells": share.cells,
                    "percent": share.percent,
                    "quotas": [
                        {"number": quota.number, "cell-type": quota.cell_type, "pinned-cell": quota.pin}
                        for quota in share.quotas
                    ],
                }
                for share in _shares(tree, wanted)
                if share.name
            ],
            "unassigned": tree.unassigned.cells,
        }
        for tree in trees
        if _shares(tree, wanted)
    ]


def _shares(tree: Tree, wanted: frozenset[str]) -> tuple[Share, ...]:
    """Return the shares of the wanted virtual clusters; of all, with what nobody has, when none is named."""
    if wanted:
        return tuple(share for share in tree.shares if share.name in wanted)
    return (*tree.shares, *([tree.unassigned] if tree.unassigned.cells else ()))


def _row(share: Share) -> str:
    quotas = ", ".join(_quota(quota) for quota in share.quotas) if share.name else ""
    return (
        f"  {share.name or _NOBODY:<24} {share.cells:>6,} cells {share.percent:>6.1f} %  {quotas}".rstrip()
        + "\n"
    )


def _quota(quota: Quota) -> str:
    pin = f" (pinned: {quota.pin})" if quota.pin else ""
    return f"{quota.number:,} {quota.cell_type}{pin}"
