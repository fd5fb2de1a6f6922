"""Remove the Secrets and priority classes that jobs leave behind.

    remove_leftovers.py [--older-than MINUTES] [--dry-run]

The database controller makes them before it makes a job's Framework, names them after it, and never removes them. Left over is what
has no Framework. A job that is being submitted must never lose its own, so

- an object younger than an hour is not looked at: making a job takes seconds;
- objects are listed before Frameworks, so a Framework made meanwhile is seen;
- each one's Framework is asked for by name once more, right before;
- the API server deletes it only in the version that was seen: once its Framework exists, the database controller writes to the Secret.

A job that the database controller has failed to make for longer gets its objects again at each try. Runs as a CronJob, in Python 3.7
with nothing but the standard library.
"""

import argparse
import datetime
import http.client
import json
import os
import re
import ssl
import sys
import time
import urllib.parse

SECRETS = "/api/v1/namespaces/default/secrets"
CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"
FRAMEWORKS = "/apis/frameworkcontroller.microsoft.com/v1/namespaces/default/frameworks"
# A Framework's name is a job's, hashed by rest-server.
NAMES = {
    SECRETS: re.compile(r"([0-9a-f]{32})-(configcred|regcred|tokencred|usercred)"),
    CLASSES: re.compile(r"([0-9a-f]{32})-priority"),
}
# Secrets themselves are not asked for.
ONLY_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"
PAGE_SIZE = 500
PAUSES_S = (1, 2, 4, 8, None)
GONE_OR_CHANGED = (404, 409)


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
    """The API server as the pod's service account sees it, over one connection."""

    def __init__(self):
        folder = os.environ.get(
            "PAICHART_SERVICEACCOUNT_DIR", "/var/run/secrets/kubernetes.io/serviceaccount"
        )
        with open(os.path.join(folder, "token")) as token:
            self.headers = {"Authorization": "Bearer " + token.read().strip(), "Accept": ONLY_METADATA}
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
        tls = ssl.create_default_context(cafile=os.path.join(folder, "ca.crt"))
        self.connection = http.client.HTTPSConnection(host, port, timeout=30, context=tls)

    def call(self, method, path, body=None):
        """Return the decoded answer; raise Refused. A server that is busy or away is asked again, and at last an error."""
        content = None if body is None else json.dumps(body).encode()
        headers = dict(self.headers, **({} if body is None else {"Content-Type": "application/json"}))
        for pause_s in PAUSES_S:
            try:
                self.connection.request(method, path, content, headers)
                answer = self.connection.getresponse()
                text = answer.read()
                if answer.status < 400:
                    return json.loads(text.decode())
                if answer.status != 429 and answer.status < 500:
                    raise Refused(answer.status, text)
                failure = "%d" % answer.status
            except (OSError, ValueError, http.client.HTTPException) as error:
                self.connection.close()
                failure = error
            if pause_s is not None:
                time.sleep(pause_s)
        raise SystemExit("error: the API server does not answer: %s" % failure)

    def metadata(self, path):
        """Return the metadata of every object of a kind."""
        found, more = [], ""
        while True:
            query = urllib.parse.urlencode({"limit": PAGE_SIZE, "continue": more})
            try:
                page = self.call("GET", "%s?%s" % (path, query))
            except Refused as error:
                if error.code != 410 or not more:
                    raise
                found, more = [], ""  # the list changed too much since its first page
                continue
            found.extend(item["metadata"] for item in page["items"])
            more = page["metadata"].get("continue")
            if not more:
                return found

    def exists(self, framework):
        """Tell whether there is a Framework of this name now."""
        try:
            self.call("GET", "%s/%s" % (FRAMEWORKS, framework))
        except Refused as error:
            if error.code == 404:
                return False
            raise
        return True


def candidates(api, before):
    """Return (path, metadata, framework) of each object that is a job's and was made before a time."""
    found = []
    for path, pattern in NAMES.items():
        for metadata in api.metadata(path):
            match = pattern.fullmatch(metadata["name"])
            if match and made(metadata) < before:
                found.append((path, metadata, match.group(1)))
    return found


def made(metadata):
    """Return when an object was made."""
    return datetime.datetime.strptime(metadata["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")


def remove(api, path, metadata):
    """Delete an object as it was seen; return whether it was."""
    only = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    try:
        api.call("DELETE", "%s/%s" % (path, metadata["name"]), {"preconditions": only})
    except Refused as error:
        if error.code not in GONE_OR_CHANGED:
            raise
        print("%s changed meanwhile and stays" % metadata["name"])
        return False
    print("%s is removed" % metadata["name"])
    return True


def main(words=None):
    """Remove what is left over; return the exit code."""
    parser = argparse.ArgumentParser(
        description="Remove the Secrets and priority classes that jobs leave behind."
    )
    parser.add_argument("--older-than", type=float, default=60, help="minutes")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    options = parser.parse_args(words)
    api = Api()
    before = datetime.datetime.utcnow() - datetime.timedelta(minutes=options.older_than)
    removed = 0
    try:
        found = candidates(api, before)
        # Refused when the cluster knows no Frameworks at all; then nothing is left over for sure.
        frameworks = {metadata["name"] for metadata in api.metadata(FRAMEWORKS)}
        for path, metadata, framework in found:
            if framework in frameworks or api.exists(framework):
                continue
            if options.dry_run:
                print("%s would be removed" % metadata["name"])
            else:
                removed += remove(api, path, metadata)
    except Refused as error:
        print("error: %s" % error)
        return 1
    print("%d objects of jobs, %d Frameworks, %d removed" % (len(found), len(frameworks), removed))
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
