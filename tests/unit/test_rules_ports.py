"""Rules of ports: ranges that overlap, and two that listen on one port."""

from __future__ import annotations

import pytest

from tests.unit.checking import CONFIG, LAYOUT, places, problems

SERVICES = "services-configuration.yaml"
RANGE = "rest-server:\n  schedule-port-start: {}\n  schedule-port-end: {}\n"
PLAIN = "docker_image_tag: v1\npaichart:\n  external-url: https://a.example.com\n  exposure:\n    type: {}\n"


def test_the_default_ranges_get_along_without_a_word():
    assert places(services="rest-server: {}\n") == []


@pytest.mark.parametrize(("start", "end"), [(20000, 20000), (20000, 19999)])
def test_a_range_of_job_ports_without_a_port(start, end):
    assert places(services=RANGE.format(start, end)) == [f"{SERVICES}:3:22 error PAI030"]


def test_the_end_of_the_range_is_not_in_it():
    # 40000 is where host processes begin by default: [15000, 40000) ends right before it.
    assert places(services=RANGE.format(35000, 40000)) == []
    assert places(services=RANGE.format(35000, 40001)) == [f"{SERVICES}:3:22 error PAI031"]


def test_host_processes_that_reach_into_the_job_ports():
    (problem,) = problems("host_daemon_port_start: 39999\n" + CONFIG)
    assert (str(problem.span), problem.code) == ("config.yaml:1:25", "PAI031")
    assert (
        problem.message == "ports 39999 to 39999 are for jobs and for the machines' outgoing connections too"
    )


def test_the_last_port_of_host_processes_counts():
    config = "host_daemon_port_start: 10000\nhost_daemon_port_end: {}\n" + CONFIG
    assert places(config.format(14999)) == []
    assert places(config.format(15000)) == ["config.yaml:1:25 error PAI031"]


def test_host_processes_without_a_port():
    config = "host_daemon_port_start: 50000\nhost_daemon_port_end: 49999\n" + CONFIG
    assert places(config) == ["config.yaml:2:23 error PAI031"]


def test_a_written_range_across_the_node_ports_is_noted():
    (problem,) = problems(services=RANGE.format(15000, 40000))
    assert (str(problem.span), problem.code, problem.severity.value) == (f"{SERVICES}:3:22", "PAI032", "note")
    assert problem.message.startswith("jobs may get ports 30000 to 32767, which Kubernetes uses")


@pytest.mark.parametrize(("start", "end"), [(15000, 30000), (32768, 40000)])
def test_a_range_beside_the_node_ports_is_right(start, end):
    assert places(services=RANGE.format(start, end)) == []


def test_a_node_port_of_ours_that_jobs_may_get_is_a_warning():
    config = PLAIN.format("nodePort\n    node-port: 30080") + "  tls: {secret-name: x}\n"
    (problem,) = problems(config)
    assert (str(problem.span), problem.code, problem.severity.value) == (
        f"{SERVICES}:1:1",
        "PAI032",
        "warning",
    )
    assert "this release uses 30080 itself" in problem.message


@pytest.mark.parametrize("service", ["log-manager", "node-exporter", "job-exporter"])
def test_a_port_of_every_machine_that_jobs_may_get(service):
    (problem,) = problems(services=f"{service}: {{port: 15000}}\n")
    column = len(service) + 10
    assert (str(problem.span), problem.code) == (f"{SERVICES}:1:{column}", "PAI033")
    assert problem.message == f"port 15000 of {service} is among the jobs' ports 15000 to 39999"


def test_a_port_of_the_master_matters_to_jobs_only_when_it_runs_some():
    services = "pylon: {port: 20080}\n"
    assert places(services=services) == []
    config = CONFIG + "  shared-master: true\n"
    layout = LAYOUT.replace('pai-master: "true"', "pai-master: 'true', pai-worker: 'true'")
    assert places(config, layout, services) == [f"{SERVICES}:1:15 error PAI033"]


DSHUTTLE = "cluster: {{common: {{dshuttle: 'true'}}}}\ndshuttle: {{{}}}\n"


def test_dshuttle_takes_ports_of_workers_alone():
    # 5001 is the job worker's; pylon is on the master.
    services = DSHUTTLE.format("") + "pylon: {port: 5001}\n"
    assert places(services=services) == []
    config = CONFIG + "  shared-master: true\n"
    layout = LAYOUT.replace('pai-master: "true"', "pai-master: 'true', pai-worker: 'true'")
    assert places(config, layout, services) == [f"{SERVICES}:2:11 error PAI034"]
    assert places(config, layout, "pylon: {port: 5001}\n") == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "worker_web_port: 9103",
            "port 9103 of dshuttle (worker web) is taken by log-manager on the same machine",
        ),
        (
            "job_worker_rpc_port: 5000",
            "port 5000 of dshuttle (job worker rpc) is taken by dshuttle (worker web) on the same machine",
        ),
        (
            "job_master_web_port: 30999",
            "port 30999 of dshuttle (job master web) is taken by dshuttle (master web) on the same machine",
        ),
    ],
)
def test_dshuttles_ports_meet_others(settings, message):
    (problem,) = problems(services=DSHUTTLE.format(settings))
    assert (problem.code, problem.message) == ("PAI034", message)


def test_a_port_of_dshuttle_that_jobs_may_get():
    (problem,) = problems(services=DSHUTTLE.format("worker_rpc_port: 20000"))
    assert problem.message == "port 20000 of dshuttle (worker rpc) is among the jobs' ports 15000 to 39999"
    # The master has an address of its own.
    assert places(services=DSHUTTLE.format("master_rpc_port: 20000")) == []


STORAGE = '- {hostname: s1, hostip: 10.0.1.1, machine-type: cpu, pai-storage: "true"}\n'
STORAGE_ON_MASTER = LAYOUT.replace('pai-master: "true"', "pai-master: 'true', pai-storage: 'true'")


@pytest.mark.parametrize(("port", "owner"), [(445, "SMB"), (2049, "NFS")])
def test_the_storage_managers_ports_are_those_of_its_machine(port, owner):
    # src/storage-manager/deploy/storage-manager.yaml.template: host ports 445 and 2049.
    services = f"pylon: {{port: {port}}}\n"
    assert places(services=services) == []
    assert places(layout=LAYOUT + STORAGE, services=services) == []
    (problem,) = problems(layout=STORAGE_ON_MASTER, services=services)
    assert (str(problem.span), problem.code) == (f"{SERVICES}:1:15", "PAI034")
    assert (
        problem.message == f"port {port} of pylon is taken by storage-manager ({owner}) on the same machine"
    )


def test_daemons_of_all_machines_meet_the_storage_manager():
    (problem,) = problems(layout=LAYOUT + STORAGE, services="log-manager: {port: 445}\n")
    assert problem.message == "port 445 of log-manager is taken by storage-manager (SMB) on the same machine"


def test_dshuttles_ports_meet_the_storage_managers_on_a_worker():
    services = DSHUTTLE.format("worker_web_port: 2049")
    assert places(layout=LAYOUT + STORAGE, services=services) == []
    layout = LAYOUT.replace('pai-worker: "true"', "pai-worker: 'true', pai-storage: 'true'", 1)
    assert [place.split()[-1] for place in places(layout=layout, services=services)] == ["PAI034"]


@pytest.mark.parametrize("smb", ["{hostPort: 0}", "{enabled: false}", "{hostPort: 1445}"])
def test_a_port_that_the_storage_manager_was_told_to_leave(smb):
    config = CONFIG + f"  values: {{storage-manager: {{smb: {smb}}}}}\n"
    assert places(config, STORAGE_ON_MASTER, "pylon: {port: 445}\n") == []


def test_a_storage_manager_that_is_switched_off_takes_no_port():
    config = CONFIG + "  values: {storage-manager: {enabled: false}}\n"
    assert places(config, STORAGE_ON_MASTER, "pylon: {port: 445}\n") == []


def test_jobs_keep_out_of_the_storage_managers_ports():
    services = RANGE.format(2000, 3000)
    assert places(layout=LAYOUT + STORAGE, services=services) == []
    layout = LAYOUT.replace('pai-worker: "true"', "pai-worker: 'true', pai-storage: 'true'", 1)
    (problem,) = problems(layout=layout, services=services)
    assert (str(problem.span), problem.code) == (f"{SERVICES}:2:24", "PAI033")
    assert problem.message == "port 2049 of storage-manager (NFS) is among the jobs' ports 2000 to 2999"


def test_two_services_on_one_host_port():
    (problem,) = problems(services="log-manager: {port: 9102}\n")
    assert (str(problem.span), problem.code) == (f"{SERVICES}:1:21", "PAI034")
    assert problem.message == "port 9102 of log-manager is taken by job-exporter on the same machine"


def test_the_front_door_on_a_port_of_an_exporter():
    (problem,) = problems(services="pylon: {port: 9100}\n")
    assert (str(problem.span), problem.code) == (f"{SERVICES}:1:15", "PAI034")


def test_http_and_https_on_one_port():
    (problem,) = problems(services="pylon: {port: 443}\n")
    assert problem.message == "port 443 of pylon (https) is taken by pylon on the same machine"


def test_the_front_door_takes_host_ports_only_when_it_is_exposed_so():
    config = PLAIN.format("loadBalancer") + "  tls: {secret-name: x}\n"
    assert places(config, services="pylon: {port: 9100}\n") == []


def test_one_node_port_for_http_and_https():
    config = (
        PLAIN.format("nodePort\n    node-port: 30443\n    https-node-port: 30443")
        + "  tls: {secret-name: x}\n"
    )
    assert places(config, services=RANGE.format(15000, 30000)) == ["config.yaml:7:22 error PAI035"]


def test_a_node_port_outside_kubernetes_range_is_doubted():
    config = PLAIN.format("nodePort\n    node-port: 8080") + "  tls: {secret-name: x}\n"
    assert places(config) == ["config.yaml:6:16 warning PAI035"]


def test_the_image_cache_and_the_front_door_on_one_node_port():
    config = PLAIN.format("nodePort\n    node-port: 30500") + "  tls: {secret-name: x}\n"
    config += "enable_docker_cache: true\ndocker_cache_storage_backend: filesystem\n"
    found = places(config, services=RANGE.format(15000, 30000) + "docker-cache:\n  service_nodeport: 30500\n")
    assert found == [f"{SERVICES}:5:21 error PAI035"]


@pytest.mark.parametrize(
    ("monitoring", "port"), [("{node-exporter: false}", 9100), ("{job-metrics: kubelet}", 9102)]
)
def test_an_exporter_that_is_not_installed_takes_no_port(monitoring, port):
    services = f"log-manager: {{port: {port}}}\n"
    assert [place.split()[-1] for place in places(services=services)] == ["PAI034"]
    assert places(CONFIG + f"  monitoring: {monitoring}\n", services=services) == []


def test_a_cache_that_is_off_has_no_node_port():
    # docker-cache.enabled wins over enable_docker_cache, as in derive/docker_cache.py.
    config = PLAIN.format("nodePort\n    node-port: 30500") + "enable_docker_cache: true\n"
    services = RANGE.format(15000, 30000) + "docker-cache: {enabled: false}\n"
    assert "PAI035" not in str(places(config, services=services))
    assert "PAI035" in str(places(config, services=services.replace("false", "true")))
