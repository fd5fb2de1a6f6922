"""Wait until each target answers, and say every ten seconds for which one and why.

Runs as an init container and as `helm test`, in Python 3.7 with nothing but the standard library. Targets:
tcp://host:port (accepts a connection), http://host:port/path (answers below 400), https://… (the same; the certificate is
not checked, these are probes inside the cluster), api://group/version (the API server serves it; needs the pod's service
account). Exits 1 when --timeout seconds are over.
"""

import argparse
import http.client
import os
import socket
import ssl
import sys
import time
import urllib.parse
import urllib.request

ATTEMPT_S = 5
REPORT_S = 10


def check_tcp(url):
    """Return nothing once the port takes a connection; raise why it does not."""
    socket.create_connection((url.hostname, url.port), ATTEMPT_S).close()


def check_http(url):
    """Return nothing once the address gives a page; raise why it does not."""
    urllib.request.urlopen(url.geturl(), timeout=ATTEMPT_S, context=ssl._create_unverified_context()).close()


def check_api(url):
    """Return nothing once the API server serves a group and version; raise why it does not."""
    folder = os.environ.get("PAICHART_SERVICEACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = "https://%s:%s" % ("[%s]" % host if ":" in host else host, port)
    request = urllib.request.Request("%s/apis/%s%s" % (server, url.netloc, url.path))
    with open(os.path.join(folder, "token")) as token:
        request.add_header("Authorization", "Bearer " + token.read().strip())
    tls = ssl.create_default_context(cafile=os.path.join(folder, "ca.crt"))
    urllib.request.urlopen(request, timeout=ATTEMPT_S, context=tls).close()


CHECKS = {"tcp": check_tcp, "http": check_http, "https": check_http, "api": check_api}


def wait(target, deadline, started):
    """Return whether the target answered before the deadline (monotonic seconds)."""
    url = urllib.parse.urlsplit(target)
    reported = 0.0
    while True:
        try:
            CHECKS[url.scheme](url)
        except (OSError, http.client.HTTPException) as error:  # a URLError is an OSError
            reason = getattr(error, "reason", None) or error
        else:
            print("%s answers" % target)
            return True
        now = time.monotonic()
        if now >= deadline:
            print("gave up on %s after %d s: %s" % (target, now - started, reason))
            return False
        if now - reported >= REPORT_S:
            print("waiting for %s (%d s of %d s): %s" % (target, now - started, deadline - started, reason))
            reported = now
        time.sleep(1)


def main():
    """Wait for every target in turn; return the exit code."""
    parser = argparse.ArgumentParser(description="Wait until each target answers.")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for all targets together")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    started = time.monotonic()
    sys.stdout.reconfigure(line_buffering=True)
    return 0 if all(wait(target, started + options.timeout, started) for target in options.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
