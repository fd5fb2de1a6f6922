"""What OpenPAI's own services use."""

from __future__ import annotations

from dashboards import links, queries
from dashboards.layout import Line, dashboard, row_address, variable
from dashboards.panels import FULL, Column, Key, Look, Object, stat, table, trend
from dashboards.tasks import PERCENT_OF_A_CORE

NONE = "no figures of this service"
SERVICE = 'name="$service_name"'
WHERE = queries.selector(SERVICE)
LEGEND = "{{instance}}"


def service_view() -> Object:
    """Return PaiServiceMetrics."""
    trends = _trends()
    lines: list[Line] = [
        _overview(),
        "The service, by machine",
        trends[:2],
        trends[2:],
        "All services",
        [_table()],
    ]
    about = "What OpenPAI's services use, from the job exporter."
    name = variable(
        "service_name", "Service", "Container of a service", "label_values(service_cpu_percent, name)"
    )
    buttons = (links.TO_CLUSTER, links.TO_HEALTH)
    return dashboard(links.SERVICE, "PaiServiceMetrics", about, lines, variables=[name], links=buttons)


def _overview() -> list[Object]:
    return [
        stat(
            "Containers",
            "Machines that run it.",
            f"count(service_cpu_percent{WHERE})",
            Look("none", "0"),
            width=6,
        ),
        stat(
            "CPU",
            f"All containers together. {PERCENT_OF_A_CORE}",
            f"sum(service_cpu_percent{WHERE})",
            Look("percent", NONE, decimals=1),
            width=6,
        ),
        stat(
            "Memory",
            "All containers together.",
            f"sum(service_mem_usage_byte{WHERE})",
            Look("bytes", NONE),
            width=6,
        ),
        stat(
            "Memory of limit",
            "The container nearest to its limit, or to the machine's memory without one.",
            f"max(service_mem_usage_percent{WHERE})",
            Look("percent", NONE, FULL, least=0, most=100, decimals=0),
            width=6,
        ),
    ]


def _trends() -> list[Object]:
    def curves(*pairs: tuple[str, str]) -> dict[str, str]:
        return {f"{prefix}{LEGEND}": f"avg by (instance) ({query})" for prefix, query in pairs}

    rates = Look("Bps", NONE, least=0)
    network = curves(("in ", f"service_net_in_byte{WHERE}"), ("out ", f"service_net_out_byte{WHERE}"))
    disk = curves(
        ("read ", queries.rate("service_block_in_byte", SERVICE)),
        ("write ", queries.rate("service_block_out_byte", SERVICE)),
    )
    return [
        trend(
            "CPU",
            PERCENT_OF_A_CORE,
            curves(("", f"service_cpu_percent{WHERE}")),
            Look("percent", NONE, least=0),
        ),
        trend(
            "Memory",
            "What each container uses.",
            curves(("", f"service_mem_usage_byte{WHERE}")),
            Look("bytes", NONE, least=0),
        ),
        trend("Network", "Bytes a second over connections of the service.", network, rates),
        trend("Disk", "Bytes a second read from and written to disks.", disk, rates),
    ]


def _table() -> Object:
    columns = [
        Column("Containers", "count by (name) (service_cpu_percent)"),
        Column("CPU", "sum by (name) (avg_over_time(service_cpu_percent[$__range]))", "percent", decimals=1),
        Column("Memory", "sum by (name) (avg_over_time(service_mem_usage_byte[$__range]))", "bytes"),
        Column("Highest memory", "max by (name) (max_over_time(service_mem_usage_byte[$__range]))", "bytes"),
        Column(
            "Memory of limit",
            "max by (name) (service_mem_usage_percent)",
            "percent",
            FULL,
            is_gauge=True,
            decimals=0,
        ),
    ]
    address = row_address(links.SERVICE, service_name="Service")
    keys = [Key("name", "Service", ("Show this service", address))]
    about = "Every service, the one with the most memory first; means over the chosen time."
    return table("Services", about, keys, columns, "no figures of services", sort="Memory")
