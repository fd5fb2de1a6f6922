"""One job: as a whole, by task role, task by task. The portal opens the first with `var-job=<user>~<job>`."""

from __future__ import annotations

from dataclasses import replace

from dashboards import links, queries
from dashboards.layout import Line, dashboard, row_address, variable
from dashboards.panels import BAD, UNUSED, Column, Key, Look, Object, stat, table, trend
from dashboards.tasks import LEGEND_ROLE, LEGEND_TASK, NO_GPUS, PERCENT_OF_A_CORE, figures, task_columns

THIS_JOB = 'job_name="$job"'
THESE_TASKS = (THIS_JOB, 'role_name=~"$role"', 'task_index=~"$task"')
NONE = "no figures of this job in this time"
START = "now-15m"
IDLE_PERCENT = 10
"""Below this a card counts as idle; the portal's home page draws the same line."""

JOB = variable(
    "job",
    "Job",
    "User and name of the job, as user~job",
    "label_values(task_cpu_percent, job_name)",
    regex="/.*[^ ].*/",
)
ROLE = variable(
    "role",
    "Task role",
    "Task roles of the job",
    f"label_values(task_cpu_percent{{{THIS_JOB}}}, role_name)",
    is_many=True,
)
TASK = variable(
    "task",
    "Task",
    "Tasks of the roles, by number",
    f'label_values(task_cpu_percent{{{THIS_JOB},role_name=~"$role"}}, task_index)',
    is_many=True,
)
NODE_KEY = Key("host", "Node", ("Open the node", row_address(links.NODE, node="Node")))
BUTTONS = {
    links.JOB: links.TO_JOB,
    links.ROLE: links.TO_ROLE,
    links.TASK: links.TO_TASK,
}


def job_view() -> Object:
    """Return JobLevelMetrics."""
    panels = _job_trends()
    lines: list[Line] = [
        _overview(THIS_JOB),
        "The job as a whole",
        panels[:2],
        panels[2:4],
        panels[4:],
        "Its tasks",
        [tasks_table(THIS_JOB)],
    ]
    return _page(links.JOB, "JobLevelMetrics", "One job as a whole.", lines, [JOB])


def role_view() -> Object:
    """Return TaskRoleLevelMetrics."""
    panels = figures(LEGEND_ROLE, "role_name", NONE, THIS_JOB)
    lines: list[Line] = [
        _overview(THIS_JOB),
        "Each task role, mean of its tasks",
        panels[:2],
        panels[2:4],
        panels[4:],
        "All task roles",
        [_roles_table()],
    ]
    return _page(links.ROLE, "TaskRoleLevelMetrics", "One job by task role.", lines, [JOB])


def task_view() -> Object:
    """Return TaskLevelMetrics."""
    panels = figures(LEGEND_TASK, "role_name, task_index", NONE, *THESE_TASKS)
    lines: list[Line] = [
        _overview(*THESE_TASKS),
        "Each task",
        panels[:2],
        panels[2:4],
        panels[4:],
        "Each card",
        _cards(),
        "All tasks",
        [tasks_table(*THESE_TASKS)],
    ]
    return _page(
        links.TASK, "TaskLevelMetrics", "One job, task by task and card by card.", lines, [JOB, ROLE, TASK]
    )


def tasks_table(*conditions: str) -> Object:
    """Return the table of a job's tasks, those that use their GPUs least first."""
    keys = [
        Key("role_name", "Role", ("Open the task role", row_address(links.TASK, job="Job", role="Role"))),
        links.TASK_KEY,
        NODE_KEY,
        Key("job_name", "Job"),
    ]
    who = "job_name, role_name, task_index, host"
    columns = [
        replace(column, query=on_host(column.query, who))
        for column in task_columns("job_name, role_name, task_index, instance", *conditions)
    ]
    about = "Means over the chosen time. Tasks with idle GPUs come first; a click opens the task or its node."
    return table("Tasks", about, keys, columns, NONE, sort="GPU utilization", is_descending=False)


def on_host(query: str, who: str) -> str:
    """Return query, which has a label instance, by the machine's address instead."""
    return f'avg by ({who}) (label_replace({query}, "host", "$1", "instance", "(.*?)(:[0-9]+)?"))'


def _page(uid: str, title: str, about: str, lines: list[Line], variables: list[Object]) -> Object:
    buttons = (links.TO_CLUSTER, *(button for own, button in BUTTONS.items() if own != uid))
    return dashboard(uid, title, about, lines, variables=variables, links=buttons, start=START)


def _overview(*conditions: str) -> list[Object]:
    where = queries.selector(*conditions)
    cards = f"count(task_gpu_percent{where})"
    idle = f"count(avg_over_time(task_gpu_percent{where}[10m]) < {IDLE_PERCENT})"
    percent = Look("percent", "no GPUs", UNUSED, least=0, most=100, decimals=0)
    return [
        stat("Tasks", "Running tasks.", f"count(task_cpu_percent{where})", Look("none", "0")),
        stat(
            "Nodes",
            "Machines they run on.",
            f"count(count by (instance) (task_cpu_percent{where}))",
            Look("none", "0"),
        ),
        stat(
            "Cores in use",
            "Processors that tasks keep busy.",
            f"sum(task_cpu_percent{where}) / 100",
            Look("none", "0", decimals=1),
        ),
        stat(
            "Memory",
            "Memory of all tasks.",
            f"sum(task_mem_usage_byte{where})",
            Look("bytes", "0", decimals=1),
        ),
        stat("GPUs held", "Cards that tasks hold.", cards, Look("none", "none")),
        stat("GPU utilization", "Mean of these cards.", f"avg(task_gpu_percent{where})", percent),
        stat(
            "GPU memory",
            "Mean of these cards.",
            f"avg(task_gpu_mem_percent{where})",
            Look("percent", "no GPUs", decimals=0),
        ),
        stat(
            "Idle GPUs",
            f"Cards that were below {IDLE_PERCENT} percent over ten minutes.",
            f"{idle} or 0 * {cards}",
            Look("none", "no GPUs", BAD),
        ),
    ]


def _job_trends() -> list[Object]:
    def spread(metric: str, *hows: str) -> dict[str, str]:
        names = {"avg": "mean of tasks", "max": "highest task", "min": "lowest task"}
        return {names[how]: f"{how}({metric}{{{THIS_JOB}}})" for how in hows}

    cards = {"avg": "mean of cards", "min": "lowest card", "max": "highest card"}
    gpu = {name: f"{how}(task_gpu_percent{{{THIS_JOB}}})" for how, name in cards.items()}
    gpu_memory = {name: f"{how}(task_gpu_mem_percent{{{THIS_JOB}}})" for how, name in cards.items()}
    memory = spread("task_mem_usage_byte", "avg", "max")
    memory["lowest limit"] = f"min(task_mem_limit_byte{{{THIS_JOB}}})"
    network = {"in": f"sum(task_net_in_byte{{{THIS_JOB}}})", "out": f"sum(task_net_out_byte{{{THIS_JOB}}})"}
    disk = {
        "read": f"sum({queries.rate('task_block_in_byte', THIS_JOB)})",
        "write": f"sum({queries.rate('task_block_out_byte', THIS_JOB)})",
    }
    percent = Look("percent", NO_GPUS, least=0, most=100)
    rates = Look("Bps", NONE, least=0)
    limit = "A task that reaches its limit is killed."
    return [
        trend(
            "CPU",
            PERCENT_OF_A_CORE,
            spread("task_cpu_percent", "avg", "max", "min"),
            Look("percent", NONE, least=0),
        ),
        trend("Memory", limit, memory, Look("bytes", NONE, least=0)),
        trend("Network", "Bytes a second over connections of all tasks.", network, rates),
        trend("Disk", "Bytes a second to and from disks of the nodes, all tasks.", disk, rates),
        trend(
            "GPU utilization",
            "A low lowest card: some task waits for the others, or is held in vain.",
            gpu,
            percent,
        ),
        trend("GPU memory", "Memory in use on the cards that tasks hold.", gpu_memory, percent),
    ]


def _roles_table() -> Object:
    who = "job_name, role_name"
    last = f"last_over_time(task_cpu_percent{{{THIS_JOB}}}[$__range])"
    tasks = f"count by ({who}) (count by ({who}, task_index) ({last}))"
    keys = [
        Key("role_name", "Role", ("Open the role's tasks", row_address(links.TASK, job="Job", role="Role"))),
        Key("job_name", "Job"),
    ]
    about = "Means over the chosen time. A click on a role opens its tasks."
    columns = [Column("Tasks", tasks), *task_columns(who, THIS_JOB)]
    return table(
        "Task roles", about, keys, columns, NONE, sort="GPU utilization", is_descending=False, height=7
    )


def _cards() -> list[Object]:
    percent = Look("percent", NO_GPUS, least=0, most=100)
    by, legend = (
        "role_name, task_index, instance, minor_number",
        "{{role_name}}-{{task_index}} GPU {{minor_number}}",
    )
    where = queries.selector(*THESE_TASKS)
    return [
        trend(
            title,
            "One curve a card.",
            {legend: f"avg by ({by}) ({metric}{where})"},
            percent,
            has_table=True,
        )
        for title, metric in (
            ("GPU utilization, each card", "task_gpu_percent"),
            ("GPU memory, each card", "task_gpu_mem_percent"),
        )
    ]
