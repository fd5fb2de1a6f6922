"""The script that removes what jobs leave behind: it must never take what a job still needs."""

from __future__ import annotations

import ast
import datetime
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_api import CHARTS, FakeApi, Request, load_script, serving

SCRIPT = CHARTS / "watchdog/files/remove_leftovers.py"
SECRETS, CLASSES, FRAMEWORKS = "secrets", "priorityclasses", "frameworks"
JOB, GONE = "a" * 32, "b" * 32
Run = Callable[..., int]


script = load_script("remove_leftovers", SCRIPT.parent)


@dataclass(slots=True)
class JobsApi(FakeApi):
    """Names → age in minutes of each kind of object; `after` is called when a kind has been listed."""

    objects: dict[str, dict[str, float]] = field(
        default_factory=lambda: {SECRETS: {}, CLASSES: {}, FRAMEWORKS: {}}
    )
    after: Callable[[str], None] = lambda _: None
    has_changed: bool = False

    def truth(self, request: Request) -> tuple[int, Any] | bytes:
        *_, parent, name = request.path.split("/")
        if name in self.objects:
            return self._listed(name, request)
        if name not in self.objects[parent]:
            return 404, {"message": f'{parent} "{name}" not found'}
        if request.method == "DELETE":
            wanted = {"uid": f"uid-{name}", "resourceVersion": "7"}
            if self.has_changed or request.body != {"preconditions": wanted}:
                return 409, {"message": "the object has been modified"}
            del self.objects[parent][name]
        return 200, {"metadata": {"name": name}}

    def _listed(self, kind: str, request: Request) -> tuple[int, Any]:
        start = int(request.query.get("continue", ["0"])[0])
        end = start + min(self.page_size, int(request.query["limit"][0]))
        items = [about(name, age) for name, age in sorted(self.objects[kind].items())]
        more = {"continue": str(end)} if end < len(items) else {}
        if not more:
            self.after(kind)
        return 200, {"metadata": more, "items": items[start:end]}


def about(name: str, age_min: float) -> dict[str, Any]:
    """An object's metadata as the API server writes it."""
    made = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=age_min)
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "resourceVersion": "7",
            "creationTimestamp": stamp,
        }
    }


@pytest.fixture
def api() -> JobsApi:
    """A job with all that belongs to it, and what another has left."""
    api = JobsApi()
    api.objects[FRAMEWORKS] = {JOB: 500}
    for name in (JOB, GONE):
        for suffix in ("configcred", "regcred", "tokencred", "usercred"):
            api.objects[SECRETS][f"{name}-{suffix}"] = 500
        api.objects[CLASSES][f"{name}-priority"] = 500
    return api


@pytest.fixture
def run(api: JobsApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the script and returns its exit code; nothing waits."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with serving(api, tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield lambda *words: int(script.main(list(words)))


def removed(api: JobsApi) -> list[str]:
    return sorted(r.path.rsplit("/", 1)[1] for r in api.requests if r.method == "DELETE")


LEFT = [f"{GONE}-{suffix}" for suffix in ("configcred", "priority", "regcred", "tokencred", "usercred")]


def test_script_is_python_3_7() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_what_a_job_left_goes(api: JobsApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert removed(api) == LEFT
    assert set(api.objects[SECRETS]) == {
        f"{JOB}-{suffix}" for suffix in ("configcred", "regcred", "tokencred", "usercred")
    }
    assert capsys.readouterr().out.endswith("10 objects of jobs, 1 Frameworks, 5 removed\n")


@pytest.mark.parametrize(
    "name",
    [
        "job-ssh-secret",
        "pai-secret",
        "my-regcred",
        f"{GONE}-regcred-2",
        f"x{GONE}-regcred",
        f"{GONE[:-1]}-regcred",
        f"{GONE[:-1]}G-regcred",
        f"{GONE}-priority",
    ],
)
def test_secrets_of_others_stay(api: JobsApi, run: Run, name: str) -> None:
    api.objects[SECRETS] = {name: 500}
    api.objects[CLASSES] = {}
    assert run() == 0
    assert removed(api) == []


def test_other_priority_classes_stay(api: JobsApi, run: Run) -> None:
    api.objects[SECRETS] = {}
    api.objects[CLASSES] = {"system-node-critical": 500, "pai-daemon-priority": 500, f"{GONE}-regcred": 500}
    assert run() == 0
    assert removed(api) == []


def test_what_is_younger_than_an_hour_stays(api: JobsApi, run: Run) -> None:
    api.objects[SECRETS] = {f"{GONE}-regcred": 59, f"{GONE}-usercred": 61}
    api.objects[CLASSES] = {}
    assert run() == 0
    assert removed(api) == [f"{GONE}-usercred"]


def test_a_framework_made_while_objects_are_listed_saves_them(api: JobsApi, run: Run) -> None:
    api.after = lambda kind: api.objects[FRAMEWORKS].update({GONE: 0}) if kind == CLASSES else None
    assert run() == 0
    assert removed(api) == []


def test_a_framework_made_after_the_list_saves_them(api: JobsApi, run: Run) -> None:
    api.after = lambda kind: api.objects[FRAMEWORKS].update({GONE: 0}) if kind == FRAMEWORKS else None
    assert run() == 0
    assert removed(api) == []


def test_an_object_that_was_written_to_stays(
    api: JobsApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    api.has_changed = True
    assert run() == 0
    assert f"{GONE}-usercred" in api.objects[SECRETS]
    assert f"{GONE}-usercred changed meanwhile and stays" in capsys.readouterr().out


def test_without_frameworks_in_the_cluster_nothing_goes(
    api: JobsApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fault = lambda r: (404, {"message": "no such resource"}) if FRAMEWORKS in r.path else None
    assert run() == 1
    assert removed(api) == []
    assert capsys.readouterr().out == "error: 404: no such resource\n"


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_of_one_framework_removes_nothing(api: JobsApi, run: Run, code: int) -> None:
    api.fault = lambda r: (code, {"message": "no"}) if r.path.endswith(GONE) else None
    assert run() == 1
    assert removed(api) == []


def test_a_dry_run_only_says(api: JobsApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--dry-run") == 0
    assert removed(api) == []
    assert f"{GONE}-usercred would be removed" in capsys.readouterr().out


def test_all_pages_are_read(api: JobsApi, run: Run) -> None:
    api.page_size = 2
    assert run() == 0
    assert removed(api) == LEFT


def test_a_list_that_expired_half_way_is_started_again(api: JobsApi, run: Run) -> None:
    api.page_size = 2
    expired = [410]
    api.fault = lambda r: (expired.pop(), {}) if "continue" in r.query and expired else None
    assert run() == 0
    assert removed(api) == LEFT


def test_contents_of_secrets_are_not_asked_for(api: JobsApi, run: Run) -> None:
    run()
    assert {r.headers["accept"] for r in api.requests if r.method == "GET"} == {script.ONLY_METADATA}


def test_a_framework_that_was_listed_is_not_asked_for_again(api: JobsApi, run: Run) -> None:
    run()
    assert {r.path.rsplit("/", 1)[1] for r in api.requests if f"/{FRAMEWORKS}/" in r.path} == {GONE}


def test_passing_trouble_is_sat_out(api: JobsApi, run: Run) -> None:
    left: list[Any] = [(503, {}), b"", (429, {})]
    api.fault = lambda _: left.pop() if left else None
    assert run() == 0
    assert removed(api) == LEFT


def test_lasting_trouble_ends_the_run(api: JobsApi, run: Run) -> None:
    api.fault = lambda _: (503, {})
    with pytest.raises(SystemExit, match="does not answer"):
        run()
