"""The crystals that come with the package: CIF and mCIF files, and folders with force constants."""

from __future__ import annotations

from pathlib import Path

from symchiral.disk import is_file
from symchiral.errors import LabelError, nearest

FORCE_FILES = ("phonopy.yaml", "phonopy.yaml.xz")
"""Names of the file with the forces in the folder of a crystal."""


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
    files = [path for pattern in ("*.cif", "*.mcif") for path in folder.glob(pattern)]
    files.sort(key=lambda path: (path.stem.lower(), path.stem))
    return {path.stem: path for path in files}


def structure_names() -> tuple[str, ...]:
    """Return the names of the packaged crystals, in alphabetical order.

    Examples
    --------
    >>> "Bi2Se3" in structure_names()
    True
    """
    return tuple(_files())


def _forces() -> dict[str, Path]:
    folder = _folder()
    if folder is None:
        return {}
    files = [path for name in FORCE_FILES for path in folder.glob(f"*/{name}")]
    files.sort(key=lambda path: (path.parent.name.lower(), path.parent.name))
    return {path.parent.name: path for path in files}


def force_data_names() -> tuple[str, ...]:
    """Return the names of the crystals packaged with force constants, in alphabetical order.

    Examples
    --------
    >>> "SiO2_quartz_P3121" in force_data_names()
    True
    """
    return tuple(_forces())


def find_structure(name: str) -> Path:
    """Return the file of a packaged crystal; case does not matter and ``.cif`` may be left out.

    Parameters
    ----------
    name : str
        One of :func:`structure_names`, or one of :func:`force_data_names` followed by
        ``/phonopy.yaml``.

    Raises
    ------
    LabelError
        If there is no such crystal.

    Examples
    --------
    >>> find_structure("bi2se3").name
    'Bi2Se3.cif'
    >>> find_structure("ZnO/phonopy.yaml").name
    'phonopy.yaml.xz'
    """
    stem, slash, file = name.replace("\\", "/").rpartition("/")
    if slash and file.lower() in FORCE_FILES:
        files, kind = _forces(), "force constants of a crystal"
    else:
        files, kind, stem = _files(), "crystal", name.removesuffix(".cif")
    wanted = stem.lower().removesuffix(".cif").removesuffix(".mcif")
    for known, path in files.items():
        if known.lower() == wanted:
            return path
    raise LabelError(
        f"no packaged structure {name!r}",
        why=f"symchiral ships no {kind} of that name",
        fix=nearest(stem, files) if files else "give the path of a file",
    )


def find_beside(name: str) -> Path | None:
    """Return a file that lies beside packaged force data, ``Bi2Se3/couplings.json``, if there is.

    Examples
    --------
    >>> find_beside("Bi2Se3/couplings.json").name
    'couplings.json'
    >>> find_beside("nowhere/couplings.json") is None
    True
    """
    folder, _, file = name.replace("\\", "/").rpartition("/")
    try:
        found = find_structure(f"{folder}/phonopy.yaml").parent / file
    except LabelError:
        return None
    return found if is_file(found) else None
