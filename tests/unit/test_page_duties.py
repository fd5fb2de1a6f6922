"""What services do to a cluster, as the report page tells it: places, ports, images, rights with reasons."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from paichart.catalog import Description, describe, entries
from paichart.model import Cluster
from paichart.page.duties import images, kind_of, places, ports, ports_machines, rights
from paichart.page.reasons import REASONS, why
from tests.unit.derived import site


def on(cluster: Cluster) -> list[Description]:
    return [service for service in describe(cluster) if service.is_on]


def test_every_rule_for_nodes_in_the_catalog_is_known():
    everything = [
        Description(e.name, e.purpose, True, e.when, (), e.workloads, (), (), (), ()) for e in entries()
    ]
    told = {(name, workload) for place in places(site(), everything) for name, workload in place.workloads}
    assert told == {(entry.name, workload) for entry in entries() for workload in entry.workloads}


def test_places_name_the_machines_of_a_rule():
    worker, master = site().machines
    cluster = replace(site(), machines=(replace(worker, no_log_manager=True), master))
    found = {
        place.rule: [machine.name for machine in place.machines] for place in places(cluster, on(cluster))
    }
    assert found["the master"] == ["pai-master"]
    assert found["workers"] == ["pai-worker1"]
    assert found["every node without no-logmanager"] == ["pai-master"]
    assert "storage machines" not in found  # nothing runs there


def test_ports_are_told_by_where_they_open():
    # Legacy's ports: 80 on the master, the exporters' and the log manager's on every node.
    opened = ports(on(site()), "host")
    assert [(port.number, port.service) for port in opened] == [
        (80, "pylon"),
        (9100, "node-exporter"),
        (9102, "job-exporter"),
        (9103, "log-manager"),
    ]
    assert [machine.name for machine in ports_machines(site(), on(site()), opened[0])] == ["pai-master"]
    assert len(ports_machines(site(), on(site()), opened[1])) == 2
    assert 5432 in [port.number for port in ports(on(site()), "service")]


def test_behind_an_ingress_pylon_opens_no_port_of_a_machine():
    cluster = site(paichart={"exposure": {"type": "ingress"}})
    assert "pylon" not in [port.service for port in ports(on(cluster), "host")]


def test_an_image_of_several_services_is_told_once():
    found = images(on(site()))
    assert list(found) == sorted(set(found))
    assert {"rest-server", "alert-manager"} <= set(found["docker.io/openpai/openpai-runtime:v1.8.0"])


def test_every_privilege_has_a_kind_and_a_reason():
    for entry in entries():
        for privilege in (*entry.privileges, *entry.privileges_on_folder):
            assert kind_of(privilege)
            assert why(entry.name, privilege), f"{entry.name}: {privilege}"


def test_every_reason_is_needed():
    needed = set()
    for entry in entries():
        for privilege in (*entry.privileges, *entry.privileges_on_folder):
            needed.add(
                next(
                    row
                    for row in REASONS
                    if fnmatchcase(entry.name, row[0]) and fnmatchcase(privilege, row[1])
                )
            )
    assert set(REASONS) == needed


def test_no_privilege_is_lost_when_rights_are_told_by_kind():
    services = on(site())
    told = [(kind.id, name) for kind in rights(services) for right in kind.rights for name in right.services]
    assert sorted(told) == sorted(
        (kind_of(privilege), service.name) for service in services for privilege in service.privileges
    )


def test_services_that_do_the_same_for_the_same_reason_share_a_row():
    (root,) = [kind for kind in rights(on(site())) if kind.id == "root"]
    (shared,) = [right for right in root.rights if right.what == "prepare-folder"]
    assert {"postgresql", "prometheus", "grafana"} <= set(shared.services)
