"""Deletes groups of metrics from a pushgateway when nobody has pushed to them for a while.

A group is what one client pushes: a job, and further labels if the client gives some. Settings are variables
of the environment: PROMETHEUS_PUSHGATEWAY_URI, JOB_TIME_TO_LIVE and CLEAN_INTERVAL (both in seconds), and
HEARTBEAT, a file that is touched after each round. `metrics_cleaner.py check` is the liveness probe: it fails
when that file is too old. Needs nothing but Python 3.7.
"""

import base64
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

PREFIX = "/prometheus-pushgateway"
TIMEOUT_S = 10
# How long a round may take: many groups that each run into the timeout.
SLACK_S = 120


def group_path(labels):
    """Return the path of a group: /metrics/job@base64/<job>/<label>@base64/<value>…

    In base64 any value can be said, `a/b` and `..` too.
    """
    names = ["job", *sorted(name for name in labels if name != "job")]
    return "/metrics" + "".join(f"/{name}@base64/{_encoded(labels.get(name, ''))}" for name in names)


def _encoded(value):
    # A lone '=' is how the pushgateway has an empty value written.
    return base64.urlsafe_b64encode(value.encode("utf-8")).decode("ascii") or "="


def last_push(group):
    """Return when a group last took a push, in seconds since 1970; None if it does not say."""
    family = group.get("push_time_seconds")
    metrics = family.get("metrics", ()) if isinstance(family, dict) else ()
    return max((float(metric["value"]) for metric in metrics), default=None)


def stale_groups(groups, now, time_to_live):
    """Return the labels of the groups that have taken no push within time_to_live seconds before now."""
    pushes = ((group.get("labels", {}), last_push(group)) for group in groups)
    return [labels for labels, pushed in pushes if pushed is not None and pushed < now - time_to_live]


def ask(url, method="GET"):
    """Return the body of an answer."""
    request = urllib.request.Request(url, method=method)  # noqa: S310 # the gateway in the same pod
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
        return response.read()


def clean(url, time_to_live, now):
    """Delete what is stale, and return how many groups that were."""
    groups = json.loads(ask(url + "/api/v1/metrics").decode("utf-8"))["data"]
    stale = stale_groups(groups, now, time_to_live)
    for labels in stale:
        ask(url + group_path(labels), "DELETE")
        print(f"deleted {json.dumps(labels, sort_keys=True)}", flush=True)
    return len(stale)


def is_alive(heartbeat, interval, now):
    """Tell whether the last round has ended recently."""
    try:
        return now - Path(heartbeat).stat().st_mtime < interval + SLACK_S
    except OSError:
        return False


def main(arguments):
    """Look again and again; what fails is told, and tried again."""
    interval, heartbeat = int(os.environ["CLEAN_INTERVAL"]), os.environ["HEARTBEAT"]
    if arguments == ["check"]:
        return 0 if is_alive(heartbeat, interval, time.time()) else 1
    url = os.environ["PROMETHEUS_PUSHGATEWAY_URI"].rstrip("/") + PREFIX
    time_to_live = int(os.environ["JOB_TIME_TO_LIVE"])
    while True:
        try:
            clean(url, time_to_live, time.time())
        except (OSError, ValueError, KeyError) as error:
            print(f"can't clean {url}: {error}", file=sys.stderr, flush=True)
        Path(heartbeat).touch()
        time.sleep(interval)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
