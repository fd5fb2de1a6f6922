"""The cards of one machine, one by one; takes the place of the old scripted page."""

from __future__ import annotations

from dashboards import links, queries
from dashboards.layout import Line, dashboard
from dashboards.nodes import NO_GPUS, node_variable
from dashboards.panels import BAD, FULL, HOT, Column, Key, Look, Object, bars, stat, table, timeline, trend
from dashboards.queries import NODE

CARD = "GPU {{minor_number}}"
WHERE = queries.selector(NODE)
TEMPERATURE = queries.temperature(NODE)
PERCENT = Look("percent", NO_GPUS, least=0, most=100)


def gpus_in_node() -> Object:
    """Return GPUs in Node."""
    lines: list[Line] = [
        _overview(),
        _now(),
        "Each card",
        _trends(),
        [_busy()],
        "Who holds which card",
        [_holders()],
    ]
    buttons = (links.TO_CLUSTER, links.TO_NODE, links.TO_TASKS_IN_NODE)
    about = "The cards of one machine."
    return dashboard(
        links.GPUS_IN_NODE, "GPUs in Node", about, lines, variables=[node_variable()], links=buttons
    )


def _overview() -> list[Object]:
    errors = f'sum(nvidiasmi_ecc_error_count{{type="double",{NODE}}})'
    missing = f"max(configured_gpu_count{WHERE}) - (count(gpu_utilization{WHERE}) or vector(0))"
    held = queries.or_zero(f"count({queries.cards_held(NODE)})")
    texts = {"0": ("none", "green")}
    return [
        stat(
            "Cards",
            "Cards that the machine shows.",
            f"count(gpu_utilization{WHERE})",
            Look("none", "none"),
            width=4,
        ),
        stat(
            "Cards missing",
            "Cards that the layout promises and the machine does not show.",
            missing,
            Look("none", "unknown", BAD, texts=texts),
            width=4,
        ),
        stat("Cards held", "Cards that tasks hold.", held, Look("none", "0"), width=4),
        stat(
            "Utilization",
            "Mean of the machine's cards.",
            f"avg(gpu_utilization{WHERE})",
            Look("percent", NO_GPUS, least=0, most=100, decimals=0),
            width=4,
        ),
        stat(
            "Hottest card",
            "Most cards slow down by themselves near 85 degrees.",
            f"max({TEMPERATURE})",
            Look("celsius", NO_GPUS, HOT, decimals=0),
            width=4,
        ),
        stat(
            "Memory errors",
            "Double-bit ECC errors, which can't be corrected: the card wants a reset or a replacement.",
            errors,
            Look("none", "not counted", BAD, texts=texts),
            width=4,
        ),
    ]


def _now() -> list[Object]:
    return [
        bars(
            "Utilization now",
            "How busy each card is.",
            f"max by (minor_number) (gpu_utilization{WHERE})",
            CARD,
            Look("percent", NO_GPUS, (("blue", None),), least=0, most=100),
        ),
        bars(
            "Memory now",
            "How full the memory of each card is.",
            f"max by (minor_number) (gpu_mem_utilization{WHERE})",
            CARD,
            Look("percent", NO_GPUS, FULL, least=0, most=100),
        ),
    ]


def _trends() -> list[Object]:
    celsius = Look("celsius", NO_GPUS)
    curves = (
        ("Utilization", "How busy each card is.", f"gpu_utilization{WHERE}", PERCENT),
        ("Memory", "How full the memory of each card is.", f"gpu_mem_utilization{WHERE}", PERCENT),
        ("Temperature", "Most cards slow down by themselves near 85 degrees.", TEMPERATURE, celsius),
    )
    return [
        trend(title, about, {CARD: f"max by (minor_number) ({query})"}, look, width=8)
        for title, about, query, look in curves
    ]


def _busy() -> Object:
    steps = (("semi-dark-blue", None), ("green", 10), ("orange", 90))
    return timeline(
        "Busy times",
        "Blue: below 10 percent. Green: at work. Orange: 90 percent and more.",
        f"max by (minor_number) (gpu_utilization{WHERE})",
        CARD,
        Look("percent", NO_GPUS, steps, least=0, most=100),
        height=7,
    )


def _holders() -> Object:
    who = "minor_number, job_name, role_name, task_index, username, virtual_cluster"
    keys = [
        Key("minor_number", "Card"),
        links.JOB_KEY,
        links.ROLE_KEY,
        links.TASK_KEY,
        Key("username", "User"),
        Key("virtual_cluster", "Virtual cluster"),
    ]
    columns = [
        Column(
            "Utilization", f"max by ({who}) (task_gpu_percent{WHERE})", "percent", is_gauge=True, decimals=0
        ),
        Column(
            "Memory",
            f"max by ({who}) (task_gpu_mem_percent{WHERE})",
            "percent",
            FULL,
            is_gauge=True,
            decimals=0,
        ),
    ]
    about = "Tasks and their cards, as it is at the end of the chosen time; a click opens the job."
    none = "no task holds a GPU of this node"
    return table("Cards in use", about, keys, columns, none, sort="Utilization", is_descending=False)
