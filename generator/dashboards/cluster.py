"""The cluster at a glance: what the portal shows as its dashboard."""

from __future__ import annotations

from dashboards import links, queries
from dashboards.layout import Line, dashboard
from dashboards.panels import BAD, FULL, UNUSED, Column, Key, Look, Object, stat, table, trend

NO_GPUS = "no GPUs"
NO_NODES = "no node exporter"
NO_TASKS = "no job is running"


def cluster_view() -> Object:
    """Return PAI_ClusterView."""
    lines: list[Line] = [
        _overview(),
        "Machines",
        _machines()[:2],
        _machines()[2:],
        "Jobs and GPUs",
        _jobs()[:2],
        _jobs()[2:],
        "What needs a look",
        [_nodes_table()],
        [_idle_table()],
    ]
    about = "All machines, GPUs and jobs of the cluster."
    buttons = (links.TO_HEALTH, links.TO_SERVICES)
    return dashboard(links.CLUSTER, "PAI_ClusterView", about, lines, links=buttons)


def _overview() -> list[Object]:
    percent = Look("percent", NO_NODES, FULL, least=0, most=100, decimals=0)
    ready, all_nodes = 'sum(pai_node_count{ready="true"})', "sum(pai_node_count)"
    held = "count(count by (instance, minor_number) (task_gpu_percent))"
    free = f"count(gpu_utilization) - ({queries.or_zero(held)})"
    firing = queries.or_zero('count(ALERTS{alertstate="firing"})')
    return [
        stat("Nodes ready", "Machines that Kubernetes calls ready.", ready, Look("none", "no watchdog")),
        stat(
            "Nodes not ready",
            "Machines that take no pods because their kubelet is away or unwell.",
            f"{all_nodes} - ({queries.or_zero(ready)})",
            Look("none", "no watchdog", BAD),
        ),
        stat("CPU", "Processors in use, mean of all machines.", queries.cpu_percent(), percent),
        stat("Memory", "Memory in use, without caches.", queries.memory_percent(), percent),
        stat("GPUs free", "Cards that no task holds.", free, Look("none", NO_GPUS)),
        stat(
            "GPU utilization",
            "Mean of all cards, also those that nobody holds.",
            "avg(gpu_utilization)",
            Look("percent", NO_GPUS, least=0, most=100, decimals=0),
        ),
        stat(
            "Jobs running",
            "Jobs with at least one running task.",
            queries.or_zero("count(count by (job_name) (task_cpu_percent))"),
            Look("none", "0"),
        ),
        stat("Alerts firing", "Alerts that fire now; see Service health.", firing, Look("none", "0", BAD)),
    ]


def _machines() -> list[Object]:
    cpu = {
        "mean of all nodes": queries.cpu_percent(),
        "busiest node": f"max({queries.cpu_percent(by='instance')})",
    }
    return [
        trend(
            "CPU",
            "Processors in use: the mean shows the load, the busiest node whether it is spread.",
            cpu,
            Look("percent", NO_NODES, least=0, most=100),
        ),
        trend(
            "Memory",
            "All machines together. Cache and buffers are given back when programs want memory.",
            queries.memory_parts(),
            Look("bytes", NO_NODES, least=0),
            is_stacked=True,
        ),
        trend(
            "Network",
            "Bytes over the machines' own interfaces.",
            queries.network(),
            Look("Bps", NO_NODES, least=0),
        ),
        trend(
            "Disk", "Bytes read from and written to disks.", queries.disk(), Look("Bps", NO_NODES, least=0)
        ),
    ]


def _jobs() -> list[Object]:
    percent = Look("percent", NO_GPUS, least=0, most=100)
    utilization = {"all cards": "avg(gpu_utilization)", "cards that jobs hold": "avg(task_gpu_percent)"}
    memory = {"all cards": "avg(gpu_mem_utilization)", "cards that jobs hold": "avg(task_gpu_mem_percent)"}
    return [
        trend(
            "GPU utilization",
            "Cards that jobs hold should be busy: a low curve of theirs means that they are held in vain.",
            utilization,
            percent,
        ),
        trend("GPU memory", "Memory of cards in use.", memory, percent),
        trend(
            "GPUs held, by virtual cluster",
            "Cards that tasks hold.",
            {"{{virtual_cluster}}": f"count by (virtual_cluster) ({queries.cards_held()})"},
            Look("none", "no job holds a GPU", least=0, decimals=0),
            is_stacked=True,
        ),
        trend(
            "Tasks running, by virtual cluster",
            "Containers of jobs.",
            {"{{virtual_cluster}}": "count by (virtual_cluster) (task_cpu_percent)"},
            Look("none", NO_TASKS, least=0, decimals=0),
            is_stacked=True,
        ),
    ]


def _nodes_table() -> Object:
    idle = queries.by_host("avg", queries.rate("node_cpu_seconds_total", 'mode="idle"'))
    memory = "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    columns = [
        Column("CPU", f"100 * (1 - {idle})", "percent", FULL, is_gauge=True, decimals=0),
        Column(
            "Memory",
            f"100 * (1 - {queries.by_host('avg', memory)})",
            "percent",
            FULL,
            is_gauge=True,
            decimals=0,
        ),
        Column(
            "Fullest disk",
            queries.by_host("max", queries.full_percent()),
            "percent",
            FULL,
            is_gauge=True,
            decimals=0,
        ),
        Column("GPU", queries.by_host("avg", "gpu_utilization"), "percent", is_gauge=True, decimals=0),
        Column(
            "GPU memory", queries.by_host("avg", "gpu_mem_utilization"), "percent", is_gauge=True, decimals=0
        ),
        Column("Tasks", queries.by_host("count", "task_cpu_percent")),
    ]
    about = "Every machine, the busiest first; a click on one opens it."
    return table("Nodes", about, [links.HOST_KEY], columns, NO_NODES, sort="CPU")


def _idle_table() -> Object:
    who = "job_name, username, virtual_cluster"
    columns = [
        Column("GPUs", f"count by ({who}) (task_gpu_percent)"),
        Column(
            "GPU utilization",
            f"avg by ({who}) (avg_over_time(task_gpu_percent[$__range]) and task_gpu_percent)",
            "percent",
            UNUSED,
            is_gauge=True,
            decimals=0,
        ),
        Column(
            "GPU memory",
            f"avg by ({who}) (avg_over_time(task_gpu_mem_percent[$__range]) and task_gpu_mem_percent)",
            "percent",
            is_gauge=True,
            decimals=0,
        ),
    ]
    keys = [links.JOB_KEY, Key("username", "User"), Key("virtual_cluster", "Virtual cluster")]
    about = "Running jobs with GPUs, those that use them least first; means over the chosen time."
    return table(
        "Jobs that hold GPUs",
        about,
        keys,
        columns,
        "no job holds a GPU",
        sort="GPU utilization",
        is_descending=False,
    )
