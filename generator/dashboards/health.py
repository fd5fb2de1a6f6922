"""Whether OpenPAI itself is well: alerts, scrape targets, pods, nodes and the API server."""

from __future__ import annotations

from dashboards import links, queries
from dashboards.layout import Line, dashboard, variable
from dashboards.panels import BAD, Column, Key, Look, Object, stat, table, timeline, trend

NAMESPACE = 'namespace=~"$namespace"'
NO_WATCHDOG = "no watchdog"
UNREADY = f'pai_pod_count{{{NAMESPACE},phase!="succeeded",ready!="true"}}'
READY = f'pai_pod_count{{{NAMESPACE},phase!="succeeded",ready="true"}}'
TARGETS = 'up{pai_service_name=~".+"}'
STATES = {"1": ("well", "green"), "0": ("not well", "red")}


def service_health() -> Object:
    """Return Service Health."""
    lines: list[Line] = [
        _overview(),
        [_alerts()],
        "Over time",
        [_pods_timeline()],
        _trends(),
        _monitoring(),
        "What needs a look",
        [_unready_table(), _targets_table()],
        [_unwell_table(), _nodes_table()],
    ]
    namespace = variable(
        "namespace",
        "Namespace",
        "Where OpenPAI is installed",
        'label_values(pai_pod_count{service_name="watchdog"}, namespace)',
    )
    buttons = (links.TO_CLUSTER, links.TO_SERVICES)
    about = "Whether OpenPAI's own services are well."
    return dashboard(links.HEALTH, "Service Health", about, lines, variables=[namespace], links=buttons)


def _overview() -> list[Object]:
    def bad(query: str) -> str:
        return f"{query} or 0 * count(pai_pod_count)"

    restarts = 'sum(changes(process_start_time_seconds{pai_service_name=~".+"}[$__range]))'
    is_well = '(max(k8s_api_server_count{error="ok"}) or 0 * max(k8s_api_server_count))'
    none = Look("none", NO_WATCHDOG, BAD)
    return [
        stat(
            "Alerts firing",
            "Alerts that fire now.",
            queries.or_zero('count(ALERTS{alertstate="firing"})'),
            Look("none", "0", BAD),
        ),
        stat(
            "Alerts pending",
            "Alerts that fire soon unless their cause goes away.",
            queries.or_zero('count(ALERTS{alertstate="pending"})'),
            Look("none", "0", (("green", None), ("orange", 1))),
        ),
        stat(
            "Targets down",
            "Exporters that Prometheus can't read.",
            f"count({TARGETS} == 0) or 0 * count({TARGETS})",
            Look("none", "no targets", BAD),
        ),
        stat("Pods not ready", "Pods of services that don't answer.", bad(f"count({UNREADY})"), none),
        stat(
            "Containers waiting",
            "Containers that don't start: no image, or they crash again and again.",
            bad(f'count(pai_container_count{{{NAMESPACE},state="waiting"}})'),
            none,
        ),
        stat(
            "Exporter restarts",
            "How often exporters started anew in the chosen time.",
            restarts,
            Look("none", "no targets", (("green", None), ("orange", 1))),
            has_trend=False,
        ),
        stat(
            "Nodes not ready",
            "Machines that Kubernetes does not call ready.",
            'count(pai_node_count{ready!="true"}) or 0 * count(pai_node_count)',
            none,
        ),
        stat(
            "API server",
            "What the Kubernetes API server says of itself.",
            is_well,
            Look("none", NO_WATCHDOG, texts=STATES),
            has_trend=False,
        ),
    ]


def _alerts() -> Object:
    labels = (
        "alertname",
        "severity",
        "instance",
        "node_name",
        "service_name",
        "name",
        "job_name",
        "minor_number",
    )
    age = "ignoring (alertstate) group_left () (time() - ALERTS_FOR_STATE)"
    since = f'max by ({", ".join(labels)}) (ALERTS{{alertstate="firing"}} * {age})'
    names = ("Alert", "Severity", "Instance", "Node", "Service", "Name", "Job", "GPU")
    keys = [Key(label, name) for label, name in zip(labels, names, strict=True)]
    columns = [Column("For", since, "dtdurations")]
    about = "Alerts that fire at the end of the chosen time, the oldest first."
    return table("Alerts that fire", about, keys, columns, "No alert fires.", sort="For", height=7)


def _pods_timeline() -> Object:
    return timeline(
        "Services",
        "A service is well when all its pods answer. A gap: no pod of it, or no watchdog.",
        f"min by (service_name) ({READY} * 1 or {UNREADY} * 0)",
        "{{service_name}}",
        Look("none", NO_WATCHDOG, texts=STATES),
        height=12,
    )


def _trends() -> list[Object]:
    slow = "histogram_quantile(0.95, sum by (le) (rate(%s_bucket[15m])))"
    return [
        trend(
            "Alerts firing",
            "By severity.",
            {"{{severity}}": 'count by (severity) (ALERTS{alertstate="firing"})'},
            Look("none", "No alert fired.", least=0, decimals=0),
            width=8,
            is_stacked=True,
            is_bars=True,
        ),
        trend(
            "Targets down",
            "By service.",
            {"{{pai_service_name}}": f"count by (pai_service_name) ({TARGETS} == 0)"},
            Look("none", "No target was down.", least=0, decimals=0),
            width=8,
            is_stacked=True,
            is_bars=True,
        ),
        trend(
            "API server, slowest of 20 answers",
            "95th percentile of what watchdog asks every three minutes.",
            {
                "health": slow % "k8s_api_healthz_resp_latency_seconds",
                "all pods": slow % "k8s_api_list_pods_latency_seconds",
                "all nodes": slow % "k8s_api_list_nodes_latency_seconds",
            },
            Look("s", NO_WATCHDOG, least=0),
            width=8,
        ),
    ]


def _monitoring() -> list[Object]:
    """Return whether metrics and alerts get through, and whether there is room for data."""
    volume = queries.selector(NAMESPACE)
    free = f"kubelet_volume_stats_available_bytes{volume} / kubelet_volume_stats_capacity_bytes{volume}"
    lost = "sum(increase(%s[$__rate_interval]))"
    return [
        trend(
            "Volumes",
            "How full the services' volumes are; folders on machines are on the page of the node.",
            {"{{persistentvolumeclaim}}": f"100 * (1 - max by (persistentvolumeclaim) ({free}))"},
            Look("percent", "no figures of volumes", least=0, most=100),
            width=8,
        ),
        trend(
            "Alerts that were lost",
            "Between Prometheus and Alertmanager, and from there to people.",
            {
                "Prometheus": lost % "prometheus_notifications_dropped_total",
                "Alertmanager": lost % "alertmanager_notifications_failed_total",
            },
            Look("short", "no figures of alerting", least=0),
            width=8,
        ),
        trend(
            "Series in Prometheus",
            "What it collects and keeps in memory: about 4 KiB each.",
            {"series": "max(prometheus_tsdb_head_series)"},
            Look("short", "no figures of Prometheus", least=0),
            width=8,
        ),
    ]


def _unready_table() -> Object:
    keys = [
        Key("service_name", "Service"),
        Key("name", "Pod"),
        Key("phase", "Phase"),
        Key("node_name", "Node"),
    ]
    columns = [Column("Pods", f"sum by (service_name, name, phase, node_name) ({UNREADY})", is_hidden=True)]
    about = "Pods of services that don't answer at the end of the chosen time."
    return table(
        "Pods not ready",
        about,
        keys,
        columns,
        "All pods are ready.",
        sort="Service",
        is_descending=False,
        width=12,
        height=8,
    )


def _unwell_table() -> Object:
    keys = [Key("service_name", "Service"), Key("name", "Pod"), Key("node_name", "Node")]
    minutes = f"sum by (service_name, name, node_name) (count_over_time({UNREADY}[$__range:1m])) * 60"
    columns = [Column("Not ready for", minutes, "dtdurations")]
    about = "How long pods did not answer in the chosen time, the longest first; to the minute."
    return table(
        "Least reliable pods",
        about,
        keys,
        columns,
        "All pods were ready.",
        sort="Not ready for",
        width=12,
        height=8,
    )


def _targets_table() -> Object:
    keys = [Key("pai_service_name", "Service"), Key("scraped_from", "Pod"), Key("instance", "Instance")]
    columns = [
        Column("Down", f"sum by (pai_service_name, scraped_from, instance) ({TARGETS} == 0)", is_hidden=True)
    ]
    about = "Exporters that Prometheus can't read at the end of the chosen time."
    return table(
        "Targets down",
        about,
        keys,
        columns,
        "All targets are up.",
        sort="Service",
        is_descending=False,
        width=12,
        height=8,
    )


def _nodes_table() -> Object:
    labels = ("node_name", "host_ip", "ready", "unschedulable", "disk_pressure", "memory_pressure")
    names = ("Node", "Address", "Ready", "Closed", "Disk pressure", "Memory pressure")
    keys = [Key(label, name) for label, name in zip(labels, names, strict=True)]
    faults = ('ready!="true"', 'unschedulable="true"', 'disk_pressure="true"', 'memory_pressure="true"')
    sick = " or ".join(f"pai_node_count{{{fault}}}" for fault in faults)
    columns = [Column("Nodes", f"sum by ({', '.join(labels)}) ({sick})", is_hidden=True)]
    about = "Machines that are not ready, closed to new pods, or short of disk or memory."
    return table(
        "Nodes that need a look",
        about,
        keys,
        columns,
        "All nodes are ready.",
        sort="Node",
        is_descending=False,
        width=12,
        height=8,
    )
