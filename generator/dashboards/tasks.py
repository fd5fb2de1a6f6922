"""Panels about tasks of jobs: the same figures for one job, one machine, a role or a task."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards import queries
from dashboards.panels import FULL, UNUSED, Column, Look, Object, trend

LEGEND_ROLE = "{{role_name}}"
LEGEND_TASK = "{{role_name}}-{{task_index}}"
LEGEND_JOB_TASK = "{{job_name}} {{role_name}}-{{task_index}}"
NO_GPUS = "no GPUs held"
PERCENT_OF_A_CORE = "In percent of one processor: 400 is four of them."


def figures(legend: str, by: str, none: str, *conditions: str) -> list[Object]:
    """Return six panels: processors, memory, network, disk, GPUs and their memory; means over tasks."""
    where = queries.selector(*conditions)
    percent = Look("percent", NO_GPUS, least=0, most=100)
    rates = Look("Bps", none, least=0)

    def curves(queries_of: Mapping[str, str]) -> Mapping[str, str]:
        return {f"{prefix}{legend}": f"avg by ({by}) ({query})" for prefix, query in queries_of.items()}

    network = {"in ": f"task_net_in_byte{where}", "out ": f"task_net_out_byte{where}"}
    disk = {
        "read ": queries.rate("task_block_in_byte", *conditions),
        "write ": queries.rate("task_block_out_byte", *conditions),
    }
    about = {
        "network": "Bytes a second over connections of the tasks.",
        "disk": "Bytes a second to and from disks of the node; shares over the network are not among them.",
        "gpu": "A card that stays near 0 is held in vain.",
    }
    return [
        trend(
            "CPU",
            PERCENT_OF_A_CORE,
            curves({"": f"task_cpu_percent{where}"}),
            Look("percent", none, least=0),
            has_table=True,
        ),
        trend(
            "Memory",
            "Memory that tasks use.",
            curves({"": f"task_mem_usage_byte{where}"}),
            Look("bytes", none, least=0),
            has_table=True,
        ),
        trend("Network", about["network"], curves(network), rates, has_table=True),
        trend("Disk", about["disk"], curves(disk), rates, has_table=True),
        trend(
            "GPU utilization", about["gpu"], curves({"": f"task_gpu_percent{where}"}), percent, has_table=True
        ),
        trend(
            "GPU memory",
            "Memory of the cards that tasks hold.",
            curves({"": f"task_gpu_mem_percent{where}"}),
            percent,
            has_table=True,
        ),
    ]


def task_columns(by: str, *conditions: str) -> list[Column]:
    """Return the columns of a table of tasks: means over the chosen time, for each set of the labels `by`."""

    def mean(metric: str) -> str:
        return f"avg by ({by}) (avg_over_time({metric}{queries.selector(*conditions)}[$__range]))"

    # A job that was tried again has other series, perhaps on other cards.
    last = f"last_over_time(task_gpu_percent{queries.selector(*conditions)}[$__range])"
    cards = f"max by ({by}) (count by ({by}, job_instance_id) ({last}))"
    return [
        Column("CPU", mean("task_cpu_percent"), "percent", decimals=0),
        Column("Memory", mean("task_mem_usage_byte"), "bytes"),
        Column("Memory of limit", mean("task_mem_usage_percent"), "percent", FULL, is_gauge=True, decimals=0),
        Column("GPUs", cards),
        Column("GPU utilization", mean("task_gpu_percent"), "percent", UNUSED, is_gauge=True, decimals=0),
    ]
