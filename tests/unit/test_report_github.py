"""Annotations: lines as GitHub's runner reads them.

The runner cuts a command at `::`, its properties at `,` and `=`, and undoes what command.ts of
actions/toolkit does.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from paichart.codes import all_codes
from paichart.problems import Problem, Severity, Span
from paichart.report import as_github
from paichart.report.paths import Workspace

HERE = Workspace(PurePosixPath("/repo"), PurePosixPath("/repo"))


def lines(*problems: Problem, workspace: Workspace = HERE) -> list[str]:
    return as_github.commands(problems, all_codes(), workspace).splitlines()


def test_a_problem_is_one_line_with_its_place_its_code_and_its_cure():
    problem = Problem(
        Span("layout.yaml", 3, 17, 10), "PAI012", "no machine SKU named 'x'", "did you mean 'y'?"
    )
    assert lines(problem) == [
        "::error file=layout.yaml,line=3,col=17,endColumn=27,title=PAI012 A machine of no known kind"
        "::No machine SKU named 'x'.%0ADid you mean 'y'?",
        "1 error",
    ]


def test_characters_that_mean_something_in_a_command_are_escaped():
    problem = Problem(Span("a,b:c/100%.yaml", 1, 1), "PAI044", "50% :: of\r\nit", "x: y, z")
    assert lines(problem)[0] == (
        "::error file=a%2Cb%3Ac/100%25.yaml,line=1,col=1,endColumn=2,"
        "title=PAI044 Passwords over plain http%2C or an address that does not fit"
        "::50%25 :: of%0D%0Ait.%0AX: y, z."
    ).replace("X: y", "x: y")


@pytest.mark.parametrize(
    ("severity", "command"),
    [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")],
)
def test_each_severity_has_its_command(severity, command):
    assert lines(Problem(Span("f"), "PAI001", "x", severity=severity))[0].startswith(f"::{command} file=f,")


def test_the_log_says_when_nothing_is_wrong():
    assert lines() == ["no problems"]


@pytest.mark.parametrize(
    ("root", "folder", "file", "path", "uri"),
    [
        ("/repo", "/repo", "site/layout.yaml", "site/layout.yaml", "site/layout.yaml"),
        ("/repo", "/repo/sites", "./a/layout.yaml", "sites/a/layout.yaml", "sites/a/layout.yaml"),
        ("/repo", "/repo/sites", "../b/layout.yaml", "b/layout.yaml", "b/layout.yaml"),
        ("/repo", "/repo", "/repo/a/layout.yaml", "a/layout.yaml", "a/layout.yaml"),
        ("/repo", "/repo", "/etc/pai/layout.yaml", "/etc/pai/layout.yaml", "file:///etc/pai/layout.yaml"),
        ("/repo", "/repo", "../x y.yaml", "/x y.yaml", "file:///x%20y.yaml"),
        (
            "/repo",
            "/repo",
            "größe 1%/lay#out.yaml",
            "größe 1%/lay#out.yaml",
            "gr%C3%B6%C3%9Fe%201%25/lay%23out.yaml",
        ),
    ],
)
def test_files_are_named_from_the_top_of_the_repository(root, folder, file, path, uri):
    workspace = Workspace(PurePosixPath(root), PurePosixPath(folder))
    assert (workspace.path(file), workspace.uri(file)) == (path, uri)


def test_a_checkout_that_is_reached_by_a_link_is_the_same(tmp_path):
    (tmp_path / "real/sites").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    workspace = Workspace.of(tmp_path / "real/sites", str(tmp_path / "link"))
    assert workspace.path("layout.yaml") == "sites/layout.yaml"
    assert Workspace.of(Path(tmp_path)).path("a.yaml") == "a.yaml"
