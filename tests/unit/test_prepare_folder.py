"""What gives a folder on the node to a service's user. Run as root it changes real owners, too."""

from __future__ import annotations

import os

import pytest

from tests.unit.fake_api import load_script

script = load_script("prepare_folder")


@pytest.fixture
def given(monkeypatch) -> list[tuple[str, int, int]]:
    """Who got what, in order; owners stay as they are."""
    calls: list[tuple[str, int, int]] = []
    monkeypatch.setattr(script.os, "lchown", lambda path, uid, gid: calls.append((path, uid, gid)))
    return calls


def test_a_folder_of_another_user_is_given_away_with_all_in_it_and_itself_last(given, tmp_path):
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "file").write_text("kept")
    assert script.main([str(tmp_path), "65534", "65533"]) == 0
    paths = [os.path.relpath(path, tmp_path) for path, uid, gid in given if (uid, gid) == (65534, 65533)]
    assert sorted(paths) == [".", "deep", "deep/deeper", "deep/file"]
    assert paths[-1] == "."


def test_a_link_is_given_away_and_not_followed(given, tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (outside / "secret").write_text("not ours")
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    script.main([str(folder), "65534", "65533"])
    assert {os.path.relpath(path, tmp_path) for path, *_ in given} == {"folder", "folder/link"}


def test_a_folder_that_is_the_users_already_is_left_alone(given, tmp_path, capsys):
    (tmp_path / "of-somebody").write_text("")
    assert script.main([str(tmp_path), str(os.getuid()), str(tmp_path.stat().st_gid)]) == 0
    assert given == []
    assert "is user" in capsys.readouterr().out


def test_a_refusal_ends_with_its_reason(monkeypatch, tmp_path, capsys):
    def refuse(path, uid, gid):
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr(script.os, "lchown", refuse)
    assert script.main([str(tmp_path), "65534", "65533"]) == 1
    assert "Operation not permitted" in capsys.readouterr().err


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_root_really_gives_it(tmp_path):
    (tmp_path / "file").write_text("kept")
    assert script.main([str(tmp_path), "65534", "65533"]) == 0
    assert (tmp_path / "file").stat().st_uid == tmp_path.stat().st_uid == 65534
    assert (tmp_path / "file").read_text() == "kept"
