"""Names of files as the readers of a report know them: from the top of their repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that a repository lies in, and the one below it where the command was given."""

    root: PurePath
    folder: PurePath

    @classmethod
    def of(cls, folder: Path, root: str = "") -> Workspace:
        """Return the workspace of a command given in folder; without a root that is its root too."""
        here = folder.resolve()
        return cls(Path(root).resolve() if root else here, here)

    def path(self, file: str) -> str:
        """Return a file's path from the root, the absolute one of a file outside."""
        path = PurePath(os.path.normpath(self.folder / file))
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()

    def uri(self, file: str) -> str:
        """Return a file's address: relative to the root, of a file outside absolute (RFC 3986)."""
        path = PurePath(self.path(file))
        return path.as_uri() if path.is_absolute() else quote(path.as_posix())
