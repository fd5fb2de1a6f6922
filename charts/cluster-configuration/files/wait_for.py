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
import urllib.error
import urllib.parse
import urllib.request

ATTEMPT_S = 5
REPORT_S = 10


def check_tcp(url):
    """Return nothing once the port takes a connection; raise why it does not."""
    socket.create_connection((url.hostname, url.port), ATTEMPT_S).close()


def check_http(url):
    """Return nothing once the address gives a page; raise why it does not."""
    fetch(urllib.request.Request(url.geturl()), ssl._create_unverified_context())


def check_api(url):
    """Return nothing once the API server serves a group and version; raise why it does not."""
    folder = os.environ.get("PAICHART_SERVICEACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = "https://%s:%s" % ("[%s]" % host if ":" in host else host, port)
    request = urllib.request.Request("%s/apis/%s%s" % (server, url.netloc, url.path))
    with open(os.path.join(folder, "token")) as token:
        request.add_header("Authorization", "Bearer " + token.read().strip())
    fetch(request, ssl.create_default_context(cafile=os.path.join(folder, "ca.crt")))


def fetch(request, tls):
    """Send a request past any proxy, which would not know the cluster's names."""
    no_proxy = urllib.request.ProxyHandler({})
    opener = urllib.request.build_opener(no_proxy, urllib.request.HTTPSHandler(context=tls))
    opener.open(request, timeout=ATTEMPT_S).close()


CHECKS = {"tcp": check_tcp, "http": check_http, "https": check_http, "api": check_api}


def target(text):
    """Return (text, parsed address) of one target; raise what is wrong with it, worded for argparse."""
    url = urllib.parse.urlsplit(text)
    try:
        is_whole = url.scheme in CHECKS and url.hostname and (url.scheme != "tcp" or url.port)
    except ValueError:  # the port is no number
        is_whole = False
    if not is_whole:
        raise argparse.ArgumentTypeError("'%s' is no tcp://host:port, http(s)://… or api://group/version" % text)
    return text, url


def wait(name, url, deadline, started):
    """Return whether the target answered before the deadline (monotonic seconds)."""
    reported = float("-inf")
    while True:
        try:
            CHECKS[url.scheme](url)
        except urllib.error.HTTPError as error:
            reason = "%d %s" % (error.code, error.reason)
        except (OSError, http.client.HTTPException) as error:  # a URLError is an OSError
            reason = getattr(error, "reason", None) or error
        else:
            print("%s answers" % name)
            return True
        now = time.monotonic()
        if now >= deadline:
            print("gave up on %s after %d s: %s" % (name, now - started, reason))
            return False
        if now - reported >= REPORT_S:
            print("waiting for %s (%d s of %d s): %s" % (name, now - started, deadline - started, reason))
            reported = now
        time.sleep(1)


def main(words=None):
    """Wait for every target in turn; return the exit code."""
    parser = argparse.ArgumentParser(description="Wait until each target answers.")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for all targets together")
    parser.add_argument("targets", nargs="+", type=target)
    options = parser.parse_args(words)
    started = time.monotonic()
    deadline = started + options.timeout
    return 0 if all(wait(name, url, deadline, started) for name, url in options.targets) else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
