"""Template files, read as text: nothing changes from one rendering to the next, nothing hides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from tests.chart.charts import CHARTS, LIBRARY, UMBRELLA, load_yaml, subcharts, templates
from tests.chart.template_text import actions, without_strings, words

pytestmark = pytest.mark.lint

ALL = (*subcharts(), LIBRARY, UMBRELLA)

FORBIDDEN: Mapping[str, str] = {
    "lookup": "asks the cluster, so `helm template` and Argo CD see something else",
    "now": "a clock",
    "ago": "a clock",
    "randAlphaNum": "random",
    "randAlpha": "random",
    "randNumeric": "random",
    "randAscii": "random",
    "randBytes": "random",
    "randInt": "random",
    "shuffle": "random",
    "uuidv4": "random",
    "genPrivateKey": "random",
    "genCA": "random",
    "genCAWithKey": "random",
    "genSelfSignedCert": "random",
    "genSelfSignedCertWithKey": "random",
    "genSignedCert": "random",
    "genSignedCertWithKey": "random",
    "htpasswd": "a random salt",
    "bcrypt": "a random salt",
    "encryptAES": "a random initial vector",
    "derivePassword": "secrets come from the generator",
    "getHostByName": "asks the network",
    "tpl": "text in values would be run as a template",
}
_STEADY = {"KubeVersion", "APIVersions", "Namespace", "Name", "Service"}
# The chart's own files may be templates.
_OWN_FILE = re.compile(r'tpl \(\$?\.Files\.Get "[^"]*"\)')


def problems(text: str) -> Iterator[str]:
    """What is wrong with one template's text."""
    for action in actions(text):
        for word in sorted(words(_OWN_FILE.sub("", action)) & FORBIDDEN.keys()):
            yield f"{word}: {FORBIDDEN[word]}"
        for place, use in re.findall(r"\.(Capabilities|Release)\.(\w+)", without_strings(action)):
            if use not in _STEADY:
                yield f".{place}.{use}: differs between `helm template` and `helm install`"
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*(- )?image: ", line) and 'include "pai-common.' not in line:
            yield f"line {number}: an image that does not come from pai-common"


@pytest.mark.parametrize("folder", ALL)
def test_templates_are_steady_and_plain(folder: str) -> None:
    found = {path: list(problems(text)) for path, text in templates(folder).items()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("text", "words_"),
    [
        *((f"{{{{ {function} . }}}}", function) for function in FORBIDDEN),
        ("{{- if .Values.a }}{{ $x := randAlphaNum 8 | quote -}}{{ end }}", "randAlphaNum"),
        ("{{ tpl .Values.text . }}", "tpl"),
        ("{{ .Capabilities.HelmVersion }}", "HelmVersion"),
        ("{{ $root.Release.IsInstall }}", "IsInstall"),
        ("      image: nginx:1.27", "line 1"),
    ],
)
def test_template_text_is_refused(text: str, words_: str) -> None:
    assert words_ in "\n".join(problems(text))


@pytest.mark.parametrize(
    "text",
    [
        "{{/* there is no lookup here, now */}}",
        '{{ required "look it up now" .Values.now }}',
        "{{ .Capabilities.KubeVersion.Minor }}",
        '{{ tpl (.Files.Get "files/nginx.conf") . }}',
        'image: {{ include "pai-common.image" (dict) }}',
    ],
)
def test_template_text_passes(text: str) -> None:
    assert list(problems(text)) == []


@pytest.mark.parametrize("folder", ALL)
def test_chart_metadata(folder: str) -> None:
    metadata = load_yaml(CHARTS / folder / "Chart.yaml")
    expected = {
        "apiVersion": "v2",
        "name": folder,
        "type": "library" if folder == LIBRARY else "application",
        "kubeVersion": ">=1.25.0-0",
    }
    assert {key: metadata.get(key) for key in expected} == expected
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert isinstance(metadata["appVersion"], str)
    assert metadata["description"].endswith(".")


@pytest.mark.parametrize("folder", [*subcharts(), UMBRELLA])
def test_chart_leaves_out_what_only_developers_need(folder: str) -> None:
    ignored = (CHARTS / folder / ".helmignore").read_text(encoding="utf-8").split()
    assert {"ci/", "values.schema.yaml"} <= set(ignored)


def test_umbrella_depends_on_every_subchart() -> None:
    dependencies = load_yaml(CHARTS / UMBRELLA / "Chart.yaml")["dependencies"]
    missing = set(subcharts()) - {dependency["name"] for dependency in dependencies}
    assert missing == set()


def test_umbrella_switches_every_subchart() -> None:
    dependencies = load_yaml(CHARTS / UMBRELLA / "Chart.yaml")["dependencies"]
    always = {LIBRARY, "cluster-configuration"}
    conditions = {
        entry["name"]: entry.get("condition") for entry in dependencies if entry["name"] not in always
    }
    assert conditions == {name: f"{name}.enabled" for name in conditions}
