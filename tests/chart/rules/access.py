"""Service accounts and roles: a token only where a role is bound, and roles that name what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.chart.render import Object, Pods, title
from tests.chart.rules.rendering import Rendering, rule

# Roles that Kubernetes itself makes and that a service may be bound to.
BUILT_IN_ROLES: Mapping[str, str] = {
    "extension-apiserver-authentication-reader": "kube-scheduler reads how the API server authenticates",
    "system:auth-delegator": "kube-scheduler asks the API server who calls it",
    "system:kube-scheduler": "a kube-scheduler needs what a kube-scheduler needs",
    "system:volume-scheduler": "a kube-scheduler binds volumes",
}
_READ = {"get", "list", "watch", "*"}
_TAKE_OVER_VERBS = {"escalate", "bind", "impersonate", "*"}
_TAKE_OVER_RESOURCES = {
    "nodes/proxy",
    "pods/exec",
    "pods/attach",
    "pods/ephemeralcontainers",
    "serviceaccounts/token",
}


@rule
def tokens_are_for_those_with_a_role(rendering: Rendering) -> Iterator[str]:
    """A pod gets a token of the API server exactly if its service account is bound to a role."""
    for pods in rendering.objects.pod_specs():
        has_role = pods.spec.get("serviceAccountName", "default") in _bound_accounts(
            rendering, pods.namespace
        )
        if gets_token(rendering, pods) and not has_role:
            yield f"{pods} gets a token although no role is bound to its service account"
        if has_role and not gets_token(rendering, pods):
            yield f"{pods} gets no token although a role is bound to its service account"


@rule
def accounts_give_no_token_by_default(rendering: Rendering) -> Iterator[str]:
    """A ServiceAccount says whether pods get its token."""
    for account in rendering.objects.all("ServiceAccount"):
        if "automountServiceAccountToken" not in account:
            yield f"{title(account)} does not say automountServiceAccountToken"


@rule
def roles_name_what_they_need(rendering: Rendering) -> Iterator[str]:
    """No role holds a wildcard or lets its holder become somebody else or enter other pods."""
    for role in rendering.objects.all("Role", "ClusterRole"):
        for entry in role.get("rules", []):
            for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
                if any("*" in value for value in entry.get(field, [])):
                    yield f"{title(role)} has a wildcard in {field}"
            verbs = sorted(_TAKE_OVER_VERBS & set(entry["verbs"]))
            resources = sorted(_TAKE_OVER_RESOURCES & set(entry.get("resources", [])))
            if verbs or resources:
                yield f"{title(role)} allows {', '.join(verbs + resources)}"


@rule
def no_role_reads_all_secrets(rendering: Rendering) -> Iterator[str]:
    """A ClusterRole over Secrets is bound in single namespaces only, so nobody reads those of all."""
    bound = {
        binding["roleRef"]["name"]
        for binding in rendering.known("ClusterRoleBinding")
        if binding["roleRef"]["kind"] == "ClusterRole"
    }
    for role in rendering.objects.all("ClusterRole"):
        for entry in role.get("rules", []):
            reads_secrets = "secrets" in entry.get("resources", []) and _READ & set(entry["verbs"])
            if reads_secrets and role["metadata"]["name"] in bound:
                yield f"{title(role)} reads the Secrets of all namespaces"


@rule
def bindings_join_what_exists(rendering: Rendering) -> Iterator[str]:
    """A binding's role and accounts exist in the release, or the role is one of BUILT_IN_ROLES."""
    for binding in rendering.objects.all("RoleBinding", "ClusterRoleBinding"):
        reference = binding["roleRef"]
        namespace = binding["metadata"].get("namespace", "") if reference["kind"] == "Role" else ""
        if reference["name"] not in rendering.names(reference["kind"], namespace) | BUILT_IN_ROLES.keys():
            yield f"{title(binding)} refers to {reference['kind']} {reference['name']}, which does not exist"
        for subject in binding.get("subjects", []):
            accounts = rendering.names("ServiceAccount", subject.get("namespace", ""))
            is_known = subject["name"] in accounts or rendering.is_admins_own(subject["name"])
            if subject["kind"] != "ServiceAccount" or not is_known:
                yield f"{title(binding)} binds {subject['kind']} {subject['name']}, which does not exist"


def gets_token(rendering: Rendering, pods: Pods) -> bool:
    """Whether the pod has a token: from a Secret, else the pod decides, then its account, else yes."""
    if _mounts_a_token(rendering, pods):
        return True
    if "automountServiceAccountToken" in pods.spec:
        return bool(pods.spec["automountServiceAccountToken"])
    for account in rendering.known("ServiceAccount"):
        if _is_account_of(account, pods):
            return bool(account.get("automountServiceAccountToken", True))
    return True


def _mounts_a_token(rendering: Rendering, pods: Pods) -> bool:
    """Whether one of the pod's volumes is a Secret that Kubernetes fills with its account's token."""
    mounted = {volume.get("secret", {}).get("secretName") for volume in pods.spec.get("volumes", [])}
    account = pods.spec.get("serviceAccountName", "default")
    return any(
        secret.get("type") == "kubernetes.io/service-account-token"
        and secret["metadata"]["name"] in mounted
        and secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == account
        for secret in rendering.known("Secret")
    )


def _is_account_of(account: Object, pods: Pods) -> bool:
    metadata = account["metadata"]
    wanted = (pods.namespace, pods.spec.get("serviceAccountName", "default"))
    return (metadata.get("namespace"), metadata["name"]) == wanted


def _bound_accounts(rendering: Rendering, namespace: str) -> set[str]:
    return {
        subject["name"]
        for binding in rendering.known("RoleBinding", "ClusterRoleBinding")
        for subject in binding.get("subjects", [])
        if subject.get("namespace", "") == namespace
    }
