"""No report shows a password, whichever of YAML's signs stand around it, on one line or two."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from paichart.codes import all_codes
from paichart.report import as_github, as_json, as_sarif, as_text
from paichart.report.paths import Workspace
from tests.unit.checking import LAYOUT, documents, problems

SECRET = "hunter2"  # noqa: S105 - it is one in no program
SIGNS = "\"'*&!|>%@`{}[],:#?- \t=~<.0aA/\\\u201c\u200b"
BEFORE, AFTER = (
    st.text(st.sampled_from(SIGNS), max_size=8),
    st.text(st.sampled_from(SIGNS + "\n"), max_size=8),
)
PLACES = st.sampled_from(
    [
        "docker_registry_password: {}\n",
        "docker_registry_pasword: {}\n",
        '"docker_registry_password": {}\n',
        "docker_registry_password:\n  {}\n",
        "docker_registry_password: |\n  {}\n",
        "paichart: {{external-url: 'https://me:{}@x/'}}\n",
    ]
)
HERE = Workspace(PurePosixPath("/repo"), PurePosixPath("/repo"))


@settings(max_examples=50, deadline=None)
@given(place=PLACES, before=BEFORE, after=AFTER)
@example(place="docker_registry_password: {}\n", before="#", after="")
@example(place="docker_registry_password: {}\n", before="", after=": x")
def test_no_report_shows_a_password(place, before, after):
    assume("\n" not in after or "://" not in place)  # no address goes on in another line
    config = "docker_image_tag: v1.8.0\n" + place.format(f"{before}{SECRET}{after}")
    found, lines = problems(config, LAYOUT), documents(config, LAYOUT).lines()
    codes = all_codes()
    reports = [
        as_text.report(found, lines),
        json.dumps(as_json.problems(found)),
        as_github.commands(found, codes, HERE),
        json.dumps(as_sarif.document(found, lines, codes=codes, version="0", workspace=HERE)),
    ]
    for text in reports:
        assert SECRET not in text
