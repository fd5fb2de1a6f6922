"""The mails of alert-manager, made by the programs that its handler makes them with.

The variables are those of src/alert-manager/src/alert-handler/controllers/mail.js, the labels those that
cluster-utilization and job-status-change-notification send (openpai v1.8.0).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from paichart.alert_actions import TEMPLATES
from tests.chart.charts import CHARTS
from tests.rig.npm import ensure

pytestmark = pytest.mark.programs

FOLDER = CHARTS / "alert-manager" / "files" / "templates"
SCRIPT = Path(__file__).with_name("render_mail.cjs")
VOID = ("meta", "br")
ODD = "<b>&\"'`${x}"
FOREIGN = "https://pai.example.com/prometheus/graph?g0.expr=up%20%3D%3D%200&g0.tab=1"
# Beyond what Node.js 10 knows, which the image has.
TOO_NEW = re.compile(r"\?\.\w|\?\?|\.(at|flat|flatMap|matchAll|replaceAll)\(|Object\.fromEntries|&&=|\|\|=")

Alert = dict[str, Any]


def alert(labels: Mapping[str, str], summary: str = "", **others: Any) -> Alert:
    return {
        "status": "firing",
        "labels": dict(labels),
        "annotations": {"summary": summary} if summary else {},
        "startsAt": "2026-11-24T10:00:00.000Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": FOREIGN,
        "fingerprint": "0123456789abcdef",
        **others,
    }


def mail(template: str, *alerts: Alert, group: Mapping[str, str] | None = None) -> dict[str, str]:
    """Subject, html and text of a mail; the variables are the handler's six and no other."""
    files = {
        kind: (FOLDER / template / f"{kind}.ejs").read_text(encoding="utf-8") for kind in ("subject", "html")
    }
    variables = {
        "cluster_id": "lab",
        "alerts": alerts,
        "groupLabels": dict(group or {}),
        "externalURL": "https://pai.example.com/alert-manager",
        "webportalURL": "https://pai.example.com",
        "troubleshootingURL": "https://openpai.readthedocs.io/en/latest/manual/cluster-admin/troubleshooting.html",
    }
    result = subprocess.run(
        ["node", SCRIPT],
        input=json.dumps({**files, "locals": variables}),
        env={**os.environ, "NODE_PATH": str(ensure("mails"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, str] = json.loads(result.stdout)
    return found


def of_job(
    name: str = "alice~train_1", summary: str = "The job alice~train_1 has failed.", **others: Any
) -> Alert:
    labels = {"alertname": "PAIJobStatusChange", "severity": "warn", "username": "alice", "job_name": name}
    return alert(labels, summary, **others)


def of_node(**others: Any) -> Alert:
    labels = {"alertname": "NodeNotReady", "severity": "fatal", "node_name": "n1"}
    return alert(labels, "n1 (10.0.0.1) is not ready", **others)


def usage(**labels: str) -> Alert:
    common = {
        "alertname": "usage",
        "report_type": "cluster-usage",
        "severity": "info",
        "trigger_time": "2026-11-24",
    }
    return alert({**common, **labels}, generatorURL="alert/script")


USAGE = (
    usage(username="bob", resources_occupied="2.50", usage="10.123%"),
    usage(cluster_usage="45.678%"),
    usage(username="alice", resources_occupied="100.00", usage="90.000%"),
    usage(
        job_name="alice~train_1",
        resources_occupied="100.00",
        gpu_number="4",
        usage="90.000%",
        duration="1 day, 2:03:04",
        start_time="26-11-20 01:02:03",
        status="RUNNING",
    ),
)
SAMPLES: dict[str, tuple[Alert, ...]] = {
    "general-templates": (of_node(), of_node(status="resolved")),
    "cluster-usage": USAGE,
    "job-status-change": (of_job(),),
    "kill-low-efficiency-job-alert": (of_job(),),
}


class Page(HTMLParser):
    """Reads a page; tags that don't match are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def links(self) -> list[str | None]:
        return [attributes["href"] for tag, attributes in self.seen if tag == "a"]


def test_the_generator_knows_the_templates() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(TEMPLATES) == sorted(SAMPLES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mail_can_be_read_anywhere(template: str) -> None:
    made = mail(template, *SAMPLES[template], group={"alertname": "NodeNotReady", "severity": "fatal"})
    page = Page(made["html"])
    tags = {tag for tag, _ in page.seen}
    # Nothing is fetched, nothing is wider than a phone, nothing needs a table to be understood.
    assert not tags & {"img", "script", "link", "style", "table", "iframe", "form"}
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.seen
    for text in made.values():
        assert not re.search(r"undefined|\[object|NaN|<%|%>", text)
    assert "lab" in made["subject"]
    assert "lab" in made["text"].lower()


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_subject_is_one_short_line(template: str) -> None:
    made = mail(template, *SAMPLES[template], group={"alertname": "NodeNotReady", "severity": "fatal"})
    assert "\n" not in made["subject"]
    assert len(made["subject"]) < 80


@pytest.mark.parametrize(
    "template", ["general-templates", "job-status-change", "kill-low-efficiency-job-alert"]
)
def test_odd_characters_stay_text(template: str) -> None:
    odd = of_job(f"alice~{ODD}", ODD, generatorURL=f"{FOREIGN}&x={ODD}")
    made = mail(template, odd, group={"alertname": ODD})
    assert "<b>" not in made["html"]
    assert ODD in made["text"]
    assert ODD in "".join(Page(made["html"]).words)
    # A subject is no page: what is escaped there would be shown escaped.
    assert ODD in made["subject"]


def test_odd_characters_of_a_report_stay_text() -> None:
    made = mail("cluster-usage", usage(username=ODD, resources_occupied="1.00", usage=ODD))
    assert "<b>" not in made["html"]
    assert made["text"].count(ODD) == 2


@pytest.mark.parametrize("template", ["job-status-change", "kill-low-efficiency-job-alert"])
def test_a_job_is_linked_to_its_page(template: str) -> None:
    # src/webportal: job-detail.html reads username and jobName; the label is user~job.
    made = mail(
        template, of_job("alice~train_1"), of_job("alice~a&b c"), of_job("alice~over", status="resolved")
    )
    base = "https://pai.example.com/job-detail.html?username=alice&jobName="
    assert Page(made["html"]).links == [f"{base}train_1", f"{base}a%26b%20c"]
    assert "The job alice~train_1 has failed." in made["text"]


def test_subjects_name_the_job_or_count_jobs() -> None:
    assert mail("job-status-change", of_job())["subject"] == "lab: news of job train_1"
    assert mail("job-status-change", of_job(), of_job("alice~b"))["subject"] == "lab: news of 2 jobs"
    assert mail("kill-low-efficiency-job-alert", of_job())["subject"] == "lab: job train_1 is stopped"


def test_a_job_that_changed_twice_is_one_job() -> None:
    assert mail("job-status-change", of_job(), of_job())["subject"] == "lab: news of job train_1"


def test_general_mail_tells_what_fires_and_what_ended() -> None:
    group = {"alertname": "NodeNotReady", "severity": "fatal"}
    made = mail("general-templates", of_node(), of_node(status="resolved"), of_node(), group=group)
    assert made["subject"] == "lab: NodeNotReady (2 firing, fatal)"
    text = made["text"]
    assert text.index("FIRING (2)") < text.index("RESOLVED (1)")
    assert text.count("n1 (10.0.0.1) is not ready") == 3
    assert "severity: fatal, node_name: n1" in text
    assert "since 2026-11-24T10:00:00.000Z" in text


def test_general_mail_of_alerts_that_all_ended() -> None:
    made = mail("general-templates", of_node(status="resolved"), group={"alertname": "NodeNotReady"})
    assert made["subject"] == "lab: NodeNotReady (1 resolved)"
    assert "FIRING" not in made["text"]


def test_general_mail_leads_to_figures_alerts_and_the_handbook() -> None:
    assert Page(mail("general-templates", of_node())["html"]).links == [
        FOREIGN,
        "https://pai.example.com/alert-manager/#/alerts",
        "https://openpai.readthedocs.io/en/latest/manual/cluster-admin/troubleshooting.html",
    ]


@pytest.mark.parametrize("address", ["alert/script", "", "javascript:alert(1)"])
def test_only_addresses_become_links(address: str) -> None:
    # cert-expiration-checker says `alert/script`.
    assert len(Page(mail("general-templates", of_node(generatorURL=address))["html"]).links) == 2


def test_general_mail_without_annotations() -> None:
    bare = of_node()
    del bare["annotations"]
    assert "node_name: n1" in mail("general-templates", bare)["text"]


def test_usage_is_sorted_by_hours() -> None:
    text = mail("cluster-usage", *USAGE)["text"]
    assert "All GPUs, on average: 45.678%" in text
    assert text.index("alice\n100.00 GPU hours, 90.000% used") < text.index(
        "bob\n2.50 GPU hours, 10.123% used"
    )
    assert "alice~train_1\n100.00 GPU hours on 4 GPUs, 90.000% used\nRUNNING, began 26-11-20 01:02:03" in text


def test_usage_of_a_cluster_that_nobody_used() -> None:
    text = mail("cluster-usage", usage(cluster_usage="0%"))["text"]
    assert "Nobody used a GPU." in text
    assert "No job used a GPU." in text


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.ejs")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_the_images_node_reads_the_templates(path: Path) -> None:
    assert TOO_NEW.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", ["a?.b", "a ?? b", "x.flatMap(f)", "Object.fromEntries(x)"])
def test_syntax_that_is_too_new_is_seen(text: str) -> None:
    assert TOO_NEW.search(text)
