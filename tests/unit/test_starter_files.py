"""The files of a new site are valid as they stand, and with each setting that is off switched on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paichart.derive.hived_spec import derive_hived_spec
from paichart.inputs import Documents, check
from paichart.kube import ClusterError, connect
from paichart.model import Secret
from paichart.problems import Severity
from paichart.site import load
from paichart.source import parse
from paichart.starter.choices import Choices, Oidc
from paichart.starter.facts import Facts, Prometheus
from paichart.starter.files import Starter, as_yaml, render, render_inputs
from paichart.starter.lines import example, read_line, together
from paichart.starter.nodes import in_order, read_node
from paichart.starter.plan import plan
from paichart.starter.roles import RolesError, Wishes, assign
from paichart.starter.survey import survey
from tests.unit import starter_nodes as real
from tests.unit.starter_nodes import cluster, control_plane, dgx, kubeconfig_of, node

SETTING = re.compile(r"( *)#(?! [^ ])(.*)")
PLAIN_HTTP = "PAI044"
INPUTS = ("config.yaml", "layout.yaml", "services-configuration.yaml")
SEEN = Facts(
    context="lab",
    version="v1.33.4-eks-1a2b",
    storage_class="gp3",
    storage_classes=("gp2", "gp3"),
    ingress_class="internal",
    gateway=("infra", "public"),
    prometheus=Prometheus("observe", "http://prometheus-operated.observe.svc:9090", {"release": "kps"}),
    runtime_class="nvidia",
)


def starter(*objects, facts=SEEN, choices=None, **wishes):
    nodes = in_order(map(read_node, objects))
    return Starter(plan(assign(nodes, Wishes(**wishes))), choices or Choices(), facts, nodes)


EXAMPLE = Starter(plan(example()), is_example=True)
STARTERS = {
    "example": EXAMPLE,
    "cluster": starter(control_plane("cp", "10.0.0.1"), dgx("gpu-1", "10.0.1.1"), dgx("gpu-2", "10.0.1.2")),
    "one node": starter(real.k3s()),
    "tainted": starter(control_plane("cp", "10.0.0.1"), real.gke_t4(1), real.gke_t4(2), workers=("gke-*",)),
}


def write(folder: Path, files) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    """What speaks against a site, but that passwords go over plain http where nothing else was chosen."""
    return [f"{p.span}: {p.code} {p.message}" for p in load(folder).problems if p.code != PLAIN_HTTP]


def blocks(text: str) -> list[range]:
    """The groups of lines that are settings and off, as a reader would take them: '#' without a blank."""
    lines = text.splitlines()
    off = [bool(SETTING.fullmatch(line)) and line.strip() != "#" for line in lines]
    starts = [i for i, is_off in enumerate(off) if is_off and not (i and off[i - 1])]
    return [range(i, next((j for j in range(i, len(off)) if not off[j]), len(off))) for i in starts]


def switched_on(text: str, block: range) -> str:
    lines = text.splitlines()
    for i in block:
        indent, setting = SETTING.fullmatch(lines[i]).groups()
        lines[i] = indent + setting
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", STARTERS)
def test_the_files_are_valid_as_they_stand(tmp_path, name):
    assert problems(write(tmp_path, render(STARTERS[name]))) == []


OFF = [
    (name, file, block)
    for name, made in STARTERS.items()
    if name in ("example", "cluster")
    for file in INPUTS
    for block in blocks(render_inputs(made)[file])
]


@pytest.mark.parametrize(
    ("name", "file", "block"), [pytest.param(*row, id=f"{row[0]}-{row[1]}-{row[2].start + 1}") for row in OFF]
)
def test_each_setting_that_is_off_can_be_switched_on(tmp_path, name, file, block):
    files = render_inputs(STARTERS[name])
    text = switched_on(files[file], block)
    assert yaml.safe_load(text) != yaml.safe_load(files[file])
    if "type: nodePort" in text:  # whose comment says that this goes with it
        services = files["services-configuration.yaml"]
        ports = next(
            block for block in blocks(services) if services.splitlines()[block.start] == "#rest-server:"
        )
        files["services-configuration.yaml"] = switched_on(services, ports)
    assert problems(write(tmp_path, {**files, file: text})) == []


def test_the_settings_that_matter_most_are_there():
    files = render_inputs(EXAMPLE)
    offered = set()
    for file in INPUTS:
        for block in blocks(files[file]):
            before, after = (yaml.safe_load(text) for text in (files[file], switched_on(files[file], block)))
            offered |= {(file, key) for key in after if key not in before}
            offered |= set(after.get("paichart", {})) - set(before.get("paichart", {}))
    assert offered >= {
        "external-url",
        "exposure",
        "tls",
        "storage",
        "external-database",
        "monitoring",
        "image-registry",
        "gpu-runtime-class",
        "credentials",
        "kubernetes-version",
        "values",
        ("services-configuration.yaml", "authentication"),
        ("services-configuration.yaml", "hivedscheduler"),
        ("config.yaml", "enable_hived_scheduler"),
    }


def test_each_file_begins_with_the_line_that_editors_read():
    files = render(EXAMPLE)
    for name in INPUTS:
        first = files[name].splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert schema != first
        assert schema in files


def test_what_was_seen_in_the_cluster_stands_where_it_helps():
    config = render_inputs(STARTERS["cluster"])["config.yaml"]
    for line in (
        "  #  class-name: internal",
        "  #    name: public",
        "  #    namespace: infra",
        "  #  class: gp3",
        "  #  prometheus-url: http://prometheus-operated.observe.svc:9090",
        "  #  operator-labels: {release: kps}",
        "  #kubernetes-version: v1.33.4-eks-1a2b",
    ):
        assert line in config.splitlines()
    assert "Seen: StorageClass `gp3` is the default." in config


def test_one_node_alone_shares_the_master_and_keeps_room_for_the_services():
    config = yaml.safe_load(render_inputs(STARTERS["one node"])["config.yaml"])
    assert config["paichart"] == {"shared-master": True}  # 16 cores and 62Gi are enough for the default
    small = yaml.safe_load(render_inputs(starter(real.k3s(cpu="4", memory="8000000Ki")))["config.yaml"])
    assert small["paichart"]["master-reservation"] == {"cpu": "1", "memory": "4Gi"}


def test_a_master_that_works_among_others_does_not_make_their_cells_smaller():
    made = starter(dgx("gpu-1", "10.0.1.1"), dgx("gpu-2", "10.0.1.2"), master="gpu-1", workers=("gpu-*",))
    assert {machine.name: machine.sku.name for machine in made.plan.machines} == {
        "gpu-1": "a100-sxm4-80gb-8-master",
        "gpu-2": "a100-sxm4-80gb-8",
    }


def test_a_taint_that_keeps_jobs_off_stands_in_the_policy():
    made = starter(control_plane("cp", "10.0.0.1"))
    config = render_inputs(made)["config.yaml"]
    assert "Workers are tainted node-role.kubernetes.io/control-plane:NoSchedule" in config
    assert "  #        - {key: node-role.kubernetes.io/control-plane, operator: Exists}" in config


def test_a_node_too_small_for_services_and_jobs_is_refused():
    with pytest.raises(RolesError, match="'desk' is too small for services and jobs"):
        starter(real.k3s(cpu="1", memory="2Gi"))


def test_workers_too_small_for_a_job_are_left_out():
    """A core, of which 0.5 are kept for the cluster's daemons and a hundredth for nothing, is no job's."""
    made = starter(
        control_plane("cp", "10.0.0.1"), node("w-1", "10.0.1.1", "8"), node("w-2", "10.0.1.2", "1500m")
    )
    assert [worker.name for worker in made.plan.workers] == ["w-1"]
    assert made.plan.left_out["w-2"].startswith("is too small for a job: of 1.5 cores")
    eight = {"nvidia.com/gpu": "8"}
    with pytest.raises(RolesError) as error:
        starter(control_plane("cp", "10.0.0.1"), node("w", "10.0.1.1", "8", extended=eight))
    assert "8 cores for 8 devices" in error.value.hint


def test_who_was_left_out_stands_in_the_layout():
    made = starter(
        control_plane("cp", "10.0.0.1"),
        dgx("gpu-1", "10.0.1.1"),
        dgx("gpu-2", "10.0.1.2", ready="False"),
        real.aks_windows(),
    )
    layout = render_inputs(made)["layout.yaml"]
    assert "from 4 nodes of context" in layout
    assert "from 1 node of context" in render_inputs(STARTERS["one node"])["layout.yaml"]
    assert "# - gpu-2: is not Ready" in layout
    assert "# - akswin000000: is windows; OpenPAI's images are for linux" in layout


def test_mig_is_said_to_need_another_scheduler():
    labels = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"}
    mig = dgx("gpu", "10.0.1.1", labels=labels, extended={"nvidia.com/gpu": "56"})
    files = render_inputs(starter(control_plane("cp", "10.0.0.1"), mig))
    assert "Your MIG instances need that" in files["config.yaml"]
    assert "# MIG instances: HiveD knows whole devices only" in files["layout.yaml"]


def test_the_api_servers_address_is_said_where_machines_have_ipv6():
    v6 = [{"type": "InternalIP", "address": "fd00::1"}]
    made = starter(real.k3s(addresses=v6), facts=Facts(api_address="https://[fd00:1::1]:443"))
    layout = yaml.safe_load(render_inputs(made)["layout.yaml"])
    assert layout["kubernetes"] == {"api-servers-url": "https://[fd00:1::1]:443"}
    assert layout["machine-list"][0]["hostip"] == "fd00::1"


def test_k0s_keeps_its_kubelets_elsewhere():
    config = yaml.safe_load(render_inputs(starter(real.k3s(kubelet="v1.33.4+k0s")))["config.yaml"])
    assert config["paichart"]["kubelet-root"] == "/var/lib/k0s/kubelet"


def test_hundreds_of_workers_are_not_repeated_in_an_example():
    many = [node(f"w-{i}", f"10.0.{i // 250}.{i % 250 + 2}", "8") for i in range(300)]
    text = render_inputs(starter(control_plane("cp", "10.9.0.1"), *many))["services-configuration.yaml"]
    assert "w-1" not in text


CHOICES = {
    "host port": Choices("hostPort", is_folder_chosen=True),
    "https": Choices("hostPort", "https://pai.example.com", tls_secret="pai-tls", storage_class="fast"),  # noqa: S106
    "ingress": Choices("ingress", "https://pai.example.com", "nginx", tls_secret="pai-tls"),  # noqa: S106
    "gateway": Choices("gateway", "https://pai.example.com", gateway=("infra", "public")),
    "load balancer": Choices("loadBalancer", "https://pai.example.com"),
    "node port": Choices("nodePort", "http://10.0.0.1:30080"),
    "oidc": Choices(oidc=Oidc("0-0", "1-1", Secret("s: '#\"\\"))),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_was_chosen_is_written_and_valid(tmp_path, name):
    choices = CHOICES[name]
    files = render_inputs(Starter(EXAMPLE.plan, choices))
    assert problems(write(tmp_path, files)) == []
    ours = yaml.safe_load(files["config.yaml"])["paichart"]
    assert ours.get("exposure", {}).get("type", "") == choices.exposure
    assert ours.get("external-url", "") == choices.external_url
    assert ours.get("storage", {}).get("class", "") == choices.storage_class
    assert ours.get("tls", {}).get("secret-name", "") == choices.tls_secret
    if choices.oidc:
        signing = yaml.safe_load(files["services-configuration.yaml"])["authentication"]
        assert signing["AAD"]["clientSecret"] == choices.oidc.secret


def test_machines_stand_in_the_order_of_their_roles():
    objects = (control_plane("cp", "10.0.0.1"), dgx("gpu-1", "10.0.1.1"), node("cpu-1", "10.0.2.1"))
    made = starter(*objects, workers=("cpu-1",), storage=("gpu-1",))
    assert [machine.name for machine in made.plan.machines] == ["cp", "cpu-1", "gpu-1"]


def test_the_address_of_an_api_server_in_ipv6_is_in_brackets(tmp_path):
    address = {"/api/v1/namespaces/default/services/kubernetes": {"spec": {"clusterIP": "fd00::1"}}}
    with kubeconfig_of(cluster(objects=address), tmp_path / "api") as path:
        assert survey(connect(path)).facts.api_address == "https://[fd00::1]:443"


def test_what_fails_is_not_taken_for_what_may_not_be_seen(tmp_path):
    api = cluster()
    api.fault = lambda request: (400, {"message": "no"}) if request.path.endswith("/gateways") else None
    with kubeconfig_of(api, tmp_path / "api") as path, pytest.raises(ClusterError):
        survey(connect(path))


def test_a_cluster_is_read_and_what_may_not_be_seen_is_told(tmp_path):
    labels = {"pool": "b"}
    api = cluster(
        *(dgx(f"gpu-{i}", f"10.0.1.{i}", labels=labels if i == 2 else {}) for i in (1, 2)),
        control_plane("cp", "10.0.0.1"),
        lists={
            "/apis/storage.k8s.io/v1/storageclasses": [
                {"metadata": {"name": "slow"}},
                {
                    "metadata": {
                        "name": "fast",
                        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                    }
                },
            ],
            "/apis/networking.k8s.io/v1/ingressclasses": [{"metadata": {"name": "internal"}}],
            "/apis/gateway.networking.k8s.io/v1/gateways": [
                {"metadata": {"namespace": "infra", "name": "public"}}
            ],
            "/apis/monitoring.coreos.com/v1/prometheuses": [
                {
                    "metadata": {"namespace": "observe", "name": "k8s"},
                    "spec": {"routePrefix": "/prom", "ruleSelector": {"matchLabels": {"release": "kps"}}},
                }
            ],
            "/apis/apps/v1/daemonsets": [{"metadata": {"namespace": "observe", "name": "node-exporter"}}],
        },
        objects={"/api/v1/namespaces/default/services/kubernetes": {"spec": {"clusterIP": "10.96.0.1"}}},
        refused=("/apis/node.k8s.io/v1/runtimeclasses",),
        page_size=2,
    )
    with kubeconfig_of(api, tmp_path / "api") as path:
        found = survey(connect(path), "pool=b")
    assert [read.name for read in found.nodes] == ["cp", "gpu-1", "gpu-2"]
    assert found.selected == {"gpu-2"}
    assert found.facts == Facts(
        context="lab",
        version="v1.33.4",
        storage_class="fast",
        storage_classes=("slow", "fast"),
        ingress_class="internal",
        gateway=("infra", "public"),
        prometheus=Prometheus(
            "observe", "http://prometheus-operated.observe.svc:9090/prom", {"release": "kps"}
        ),
        node_exporter="observe/node-exporter",
        api_address="https://10.96.0.1:443",
        unseen=("runtime classes",),
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("gpu-1", "gpu-1"),
        ("10.0.0.1", "10.0.0.1"),
        ("1e3", '"1e3"'),
        ("0x10", '"0x10"'),
        ("on", '"on"'),
        ("null", '"null"'),
        ("y", '"y"'),
        ("fd00::1", '"fd00::1"'),
        ("https://pai.example.com:8443/x", "https://pai.example.com:8443/x"),
        ("a # b", '"a # b"'),
    ],
)
def test_texts_are_written_so_that_every_yaml_reads_them_back(text, written):
    assert as_yaml(text) == written


def nodes_of_any_kind():
    amounts = {
        "cpu": st.sampled_from(["1", "1500m", "3920m", "7910m", "16", "95690m", "256"]),
        "memory": st.one_of(st.integers(900_000, 2_000_000_000), st.integers(263_000_000, 265_500_000)).map(
            "{}Ki".format
        ),
        "gpu": st.sampled_from(
            [None, ("nvidia.com/gpu", "8"), ("amd.com/gpu", "4"), ("nvidia.com/mig-1g.5gb", "7")]
        ),
        "ready": st.sampled_from(["True"] * 5 + ["False"]),
        "cordoned": st.booleans(),
        "is_master": st.booleans(),
    }
    return st.lists(st.fixed_dictionaries(amounts), min_size=1, max_size=12)


@settings(max_examples=20, deadline=None)
@given(nodes_of_any_kind())
def test_every_node_stands_once_and_no_sku_is_above_what_a_node_offers(given_nodes):
    objects = [
        node(
            f"n{i}",
            f"10.0.0.{i + 1}",
            entry["cpu"],
            entry["memory"],
            extended=dict([entry["gpu"]]) if entry["gpu"] else {},
            ready=entry["ready"],
            cordoned=entry["cordoned"],
            labels={real.CONTROL_PLANE: ""} if entry["is_master"] else {},
        )
        for i, entry in enumerate(given_nodes)
    ]
    nodes = in_order(map(read_node, objects))
    fit = [found.name for found in nodes if found.is_fit]
    try:
        made = Starter(plan(assign(nodes, Wishes(master=fit[0] if fit else ""))), Choices(), SEEN, nodes)
    except RolesError:
        return
    files = render_inputs(made)
    read, found_problems = check(
        Documents(*(parse(files[name].encode(), name) for name in ("config.yaml", "layout.yaml")))
    )
    assert [problem for problem in found_problems if problem.severity is Severity.ERROR] == []
    assert [p for p in derive_hived_spec(read)[1] if p.severity is Severity.ERROR] == []
    listed = [machine.name for machine in read.machines]
    assert sorted(listed + list(made.plan.left_out)) == sorted(found.name for found in nodes)
    offered = {found.name: found for found in nodes}
    for machine in read.machines:
        found = offered[machine.name]
        assert machine.sku.cpu <= found.cpu < machine.sku.cpu + 1
        assert found.memory * 98 // 100 <= machine.sku.memory <= found.memory
        assert machine.sku.device == found.device


def test_typed_machines_become_a_layout_too(tmp_path):
    roles = together(
        read_line("cp 10.0.0.1"), read_line("gpu[08-11] 10.0.0.254 cpu=64 mem=480Gi gpu=8 model=4090")
    )
    files = render_inputs(Starter(plan(roles)))
    assert problems(write(tmp_path, files)) == []
    layout = yaml.safe_load(files["layout.yaml"])
    assert [(machine["hostname"], machine["hostip"]) for machine in layout["machine-list"]] == [
        ("cp", "10.0.0.1"),
        ("gpu08", "10.0.0.254"),
        ("gpu09", "10.0.0.255"),
        ("gpu10", "10.0.1.0"),
        ("gpu11", "10.0.1.1"),
    ]
    assert layout["machine-sku"]["4090-8"]["computing-device"]["model"] == "4090"
