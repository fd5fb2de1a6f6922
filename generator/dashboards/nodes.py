"""One machine, and the tasks that run on it. The portal opens the first with `var-node=<address>`."""

from __future__ import annotations

from dashboards import links, queries
from dashboards.layout import Line, dashboard, variable
from dashboards.panels import FULL, HOT, Key, Look, Object, stat, table, trend
from dashboards.queries import NODE
from dashboards.tasks import LEGEND_JOB_TASK, figures, task_columns

NO_GPUS = "no GPUs in this node"
NO_NODE = "no node exporter on this node"
NO_TASKS = "no task runs on this node"


def node_variable() -> Object:
    """Return the choice of a machine by its address, without the port of an exporter."""
    return variable(
        "node",
        "Node",
        "Address of the machine",
        "label_values(node_uname_info, instance)",
        regex="/^(.*?)(?::[0-9]+)?$/",
    )


def node_view() -> Object:
    """Return PAI_NodeView."""
    machine = _machine()
    lines: list[Line] = [
        _overview(),
        "Processors, memory, input and output",
        machine[:2],
        machine[2:4],
        machine[4:],
        "GPUs",
        _gpus(),
        "What runs here",
        [node_tasks_table()],
    ]
    buttons = (links.TO_CLUSTER, links.TO_GPUS_IN_NODE, links.TO_TASKS_IN_NODE, links.TO_HEALTH)
    return dashboard(
        links.NODE, "PAI_NodeView", "One machine.", lines, variables=[node_variable()], links=buttons
    )


def tasks_in_node() -> Object:
    """Return Tasks in Node."""
    trends = figures(LEGEND_JOB_TASK, "job_name, role_name, task_index", NO_TASKS, NODE)
    lines: list[Line] = [
        _tasks_overview(),
        [node_tasks_table()],
        "Each task",
        *(trends[index : index + 2] for index in range(0, len(trends), 2)),
    ]
    buttons = (links.TO_CLUSTER, links.TO_NODE, links.TO_GPUS_IN_NODE)
    about = "What the tasks on one machine use."
    return dashboard(
        links.TASKS_IN_NODE, "Tasks in Node", about, lines, variables=[node_variable()], links=buttons
    )


def node_tasks_table() -> Object:
    """Return the table of tasks on the machine, which leads to each task's job."""
    who = "job_name, role_name, task_index, username, virtual_cluster"
    keys = [
        links.JOB_KEY,
        links.ROLE_KEY,
        links.TASK_KEY,
        Key("username", "User"),
        Key("virtual_cluster", "Virtual cluster"),
    ]
    about = (
        "Tasks on this machine, means over the chosen time. A click on job, role or task opens its metrics."
    )
    return table("Tasks", about, keys, task_columns(who, NODE), NO_TASKS, sort="CPU")


def _overview() -> list[Object]:
    percent = Look("percent", NO_NODE, FULL, least=0, most=100, decimals=0)
    is_ready = f'max(pai_node_count{{{queries.ON_HOST},ready="true"}})'
    texts = {"1": ("ready", "green"), "0": ("not ready", "red")}
    where = queries.selector(NODE)
    return [
        stat(
            "Kubernetes",
            "Whether Kubernetes calls the node ready.",
            f"{is_ready} or 0 * max(pai_node_count{{{queries.ON_HOST}}})",
            Look("none", "unknown", texts=texts),
            has_trend=False,
        ),
        stat("CPU", "Processors in use.", queries.cpu_percent(NODE), percent),
        stat("Memory", "Memory in use, without caches.", queries.memory_percent(NODE), percent),
        stat(
            "Fullest disk",
            "The file system with the least room.",
            f"max({queries.full_percent(NODE)})",
            percent,
        ),
        stat(
            "Tasks",
            "Tasks of jobs on this machine.",
            queries.or_zero(f"count(task_cpu_percent{where})"),
            Look("none", "0"),
        ),
        stat("GPUs", "Cards that the machine shows.", f"count(gpu_utilization{where})", Look("none", "none")),
        stat(
            "GPU utilization",
            "Mean of the machine's cards.",
            f"avg(gpu_utilization{where})",
            Look("percent", "no GPUs", least=0, most=100, decimals=0),
        ),
        stat(
            "Hottest GPU",
            "Most cards slow down by themselves near 85 degrees.",
            f"max({queries.temperature(NODE)})",
            Look("celsius", "no GPUs", HOT, decimals=0),
        ),
    ]


def _machine() -> list[Object]:
    modes = queries.rate("node_cpu_seconds_total", 'mode!="idle"', NODE)
    count = f'count(node_cpu_seconds_total{{mode="idle",{NODE}}})'
    percent = Look("percent", NO_NODE, least=0, most=100)
    return [
        trend(
            "CPU, by what it does",
            "In percent of all processors. iowait: waiting for disks; steal: taken by the hypervisor.",
            {"{{mode}}": f"100 * sum by (mode) ({modes}) / scalar({count})"},
            percent,
            is_stacked=True,
        ),
        trend(
            "Memory",
            "Cache and buffers are given back when programs want memory.",
            queries.memory_parts(NODE),
            Look("bytes", NO_NODE, least=0),
            is_stacked=True,
        ),
        trend(
            "Network",
            "Bytes over the machine's own interfaces.",
            queries.network(NODE),
            Look("Bps", NO_NODE, least=0),
        ),
        trend(
            "Disk", "Bytes read from and written to disks.", queries.disk(NODE), Look("Bps", NO_NODE, least=0)
        ),
        trend(
            "File systems",
            "How full each is. Kubernetes removes images and pods when its own runs full.",
            {"{{mountpoint}}": f"max by (mountpoint) ({queries.full_percent(NODE)})"},
            percent,
        ),
        trend(
            "Load",
            "Programs that run or wait for processors or disks, beside the number of processors.",
            {
                "load, 1 minute": f"max(node_load1{queries.selector(NODE)})",
                "load, 15 minutes": f"max(node_load15{queries.selector(NODE)})",
                "processors": count,
            },
            Look("short", NO_NODE, least=0),
        ),
    ]


def _gpus() -> list[Object]:
    percent = Look("percent", NO_GPUS, least=0, most=100)
    where = queries.selector(NODE)
    return [
        trend(
            "GPU utilization",
            "Each card; GPUs in node shows more of them.",
            {"GPU {{minor_number}}": f"max by (minor_number) (gpu_utilization{where})"},
            percent,
            width=8,
        ),
        trend(
            "GPU memory",
            "Memory in use on each card.",
            {"GPU {{minor_number}}": f"max by (minor_number) (gpu_mem_utilization{where})"},
            percent,
            width=8,
        ),
        trend(
            "GPU temperature",
            "Most cards slow down by themselves near 85 degrees.",
            {
                "GPU {{minor_number}}": f"max by (minor_number) ({queries.temperature(NODE)})",
            },
            Look("celsius", NO_GPUS),
            width=8,
        ),
    ]


def _tasks_overview() -> list[Object]:
    where = queries.selector(NODE)
    return [
        stat(
            "Tasks",
            "Tasks of jobs on this machine.",
            queries.or_zero(f"count(task_cpu_percent{where})"),
            Look("none", "0"),
            width=4,
        ),
        stat(
            "Jobs",
            "Jobs that these tasks belong to.",
            queries.or_zero(f"count(count by (job_name) (task_cpu_percent{where}))"),
            Look("none", "0"),
            width=4,
        ),
        stat(
            "Cores in use",
            "Processors that tasks keep busy.",
            f"sum(task_cpu_percent{where}) / 100",
            Look("none", "0", decimals=1),
            width=4,
        ),
        stat(
            "Memory", "Memory of all tasks.", f"sum(task_mem_usage_byte{where})", Look("bytes", "0"), width=4
        ),
        stat(
            "GPUs held",
            "Cards that tasks hold.",
            f"count({queries.cards_held(NODE)})",
            Look("none", "none"),
            width=4,
        ),
        stat(
            "GPU utilization",
            "Mean of the cards that tasks hold.",
            f"avg(task_gpu_percent{where})",
            Look("percent", "no GPUs held", least=0, most=100, decimals=0),
            width=4,
        ),
    ]
