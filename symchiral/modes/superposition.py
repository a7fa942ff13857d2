"""Sums of modes, ``E#1(x)``, ``E#1(+) + 0.5 i E#1(-)``: of one frequency again a mode, but of no l.

:func:`parse_sum` reads the text, :func:`superpose` makes of it one mode for every frequency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from symchiral.errors import GrammarError, LabelError
from symchiral.modes.mode import Mode, Modes, Multiplet
from symchiral.modes.names import ModeName, find_name
from symchiral.value import Complex, Floats, frozen

LINEAR = ("x", "y")
"""Linear partners of a circular pair."""

SAME = 1e-6
"""THz: modes whose frequencies differ by more are not of one frequency."""

TIED = 1e-6
"""Atoms that move less by no more than this share move as much."""

_SIGN = re.compile(r"(?:^|(?<=\s))([+\-−])(?=\s|$)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_ANGLE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:deg|°)")
_FIX = (
    'write for instance "E#1(x)", "E#1(+) + 0.5 i E#1(-)" or "E#1(+) - 30deg E#1(-)", with blanks '
    "around signs and factors"
)


@dataclass(frozen=True, eq=False, repr=False)
class Superposition(Mode):
    r"""A normalised sum of modes of one frequency, :math:`e = \sum_a c_a e_a`.

    It has no pseudo-angular momentum of its own; its angular momentum is that of its motion.

    Attributes
    ----------
    text : str
        The sum, as it was asked for.
    amplitude : float
        Of its mode coordinate, beside those of other frequencies in the same sum.
    """

    text: str = ""
    amplitude: float = 1.0

    @property
    def name(self) -> str:
        """The sum."""
        return self.text


@dataclass(frozen=True)
class Addend:
    """One mode of a sum.

    Attributes
    ----------
    factor : complex
        Its amplitude.
    name : ModeName
        The mode; its component may be ``x`` or ``y``.
    """

    factor: complex
    name: ModeName


def parse_sum(text: str) -> tuple[Addend, ...]:
    """Read a sum of modes.

    Signs between modes have blanks on both sides. Before a mode stand a number, ``i``, an angle
    ``30deg`` for a phase, or several of them.

    Raises
    ------
    GrammarError
        It is no such sum, or its modes are at several wavevectors.

    Examples
    --------
    >>> [(str(t.name), t.factor) for t in parse_sum("Eu#1(+) - 0.5 i Eu#1(-)")]
    [('Eu#1(+)', (1+0j)), ('Eu#1(-)', (-0-0.5j))]
    >>> parse_sum("E_u#2(x)")[0].name.component
    'x'
    """
    pieces = _SIGN.split(text.strip())
    terms = [] if pieces[0].strip() == "" and len(pieces) > 1 else [_term(pieces[0], 1, text)]
    for sign, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        terms.append(_term(piece, 1 if sign == "+" else -1, text))
    if len({term.name.place for term in terms}) > 1:
        raise GrammarError(
            f"cannot add {text!r}",
            why="its modes are at different wavevectors",
            fix="write @q after every mode, the same for all",
        )
    return tuple(terms)


def _term(piece: str, sign: int, text: str) -> Addend:
    words = piece.replace("*", " ").split()
    if not words:
        raise GrammarError(f"cannot add {text!r}", why="a sign has no mode beside it", fix=_FIX)
    factor = complex(sign)
    for word in words[:-1]:
        angle = _ANGLE.fullmatch(word)
        number = word.removesuffix("i") if word != "i" else "1"
        if angle is not None:
            factor *= complex(np.exp(1j * np.radians(float(angle[1]))))
        elif _NUMBER.fullmatch(number):
            factor *= float(number) * (1j if word.endswith("i") else 1)
        else:
            raise GrammarError(
                f"cannot add {text!r}",
                why=f"{word!r} is not a number, i, or an angle such as 30deg",
                fix=_FIX,
            )
    return Addend(factor, ModeName.parse(words[-1]))


def superpose(
    modes: Modes, terms: Sequence[Addend], *, x: Floats | None = None, text: str
) -> tuple[Superposition, ...]:
    """Return a sum of modes as one mode for every frequency in it, the first named first.

    Parameters
    ----------
    modes : Modes
        At their wavevector.
    terms : sequence of Addend
        As :func:`parse_sum` reads them.
    x : (3,) float, optional
        Cartesian unit vector that linear partners refer to; without an axis there are none.
    text : str
        The sum.

    Raises
    ------
    LabelError
        There is no such mode; nothing is left.
    """
    sums: list[tuple[Addend, float, Complex]] = []
    for term in terms:
        if term.name.component in LINEAR:
            pair = _pair(modes, term.name)
            vector = linear_partners(modes, pair, x)[LINEAR.index(term.name.component)]
            frequency = pair.frequency
        else:
            mode = modes.find(str(term.name))
            vector, frequency = mode.eigenvector, mode.frequency
        moved = term.factor * vector
        for i, (first, f, total) in enumerate(sums):
            if abs(frequency - f) <= SAME:
                sums[i] = first, f, total + moved
                break
        else:
            sums.append((term, frequency, moved))
    norms = [float(np.linalg.norm(total)) for *_, total in sums]
    if not 1e-9 < min(norms) <= max(norms) < np.inf:
        raise LabelError(
            f"no motion is left of {text!r}",
            why="its terms cancel, or are zero, or too large",
            fix="give other factors",
        )
    return tuple(
        Superposition(
            label=first.name.species,
            number=first.name.number,
            component="",
            pam=None,
            residue=None,
            frequency=frequency,
            eigenvector=frozen(total / norm, np.complex128),
            fixed=True,
            text=" ".join(text.split())
            if len(sums) == 1
            else str(replace(first.name, component="", place="")),
            amplitude=norm,
        )
        for (first, frequency, total), norm in zip(sums, norms, strict=True)
    )


def linear_partners(
    modes: Modes, multiplet: Multiplet, x: Floats | None
) -> tuple[Complex, Complex]:
    r"""Return the linear partners x and y of a circular pair, as eigenvectors.

    :math:`e_x = (e^{iφ} e_+ + e^{-iφ} e_-)/\sqrt 2` and
    :math:`e_y = (e^{iφ} e_+ - e^{-iφ} e_-)/(i\sqrt 2)`, so that e_+ is
    :math:`e^{-iφ}(e_x + i e_y)/\sqrt 2`. The phase φ is that for which the atom that can move most
    along x in such a sum does so in e_x, the first of several that can move as much; x and y are
    those of the axis, as for light. Other atoms move as symmetry and the forces have it.

    Raises
    ------
    LabelError
        It is no circular pair.
    """
    components = {mode.component for mode in multiplet.modes}
    if x is None or not components >= {"+", "-"}:
        raise LabelError(
            f"no linear partners of {multiplet.name}",
            why="x and y are those of a circular pair, (+) and (-), and it is none",
            fix="name the mode as modes prints it",
        )
    plus, minus = multiplet.plus.eigenvector, multiplet.minus.eigenvector
    v, w = (e @ x / np.sqrt(modes.masses) for e in (plus, minus))
    size = np.abs(v) * np.abs(w)
    atom = int(np.flatnonzero(size >= size.max() * (1 - TIED))[0])
    phase = np.exp(-0.5j * np.angle(v[atom] * w[atom].conj()))
    # That of the pair as a whole: the displacement of the atom is real and positive.
    common = np.exp(-1j * np.angle(phase * v[atom] + phase.conj() * w[atom]))
    a, b = common * phase * plus, common * phase.conj() * minus
    return (a + b) / np.sqrt(2), (a - b) / (1j * np.sqrt(2))


def _pair(modes: Modes, name: ModeName) -> Multiplet:
    """The partners that a name with a linear component is of."""
    here = modes.multiplets[0].species.place
    names = [str(replace(ModeName.parse(m.name), place=here)) for m in modes.multiplets]
    asked = replace(name, component="", place=name.place or here)
    found = find_name(str(asked), names, (m.species for m in modes.multiplets))
    return modes.multiplets[names.index(found)]
