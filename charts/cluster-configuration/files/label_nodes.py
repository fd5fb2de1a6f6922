"""Put the role labels of the layout on the cluster's nodes, and take them off nodes that lost the role.

Runs as a Job, in Python 3.7 with nothing but the standard library. The one argument is a JSON file:
[{"labels": {"pai-worker": "true"}, "nodes": ["node-1", "node-2"]}, ...], each machine of the layout once.
Only labels that differ are patched. A machine that is no node of the cluster fails the run, after all others are done.
"""

import concurrent.futures
import difflib
import http.client
import json
import os
import ssl
import sys
import threading
import time

ROLE_LABELS = ("pai-master", "pai-worker", "pai-storage")
# Labels other than roles are also set by hand, so the ones that came from a layout are remembered on the node.
REMEMBERED = "paichart.io/labels"
PAGE_SIZE = 500
PATCHES_AT_ONCE = 8
TRIES = 5
# Looking for a similar name costs time for each machine and node.
HINTS = 20
# Names, labels and annotations are all that is needed of a node, which is large otherwise.
ONLY_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"


class Refused(Exception):
    """The API server said no; the text is its reason."""

    def __init__(self, code, body):
        try:
            reason = json.loads(body.decode())["message"]
        except (ValueError, KeyError, TypeError):
            reason = http.client.responses.get(code, "")
        Exception.__init__(self, "%d: %s" % (code, reason))
        self.code = code


class Api:
    """The API server as the pod's service account sees it; each thread keeps one connection open."""

    def __init__(self):
        folder = os.environ.get("PAICHART_SERVICEACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount")
        self.host, self.port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        self.url = "https://%s:%d" % ("[%s]" % self.host if ":" in self.host else self.host, self.port)
        self.tls = ssl.create_default_context(cafile=os.path.join(folder, "ca.crt"))
        self.threads = threading.local()
        with open(os.path.join(folder, "token")) as token:
            self.token = token.read().strip()

    def call(self, method, path, body=None):
        """Return the decoded answer; raise Refused.

        A busy or unreachable server is asked again, each time after a longer pause, and then ends the program.
        """
        headers = {"Authorization": "Bearer " + self.token}
        if body is None:
            headers["Accept"] = ONLY_METADATA
        else:
            headers["Content-Type"] = "application/merge-patch+json"
        content = None if body is None else json.dumps(body).encode()
        for pause_s in [2**attempt for attempt in range(TRIES - 1)] + [None]:
            try:
                code, answer = self.ask(method, path, content, headers)
                if code < 400:
                    return json.loads(answer.decode())
                if code != 429 and code < 500:
                    raise Refused(code, answer)
                failure = "%d %s" % (code, http.client.responses.get(code, ""))
            except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: an answer cut short
                failure = error
            if pause_s is not None:
                time.sleep(pause_s)
        raise SystemExit("error: the API server at %s does not answer: %s" % (self.url, failure))

    def ask(self, method, path, content, headers):
        """Return (code, body) of one request on this thread's connection; a broken one is opened anew next time."""
        connection = getattr(self.threads, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=30, context=self.tls)
            self.threads.connection = connection
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            connection.close()  # the next request opens it again
            raise

    def nodes(self):
        """Return {name: {"labels": …, "annotations": …}} of every node."""
        found, more = {}, ""
        while True:
            try:
                page = self.call("GET", "/api/v1/nodes?limit=%d&continue=%s" % (PAGE_SIZE, more))
            except Refused as error:
                if error.code != 410 or not more:
                    raise
                found, more = {}, ""  # the list changed too much since its first page
                continue
            for metadata in (node["metadata"] for node in page["items"]):
                found[metadata["name"]] = {key: metadata.get(key, {}) for key in ("labels", "annotations")}
            more = page["metadata"].get("continue")
            if not more:
                return found


def changes(node, wanted):
    """Return the merge patch that gives a node the wanted labels, or None when it has them all."""
    has, notes = node["labels"], node["annotations"]
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
    except Refused as error:
        return "node '%s' was not labelled: %s" % (name, error)
    labels = sorted(patch["metadata"]["labels"].items())
    changed = [label + "-" if value is None else label + "=" + value for label, value in labels]
    print("%s: %s" % (name, ", ".join(changed) or "noted which labels are the layout's"))
    return ""


def missing(names, nodes):
    """Yield an error text for each machine that is no node, with a similar node's name for the first few."""
    for number, name in enumerate(names):
        close = difflib.get_close_matches(name, nodes, n=1) if number < HINTS else []
        hint = "; did you mean '%s'?" % close[0] if close else ""
        yield "machine '%s' of the layout is no node of this cluster%s" % (name, hint)


def main(path):
    """Label the nodes; return the exit code."""
    with open(path) as file:
        wanted = {name: group["labels"] for group in json.load(file) for name in group["nodes"]}
    api = Api()
    try:
        nodes = api.nodes()
    except Refused as error:
        print("error: the nodes can't be listed: %s" % error)
        return 1
    patches = {name: changes(node, wanted.get(name, {})) for name, node in sorted(nodes.items())}
    due = {name: patch for name, patch in patches.items() if patch}
    with concurrent.futures.ThreadPoolExecutor(PATCHES_AT_ONCE) as pool:
        errors = [error for error in pool.map(lambda item: apply(api, *item), due.items()) if error]
    errors.extend(missing(sorted(set(wanted) - set(nodes)), nodes))
    for error in errors:
        print("error: " + error)
    print("%d nodes, %d changed, %d errors" % (len(nodes), len(due), len(errors)))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
