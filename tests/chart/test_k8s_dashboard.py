"""k8s-dashboard: Headlamp below pylon's path, without rights and without a token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.render import Object, Objects, RenderError, render


def dashboard(values: dict[str, Any] | None = None) -> Objects:
    return render("k8s-dashboard", values)


def pod(objects: Objects) -> Object:
    spec: Object = objects.find("Deployment")["spec"]["template"]["spec"]
    return spec


def container(objects: Objects) -> Object:
    (found,) = pod(objects)["containers"]
    return dict(found)


def test_it_serves_where_pylon_leads() -> None:
    objects = dashboard()
    assert "-base-url=/kubernetes-dashboard" in container(objects)["args"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container(objects)[probe]["httpGet"]["path"] == "/kubernetes-dashboard/"
    (target,) = objects.find("Pod")["spec"]["containers"][0]["args"][1:]
    assert target == "http://openpai-k8s-dashboard.default.svc:9090/kubernetes-dashboard/"


@pytest.mark.parametrize("path", ["kubernetes-dashboard", "/kubernetes-dashboard/", "/a b", ""])
def test_a_path_that_pylon_has_not_is_refused(path: str) -> None:
    with pytest.raises(RenderError, match="basePath"):
        dashboard({"basePath": path})


def test_the_pod_has_no_token_and_no_rights() -> None:
    objects = dashboard()
    assert pod(objects)["automountServiceAccountToken"] is False
    assert objects.all("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Secret") == ()
    # It starts only where files of a service account are: the API server's authority, and an empty token.
    (volume,) = (item for item in pod(objects)["volumes"] if item["name"] == "cluster")
    names = [source["configMap"]["name"] for source in volume["projected"]["sources"]]
    assert names == ["kube-root-ca.crt", "openpai-k8s-dashboard"]
    assert objects.find("ConfigMap")["data"] == {"token": ""}
    assert "-unsafe-use-service-account-token" not in str(container(objects)["args"])


def test_it_has_room_for_the_copy_of_its_pages() -> None:
    # v0.45.0 (backend/cmd/headlamp.go) copies them into a new folder of /tmp at each start of the container.
    objects = dashboard()
    assert container(objects)["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"name": "tmp", "mountPath": "/tmp"} in container(objects)["volumeMounts"]  # noqa: S108
    assert {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}} in pod(objects)["volumes"]
    assert {"name": "HOME", "value": "/tmp"} in container(objects)["env"]  # noqa: S108


def test_only_pylon_comes_in() -> None:
    (rule,) = dashboard().find("NetworkPolicy")["spec"]["ingress"]
    peers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in rule["from"]]
    assert peers == ["pylon", "helm-test"]
    assert dashboard().find("Service")["spec"]["type"] == "ClusterIP"


def test_two_copies_have_a_budget() -> None:
    assert dashboard().all("PodDisruptionBudget") == ()
    assert dashboard({"replicas": 2}).find("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
