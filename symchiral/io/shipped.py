"""The crystals that come with the package."""

from __future__ import annotations

from pathlib import Path

from symchiral.errors import LabelError, nearest


def _folder() -> Path | None:
    """Return the folder of the crystals: in the package (wheel) or beside it (checkout)."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent
    candidates = [package / "structures"]
    if (beside / "pyproject.toml").is_file():
        candidates.append(beside / "structures")
    return next((folder for folder in candidates if folder.is_dir()), None)


def _files() -> dict[str, Path]:
    folder = _folder()
    if folder is None:
        return {}
    files = sorted(folder.glob("*.cif"), key=lambda path: (path.stem.lower(), path.stem))
    return {path.stem: path for path in files}


def structure_names() -> tuple[str, ...]:
    """Return the names of the packaged crystals, in alphabetical order.

    Examples
    --------
    >>> "Bi2Se3" in structure_names()
    True
    """
    return tuple(_files())


def find_structure(name: str) -> Path:
    """Return the file of a packaged crystal; case does not matter and ``.cif`` may be left out.

    Parameters
    ----------
    name : str
        One of :func:`structure_names`.

    Raises
    ------
    LabelError
        If there is no such crystal.

    Examples
    --------
    >>> find_structure("bi2se3").name
    'Bi2Se3.cif'
    """
    files = _files()
    wanted = name.lower().removesuffix(".cif")
    for stem, path in files.items():
        if stem.lower() == wanted:
            return path
    raise LabelError(
        f"no packaged structure {name!r}",
        why="symchiral ships no crystal of that name",
        fix=nearest(name.removesuffix(".cif"), files) if files else "give the path of a file",
    )
