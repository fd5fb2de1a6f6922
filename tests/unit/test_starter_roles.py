"""Who becomes master and worker, by the nodes or as the admin says; what is not clear is asked."""

from __future__ import annotations

import pytest

from paichart.starter.nodes import in_order, read_node
from paichart.starter.roles import RolesError, UnclearMasterError, Wishes, assign
from tests.unit import starter_nodes as real
from tests.unit.starter_nodes import CONTROL_PLANE, control_plane, dgx, node

CP = control_plane("cp", "10.0.0.1")
GPUS = (dgx("gpu-1", "10.0.1.1"), dgx("gpu-2", "10.0.1.2"))
CPU = node("cpu-1", "10.0.2.1")


def roles(*objects, **wishes):
    return assign(in_order(map(read_node, objects)), Wishes(**wishes))


def names(nodes):
    return [found.name for found in nodes]


def test_the_only_control_plane_node_is_the_master_and_nodes_with_devices_work():
    found = roles(CP, *GPUS, CPU)
    assert (found.master.name, names(found.workers)) == ("cp", ["gpu-1", "gpu-2"])
    assert found.why_master == "the only node of the control plane"
    assert found.left_out == {"cpu-1": "has no devices, while others do"}


def test_without_devices_all_but_the_control_plane_work():
    found = roles(CP, CPU, node("cpu-2", "10.0.2.2"))
    assert names(found.workers) == ["cpu-1", "cpu-2"]


def test_in_a_managed_cluster_the_only_node_without_devices_is_the_master():
    found = roles(*GPUS, CPU)
    assert (found.master.name, found.why_master) == ("cpu-1", "the only node without devices")


@pytest.mark.parametrize(
    ("objects", "message", "candidates"),
    [
        (
            [control_plane(f"cp-{i}", f"10.0.0.{i}") for i in (1, 2, 3)] + list(GPUS),
            "the control plane has 3 nodes",
            ("cp-1", "cp-2", "cp-3", "gpu-1", "gpu-2"),
        ),
        (
            [*GPUS, CPU, node("cpu-2", "10.0.2.2", "128", "512Gi")],
            "no node of the control plane is to be seen",
            ("cpu-2", "cpu-1", "gpu-1", "gpu-2"),
        ),
        (list(GPUS), "no node of the control plane is to be seen", ("gpu-1", "gpu-2")),
    ],
)
def test_nothing_is_guessed_where_several_could_be_the_master(objects, message, candidates):
    with pytest.raises(UnclearMasterError) as error:
        roles(*objects)
    assert message in error.value.message
    assert error.value.candidates == candidates
    assert "--master NODE" in error.value.hint


def test_the_master_is_who_the_admin_names():
    found = roles(CP, *GPUS, CPU, master="cpu-1")
    assert (found.master.name, names(found.workers)) == ("cpu-1", ["gpu-1", "gpu-2"])
    assert found.left_out == {"cp": "belongs to the control plane"}


def test_one_node_alone_is_both():
    found = roles(real.k3s())
    assert found.is_shared
    assert names(found.nodes) == ["desk"]


def test_jobs_are_told_to_stay_off_a_tainted_control_plane():
    """kubeadm taints its first node; services tolerate that, job pods don't."""
    found = roles(control_plane("cp", "10.0.0.1"))
    assert found.is_shared
    assert found.warnings == ("job pods don't tolerate the taints of 'cp'; see `values` in config.yaml",)
    assert roles(real.k3s()).warnings == ()


def test_a_master_does_not_work_because_the_workers_are_away():
    with pytest.raises(RolesError, match="no node can run jobs") as error:
        roles(CP, node("cpu-1", "10.0.1.1", ready="False"))
    assert error.value.hint == "'cpu-1' is not Ready; add --worker cp to let the master run jobs"


def test_a_master_that_is_named_as_worker_is_both():
    found = roles(*GPUS, master="gpu-1", workers=("gpu-*",))
    assert found.is_shared
    assert names(found.workers) == ["gpu-1", "gpu-2"]


def test_patterns_take_what_is_fit_and_names_what_is_asked_for():
    broken = dgx("gpu-3", "10.0.1.3", ready="False")
    assert names(roles(CP, *GPUS, broken, workers=("gpu-*",)).workers) == ["gpu-1", "gpu-2"]
    asked = roles(CP, *GPUS, broken, workers=("gpu-1", "gpu-3"))
    assert names(asked.workers) == ["gpu-1", "gpu-3"]
    assert asked.warnings == ("gpu-3 is not Ready; it was asked for by name",)


def test_tainted_nodes_run_jobs_when_a_name_or_pattern_says_so():
    others = [real.gke_t4(1), real.gke_t4(2)]
    found = roles(CP, *GPUS, *others)
    assert names(found.workers) == ["gpu-1", "gpu-2"]
    assert "nvidia.com/gpu=present:NoSchedule" in found.left_out["gke-lab-t4-pool-3f9a6c21-x1q2"]
    named = roles(CP, *GPUS, *others, workers=("gke-*",))
    assert names(named.workers) == ["gke-lab-t4-pool-3f9a6c21-x1q2", "gke-lab-t4-pool-3f9a6c21-x2q2"]
    assert "see `values` in config.yaml" in named.warnings[0]


def test_where_no_node_with_devices_is_fit_the_others_do_not_run_jobs_in_silence():
    with pytest.raises(RolesError, match="no node with devices is fit for jobs") as error:
        roles(CP, CPU, real.gke_t4(1))
    assert "-x1q2' is tainted nvidia.com/gpu=present:NoSchedule" in error.value.hint
    assert "name the workers with --worker" in error.value.hint
    assert names(roles(CP, CPU, real.gke_t4(1), workers=("cpu-1",)).workers) == ["cpu-1"]
    with pytest.raises(RolesError) as error:
        roles(CP, CPU, real.gke_t4(1), real.gke_t4(2))
    assert "-x1q2', 'gke-lab-t4-pool-3f9a6c21-x2q2': is tainted" in error.value.hint


def test_excluded_nodes_have_no_role():
    found = roles(CP, *GPUS, exclude=("*-2",))
    assert names(found.workers) == ["gpu-1"]
    assert found.left_out == {"gpu-2": "is excluded"}


def test_a_selector_says_who_may_run_jobs_but_not_who_is_the_master():
    found = roles(CP, *GPUS, selected=frozenset({"gpu-2"}))
    assert (found.master.name, names(found.workers)) == ("cp", ["gpu-2"])
    assert found.left_out == {"gpu-1": "is not selected"}


def test_storage_machines_are_those_that_are_named():
    found = roles(CP, *GPUS, CPU, storage=("cpu-1",))
    assert names(found.storage) == ["cpu-1"]
    assert found.left_out == {}


@pytest.mark.parametrize(
    ("wishes", "message", "hint"),
    [
        ({"master": "cpp"}, "no node is named 'cpp'", "did you mean 'cp'?"),
        ({"workers": ("gpu-9",)}, "no node is named 'gpu-9'", "did you mean 'gpu-"),
        ({"workers": ("tpu-*",)}, "no node matches 'tpu-*'", "`kubectl get nodes` shows the names"),
        ({"exclude": ("gpu-l",)}, "no node is named 'gpu-l'", "did you mean 'gpu-"),
        ({"master": "c*"}, "no node matches 'c*'", ""),
        ({"master": "cp", "exclude": ("cp",)}, "'cp' is asked for and excluded", "leave it out of --exclude"),
        ({"workers": ("akswin000000",)}, "'akswin000000' is windows", "name another node"),
        ({"selected": frozenset({"cp"})}, "no node can run jobs", "add --worker cp"),
        ({"selected": frozenset[str]()}, "no node can run jobs", "'akswin000000' is windows"),
    ],
)
def test_wishes_that_can_not_be_met_are_told(wishes, message, hint):
    with pytest.raises(RolesError) as error:
        roles(CP, *GPUS, CPU, real.aks_windows(), **wishes)
    assert message in error.value.message
    assert hint in error.value.hint


def test_without_a_fit_node_the_reasons_are_told():
    down = node("a", "10.0.0.1", ready="False", labels={CONTROL_PLANE: ""})
    with pytest.raises(RolesError, match="no node can be the master") as error:
        roles(down, real.aks_windows())
    assert error.value.hint == "'a' is not Ready; 'akswin000000' is windows; OpenPAI's images are for linux"
