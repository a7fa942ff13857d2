"""Metadata hook of the build: the README as the package index shows it.

In the repository the README links to its own files. On a package index such links lead nowhere, so
they are made absolute with the address ``Repository`` of ``[project.urls]``, at the tag of the
version. Without that address the README is taken as it stands.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<path>(?!\w+:|#)[^)\s]+)\)")


def absolute(text: str, repository: str, tag: str) -> str:
    """Return a Markdown text whose links to files of the repository are absolute."""

    def renewed(match: re.Match[str]) -> str:
        kind = "raw" if match["picture"] else "blob"
        place = f"{repository.rstrip('/')}/{kind}/{tag}/{match['path']}"
        return f"{match['picture']}[{match['text']}]({place})"

    return _LINK.sub(renewed, text)


class ReadmeHook(MetadataHookInterface):
    """Sets ``readme``, which ``pyproject.toml`` declares dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Read the README and make its links absolute, if there is an address."""
        root = Path(self.root)
        text = (root / "README.md").read_text(encoding="utf-8")
        repository = metadata.get("urls", {}).get("Repository")
        if repository:
            version = (root / "symchiral" / "version.py").read_text(encoding="utf-8")
            found = re.search(r'^__version__ = "(.+)"$', version, re.MULTILINE)
            if found is None:
                raise ValueError("symchiral/version.py states no version")
            text = absolute(text, repository, f"v{found[1]}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
