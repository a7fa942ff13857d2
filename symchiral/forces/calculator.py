"""An ASE calculator and who it is: the packaged potential, a factory of the user, or an object."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from symchiral.disk import is_file
from symchiral.errors import CalculatorError, install, nearest
from symchiral.quiet import quiet

MODEL = "7net-l3i5"
"""The SevenNet checkpoint that ``sevenn`` means; it lies inside the package of that name."""

SINGLE = 0.01
"""Smallest displacement, Å, whose forces single precision still resolves."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Identity:
    """Who answered: enough to tell whether a stored answer is that of the same calculator.

    Attributes
    ----------
    name : str
        Name of the calculator.
    version : str or None
        Version of the package it comes from.
    checkpoint : str or None
        Name of the weights, where there are any.
    sha256 : str or None
        Hash of the weights, or of the file that defines the calculator or its factory.
    parameters : str
        Its parameters, as JSON.
    learned : bool
        Whether it is known to be a machine-learned potential.
    single : bool
        Whether it is known to compute in single precision.
    """

    name: str
    version: str | None = None
    checkpoint: str | None = None
    sha256: str | None = None
    parameters: str = "{}"
    learned: bool = False
    single: bool = False

    @property
    def key(self) -> str:
        """Hash of everything above.

        Examples
        --------
        >>> Identity("EMT").key == Identity("EMT", version="2").key
        False
        """
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def title(self) -> str:
        """Name, weights and version in words.

        Examples
        --------
        >>> Identity("SevenNet", version="0.13.0", checkpoint="7net-l3i5").title
        'SevenNet 7net-l3i5 (0.13.0)'
        """
        words = " ".join(w for w in (self.name, self.checkpoint) if w)
        return f"{words} ({self.version})" if self.version else words


@dataclass(frozen=True, eq=False)
class Calculator:
    """An ASE calculator with its identity.

    Attributes
    ----------
    ase : object
        What has ``get_forces``: an ASE calculator.
    identity : Identity
        Who it is.
    file : str or None
        The file that was imported to make it, where a factory was named.
    """

    ase: Any
    identity: Identity
    file: str | None = None


def load_calculator(calculator: object) -> Calculator:
    """Return the calculator that is meant.

    Parameters
    ----------
    calculator : str, Calculator or ASE calculator
        ``sevenn`` (extra ``[ml]``), ``module:factory`` (a module that can be imported, or else one
        in the working directory; the factory is called without arguments), or an ASE calculator.

    Raises
    ------
    CalculatorError
        It is not installed, not known, or no calculator.

    Examples
    --------
    >>> load_calculator("ase.calculators.emt:EMT").identity.name
    'ase.calculators.emt:EMT'
    """
    if isinstance(calculator, Calculator):
        return calculator
    if not isinstance(calculator, str):
        return _of_object(calculator)
    if calculator == "sevenn":
        return _sevenn()
    if ":" in calculator:
        return _of_factory(calculator)
    raise CalculatorError(
        f"no calculator named {calculator!r}",
        why=nearest(calculator, ["sevenn"]),
        fix="write sevenn, or MODULE:FACTORY for an ASE calculator of your own, as in "
        "ase.calculators.emt:EMT",
    )


def _sevenn() -> Calculator:
    """SevenNet-l3i5 on the processor, in single precision."""
    try:
        with quiet():
            from sevenn import _const  # the path of the weights has no public name
            from sevenn.calculator import SevenNetCalculator
    except ImportError as error:
        raise CalculatorError(
            "the calculator sevenn is not installed",
            why=f"it comes with the extra [ml], which is left out by default: with PyTorch it "
            f"takes about 1.5 GB on disk ({error})",
            fix="install a CPU build of PyTorch (pytorch.org says how), then "
            f"{install('sevenn>=0.13')}; without the first step pip also brings several GB of "
            "libraries for graphics cards",
        ) from error
    weights = Path(_const.SEVENNET_l3i5)
    if not is_file(weights):
        raise CalculatorError(
            f"the weights {MODEL} are missing",
            why=f"there is no {weights}",
            fix="install sevenn again: its package contains them",
        )
    with quiet():  # it warns that no graphics card speeds it up
        ase = SevenNetCalculator(MODEL, device="cpu")
    identity = Identity(
        "SevenNet",
        version=f"sevenn {metadata.version('sevenn')}, torch {metadata.version('torch')}",
        checkpoint=MODEL,
        sha256=_hash(weights),
        learned=True,
        single=True,
    )
    return Calculator(ase, identity)


def _of_factory(text: str) -> Calculator:
    module_name, _, name = text.partition(":")
    if not all(part.isidentifier() for part in (*module_name.split("."), name)):
        raise CalculatorError(
            f"no calculator {text!r}",
            why="it is not module:factory with names as Python has them",
            fix="write it as in ase.calculators.emt:EMT, or my_potential:make for my_potential.py "
            "in the working directory",
        )
    try:
        with _installed_first():
            module = importlib.import_module(module_name)
    except Exception as error:  # whatever the code of the user raises
        raise CalculatorError(
            f"cannot import {module_name!r} for the calculator {text}",
            why=f"{type(error).__name__}: {error}",
            fix="give a module that Python can import, or a .py file of the working directory "
            "without its suffix",
        ) from error
    factory = getattr(module, name, None)
    if not callable(factory):
        known = [n for n, x in vars(module).items() if callable(x) and not n.startswith("_")]
        raise CalculatorError(
            f"no factory {name!r} in {module_name}",
            why=nearest(name, known) if known else "it defines nothing that can be called",
            fix="name a class or function that returns an ASE calculator when called",
        )
    try:
        made = factory()
    except Exception as error:
        raise CalculatorError(
            f"{text} made no calculator",
            why=f"it raised {type(error).__name__}: {error}",
            fix="check that the factory can be called without arguments",
        ) from error
    found = _of_object(made)
    return Calculator(
        made,
        Identity(
            text,
            version=found.identity.version,
            sha256=_hash_of(module),
            parameters=found.identity.parameters,
        ),
        getattr(module, "__file__", None),
    )


@contextlib.contextmanager
def _installed_first() -> Iterator[None]:
    """Let modules be imported from the working directory too, but from anywhere else before.

    A file there that is named like an installed package is not meant, nor should it be run.
    """
    before = list(sys.path)
    try:
        here = os.getcwd()
    except OSError:  # it has been removed
        here = ""
    elsewhere = [path for path in before if path and os.path.abspath(path) != here]
    sys.path[:] = [*elsewhere, here] if here else elsewhere
    try:
        yield
    finally:
        sys.path[:] = before


def _of_object(ase: Any) -> Calculator:
    if not callable(getattr(ase, "get_forces", None)):
        raise CalculatorError(
            f"{type(ase).__name__} is not a calculator",
            why="it has no method get_forces(atoms)",
            fix="give an ASE calculator: an object, not its class",
        )
    kind = type(ase)
    package = kind.__module__.partition(".")[0]
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = None
    return Calculator(
        ase,
        Identity(
            f"{kind.__module__}:{kind.__qualname__}",
            version=None if version is None else f"{package} {version}",
            sha256=_hash_of(sys.modules.get(kind.__module__)),
            parameters=_parameters(ase),
        ),
    )


def _parameters(ase: Any) -> str:
    """What the calculator says about its settings, without addresses in memory."""
    found = getattr(ase, "parameters", None)
    settings = dict(found) if isinstance(found, dict) else {}
    text = json.dumps(settings, sort_keys=True, default=repr)
    return _ADDRESS.sub("", text)


def _hash_of(module: object) -> str | None:
    """Hash of the file of a module, if it has one."""
    file = getattr(module, "__file__", None)
    return _hash(Path(file)) if file and is_file(Path(file)) else None


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
