"""Put the role labels of the layout on the cluster's nodes, and take them off nodes that lost the role.

Runs as a Job, in Python 3.7 with nothing but the standard library. The one argument is a JSON file:
[{"labels": {"pai-worker": "true"}, "nodes": ["node-1", "node-2"]}, ...], each machine of the layout once.
Only labels that differ are patched. A machine that is no node of the cluster fails the run, after all others are done.
"""

import concurrent.futures
import difflib
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request

ROLE_LABELS = ("pai-master", "pai-worker", "pai-storage")
# Labels other than roles are also set by hand, so the ones that came from a layout are remembered on the node.
REMEMBERED = "paichart.io/labels"
PAGE_SIZE = 500
PATCHES_AT_ONCE = 8
TRIES = 5


class Api:
    """The API server as the pod's service account sees it."""

    def __init__(self):
        folder = os.environ.get("PAICHART_SERVICEACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount")
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        self.url = "https://%s:%s" % ("[%s]" % host if ":" in host else host, port)
        self.tls = ssl.create_default_context(cafile=os.path.join(folder, "ca.crt"))
        with open(os.path.join(folder, "token")) as token:
            self.token = token.read().strip()

    def call(self, method, path, body=None):
        """Return the decoded answer; a busy or unreachable server is asked again, a refusal is raised as it is."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/merge-patch+json")
        for attempt in range(TRIES):
            try:
                with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 429 and error.code < 500:
                    raise
                failure = error
            except OSError as error:
                failure = error
            time.sleep(2 ** attempt)
        raise SystemExit("the API server at %s does not answer: %s" % (self.url, failure))

    def nodes(self):
        """Return {name: metadata} of every node."""
        found, more = {}, ""
        while True:
            page = self.call("GET", "/api/v1/nodes?limit=%d&continue=%s" % (PAGE_SIZE, more))
            found.update((node["metadata"]["name"], node["metadata"]) for node in page["items"])
            more = page["metadata"].get("continue")
            if not more:
                return found


def changes(node, wanted):
    """Return the merge patch that gives a node the wanted labels, or None when it has them all."""
    has, notes = node.get("labels", {}), node.get("annotations", {})
    remembered = [label for label in notes.get(REMEMBERED, "").split(",") if label]
    labels = {label: None for label in (*ROLE_LABELS, *remembered) if label in has and label not in wanted}
    labels.update((label, value) for label, value in wanted.items() if has.get(label) != value)
    memory = ",".join(sorted(label for label in wanted if label not in ROLE_LABELS)) or None
    annotations = {} if notes.get(REMEMBERED) == memory else {REMEMBERED: memory}
    if not labels and not annotations:
        return None
    return {"metadata": {"labels": labels, "annotations": annotations}}


def apply(api, name, patch):
    """Patch one node, say what changed, and return an error text, or an empty one."""
    try:
        api.call("PATCH", "/api/v1/nodes/" + name, patch)
    except urllib.error.HTTPError as error:
        return "node '%s' was not labelled: %s" % (name, error)
    labels = patch["metadata"]["labels"]
    print("%s: %s" % (name, ", ".join(k + "-" if v is None else k + "=" + v for k, v in sorted(labels.items()))))
    return ""


def main(path):
    """Label the nodes; return the exit code."""
    with open(path) as file:
        wanted = {name: group["labels"] for group in json.load(file) for name in group["nodes"]}
    api = Api()
    nodes = api.nodes()
    patches = {name: changes(node, wanted.get(name, {})) for name, node in sorted(nodes.items())}
    due = {name: patch for name, patch in patches.items() if patch}
    with concurrent.futures.ThreadPoolExecutor(PATCHES_AT_ONCE) as pool:
        errors = [error for error in pool.map(lambda item: apply(api, *item), due.items()) if error]
    for name in sorted(set(wanted) - set(nodes)):
        close = difflib.get_close_matches(name, nodes, n=1)
        hint = "; did you mean '%s'?" % close[0] if close else ""
        errors.append("machine '%s' of the layout is no node of this cluster%s" % (name, hint))
    for error in errors:
        print("error: " + error)
    print("%d nodes, %d changed, %d errors" % (len(nodes), len(due), len(errors)))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
