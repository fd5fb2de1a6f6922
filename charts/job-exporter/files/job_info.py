"""Serve to Prometheus which pod runs which task of which job, and on which GPUs HiveD put it.

    job_info.py --port P [--namespace default]

Lists and watches the running pods of jobs and answers from memory: /metrics, /healthz (the API server was heard of lately),
/readyz (the pods are known). Labels are read where rest-server and frameworkcontroller write them, in the environment of the job's
container; they are the labels of the job exporter. Python 3.7, nothing but the standard library.
"""

import argparse
import http.client
import http.server
import json
import os
import re
import signal
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

SELECTORS = {"labelSelector": "type=kube-launcher-task", "fieldSelector": "status.phase=Running"}
PAGE_SIZE = 200
WATCH_S = 240
# The API server sends a bookmark about every minute.
SILENCE_S = 150
PAUSES_S = (1, 2, 4, 8, 16, 30)
UNHEALTHY_S = 600
# Label → the variables of the container that may hold it.
LABELS = (
    ("username", ("PAI_USER_NAME",)),
    ("job_name", ("PAI_JOB_NAME",)),
    ("role_name", ("PAI_CURRENT_TASK_ROLE_NAME",)),
    ("task_index", ("FC_TASK_INDEX", "PAI_TASK_INDEX")),
    ("job_instance_id", ("FC_FRAMEWORK_ATTEMPT_INSTANCE_UID",)),
    ("virtual_cluster", ("PAI_VIRTUAL_CLUSTER",)),
)
# What the job exporter says when it does not know.
UNKNOWN = "unknown"
REFERENCE = re.compile(r"metadata\.(annotations|labels)\['(.+)'\]")
# HiveD writes the indices of a pod's devices here, by either name. A job without GPUs reads neither, though both may hold its CPU cells.
DEVICES = (
    "hivedscheduler.microsoft.com/pod-leaf-cell-isolation",
    "hivedscheduler.microsoft.com/pod-gpu-isolation",
)
HEAD = (
    "# HELP pai_job_pod_info Running pod of a job, with the task that it runs.\n# TYPE pai_job_pod_info gauge\n",
    "# HELP pai_job_pod_gpu_info GPU that HiveD gave to a pod.\n# TYPE pai_job_pod_gpu_info gauge\n",
)


class Expired(Exception):
    """The API server no longer knows the version to go on from."""


def reference(pod, entry):
    """Return the value of a variable that is taken from the pod, or None."""
    path = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
    match = REFERENCE.fullmatch(path)
    return pod["metadata"].get(match.group(1), {}).get(match.group(2)) if match else None


def job_container(pod):
    """Return the environment of the job's container as a list of entries; empty when the pod is no job's."""
    for container in pod["spec"]["containers"]:
        entries = container.get("env", [])
        if any(entry["name"] == "PAI_JOB_NAME" for entry in entries):
            return entries
    return []


def devices(pod, entries):
    """Return the indices of the GPUs that HiveD gave to a pod, each once."""
    paths = {"metadata.annotations['%s']" % name for name in DEVICES}
    sources = [entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") for entry in entries]
    found = [reference(pod, entry) or "" for entry, path in zip(entries, sources) if path in paths]
    return sorted(
        {word.strip() for text in found for word in text.split(",") if word.strip().isdigit()}, key=int
    )


def series(pod):
    """Return the lines that a pod adds to the two metrics: a text each; empty ones for a pod that is no job's."""
    entries = job_container(pod)
    if not entries:
        return "", ""
    values = {entry["name"]: entry.get("value") or reference(pod, entry) for entry in entries}
    place = [("namespace", pod["metadata"]["namespace"]), ("pod", pod["metadata"]["name"])]
    place.append(("node", pod["spec"].get("nodeName", "")))
    task = [
        (label, next((values[name] for name in names if values.get(name)), UNKNOWN))
        for label, names in LABELS
    ]
    gpus = [
        line("pai_job_pod_gpu_info", place + [("minor_number", index)]) for index in devices(pod, entries)
    ]
    return line("pai_job_pod_info", place + task), "".join(gpus)


def line(metric, labels):
    """Return one series of value 1 in Prometheus' text format."""
    pairs = ",".join('%s="%s"' % (name, escaped(value)) for name, value in labels)
    return "%s{%s} 1\n" % (metric, pairs)


def escaped(value):
    """Return a label's value as the text format wants it."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Pods:
    """The series of each pod, by its UID; filled by one thread and read by others."""

    def __init__(self):
        self.lock = threading.Lock()
        self.series = {}
        self.is_known = False
        self.heard = time.monotonic()

    def replace(self, pods):
        """Forget all, and take these."""
        with self.lock:
            self.series, self.is_known = dict(pods), True

    def change(self, kind, pod):
        """Take over an event of the watch."""
        with self.lock:
            if kind == "DELETED":
                self.series.pop(pod["metadata"]["uid"], None)
            else:
                self.series[pod["metadata"]["uid"]] = series(pod)

    def touch(self):
        """Note that the API server was heard of."""
        self.heard = time.monotonic()

    def is_healthy(self):
        """Tell whether the API server was heard of lately."""
        return time.monotonic() - self.heard < UNHEALTHY_S

    def text(self):
        """Return both metrics."""
        with self.lock:
            found = list(self.series.values())
        return "".join(HEAD[part] + "".join(pod[part] for pod in found) for part in (0, 1))


class Api:
    """The API server as the pod's service account sees it. The token is read anew each time: kubelet renews it."""

    def __init__(self, namespace):
        self.folder = os.environ.get(
            "PAICHART_SERVICEACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount"
        )
        self.host, self.port = (
            os.environ["KUBERNETES_SERVICE_HOST"],
            int(os.environ["KUBERNETES_SERVICE_PORT"]),
        )
        self.tls = ssl.create_default_context(cafile=os.path.join(self.folder, "ca.crt"))
        self.path = "/api/v1/namespaces/%s/pods?" % namespace

    def open(self, **query):
        """Send a request for pods; return (connection, answer). Raise Expired, or what went wrong."""
        with open(os.path.join(self.folder, "token")) as token:
            headers = {"Authorization": "Bearer " + token.read().strip(), "Accept": "application/json"}
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=SILENCE_S, context=self.tls)
        try:
            connection.request(
                "GET", self.path + urllib.parse.urlencode(dict(SELECTORS, **query)), None, headers
            )
            answer = connection.getresponse()
            if answer.status == 410:
                raise Expired()
            if answer.status != 200:
                raise OSError("the API server says %d: %s" % (answer.status, reason(answer.read())))
        except BaseException:
            connection.close()
            raise
        return connection, answer

    def pages(self):
        """Yield the list of pods, a page at a time."""
        more = ""
        while True:
            connection, answer = self.open(**{"limit": PAGE_SIZE, "continue": more})
            try:
                page = json.loads(answer.read().decode())
            finally:
                connection.close()
            yield page
            more = page["metadata"].get("continue")
            if not more:
                return

    def events(self, version):
        """Yield what happens to pods from a version on, until the API server ends it."""
        connection, answer = self.open(
            watch=1, resourceVersion=version, allowWatchBookmarks="true", timeoutSeconds=WATCH_S
        )
        try:
            for text in answer:
                yield json.loads(text.decode())
        finally:
            connection.close()


def reason(body):
    """Return the words of a refusal."""
    try:
        return json.loads(body.decode())["message"]
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def listed(api, pods):
    """Fill the pods from a list; return the version to watch from."""
    found = {}
    for page in api.pages():
        pods.touch()
        for pod in page["items"]:
            found[pod["metadata"]["uid"]] = series(pod)
    pods.replace(found)
    print("%d pods of jobs run" % len(found))
    return page["metadata"]["resourceVersion"]


def watched(api, pods, version):
    """Follow the pods until the watch ends; yield each version reached."""
    for event in api.events(version):
        if event["type"] == "ERROR":
            if event["object"].get("code") == 410:
                raise Expired()
            raise OSError("the watch ended: %s" % event["object"].get("message"))
        pods.touch()
        if event["type"] != "BOOKMARK":
            pods.change(event["type"], event["object"])
        yield event["object"]["metadata"]["resourceVersion"]


def follow(api, pods):
    """Keep the pods as the API server has them, for ever."""
    version, failures = None, 0
    while True:
        try:
            if version is None:
                version = listed(api, pods)
            for version in watched(api, pods, version):
                failures = 0
            pods.touch()
        except Expired:
            version = None
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: an answer cut short
            pause_s = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
            failures += 1
            version = version if failures < len(PAUSES_S) else None
            print("%s; again in %d s" % (error, pause_s))
            time.sleep(pause_s)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Listens on all addresses of the pod, whichever family they are of."""

    daemon_threads = True
    address_family = socket.AF_INET6

    def server_bind(self):
        """Take IPv4 as well."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        http.server.HTTPServer.server_bind(self)


class Server4(Server):
    """The same on a kernel without IPv6."""

    address_family = socket.AF_INET

    def server_bind(self):
        """Take IPv4 alone."""
        http.server.HTTPServer.server_bind(self)


def handler(pods):
    """Return the class that answers requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self):
            path = self.path.partition("?")[0]
            if path == "/metrics" and pods.is_known:
                self.reply(200, pods.text(), "text/plain; version=0.0.4; charset=utf-8")
            elif path == "/healthz":
                self.reply(
                    200 if pods.is_healthy() else 503, "ok\n" if pods.is_healthy() else "not in touch\n"
                )
            elif path in ("/readyz", "/metrics"):
                self.reply(200 if pods.is_known else 503, "ok\n" if pods.is_known else "no list yet\n")
            else:
                self.reply(404, "not found\n")

        def reply(self, code, text, kind="text/plain"):
            content = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing of requests."""

    return Handler


def serve(pods, port):
    """Answer in threads of their own; return the server."""
    try:
        server = Server(("::", port), handler(pods))
    except OSError:
        server = Server4(("0.0.0.0", port), handler(pods))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    """Follow and serve until told to stop."""
    parser = argparse.ArgumentParser(description="Serve which pods run which tasks of jobs.")
    parser.add_argument("--port", type=int, default=9104)
    parser.add_argument("--namespace", default="default")
    options = parser.parse_args()
    # A container's first process gets no signal that it does not ask for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    pods = Pods()
    serve(pods, options.port)
    follow(Api(options.namespace), pods)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()
