r"""What the text of a CIF says, and nothing more: data blocks of tags and values.

Reference: S. R. Hall, F. H. Allen, I. D. Brown, *Acta Cryst.* **A47**, 655 (1991) and the CIF 1.1
syntax of the IUCr. Tags are lower-cased and dots become underscores, so that core CIF
(``_cell_length_a``) and DDLm or mmCIF spelling (``_cell.length_a``) meet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from symchiral.errors import ReadError
from symchiral.units import counted

_TOKEN = re.compile(
    r"""
      ^;(?P<text>(?:.*\n)+?);        # text field: from a leading semicolon to the next one
    | (?P<open>^;)                   # … that is never closed
    | \#.*                           # comment
    | '(?P<single>(?:[^'\n]|'(?=\S)){0,4096})'(?=\s|\Z)
    | "(?P<double>(?:[^"\n]|"(?=\S)){0,4096})"(?=\s|\Z)
    | (?P<bare>\S+)
    """,
    re.MULTILINE | re.VERBOSE,
)
_NUMBER = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][+-]?\d{1,4})?)(?:\(\d*\)?)?(\.?)", re.ASCII
)
_DASHES = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d", "-"))
_KEYWORD = re.compile(r"(data_|loop_$|save_|global_$|stop_$)", re.IGNORECASE)
_LOOKS_LIKE_CIF = re.compile(
    r"^[ \t]*(data_\S*[ \t\r]*$|_cell[_.]length_a\s|_atom_site[_.])", re.MULTILINE | re.IGNORECASE
)
_ESSENTIAL = ("_atom_site_", "_cell_", "_space_group_symop", "_symmetry_equiv_pos")


@dataclass(frozen=True)
class DataBlock:
    """One data block of a CIF.

    Attributes
    ----------
    name : str
        What follows ``data_``.
    values : dict
        Tag → values; a tag outside a loop has one.
    notes : tuple of str
        What was skipped, one sentence each.
    """

    name: str
    values: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()

    def first(self, *tags: str) -> str | None:
        """Return the first value of the first tag that has one (``?`` and ``.`` are none)."""
        for tag in tags:
            for value in self.values.get(tag, ())[:1]:
                if value.strip() not in ("", "?", "."):
                    return value.strip()
        return None

    def column(self, *tags: str) -> tuple[str, ...] | None:
        """Return all values of the first of these tags that is present."""
        return next((self.values[tag] for tag in tags if tag in self.values), None)


@dataclass
class _Draft:
    name: str
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    oddities: int = 0

    def odd(self, text: str, at: int, what: str) -> None:
        """Keep the first few: a broken file has thousands, and counting lines takes time."""
        self.oddities += 1
        if self.oddities <= 3:
            self.notes.append(f"line {_line(text, at)}: {what}")

    def put(self, tag: str, values: tuple[str, ...]) -> None:
        if tag in self.values:
            if self.values[tag] != values and tag.startswith(_ESSENTIAL):
                self.notes.append(f"{tag} is given twice; the first value is used")
        else:
            self.values[tag] = values

    def block(self) -> DataBlock:
        more = self.oddities - 3
        tail = [f"{more} more oddities of the CIF text were skipped"] if more > 0 else []
        return DataBlock(self.name, self.values, (*self.notes, *tail))


@dataclass(frozen=True)
class _Token:
    kind: str  # "tag", "value", or a keyword in lower case
    text: str
    at: int


def looks_like_cif(text: str) -> bool:
    r"""Tell whether a text has a CIF's data block or its tags.

    Examples
    --------
    >>> looks_like_cif("data_x\n_cell_length_a 4"), looks_like_cif("Si\n1.0\n")
    (True, False)
    """
    return _LOOKS_LIKE_CIF.search(text) is not None


def parse_cif(text: str, *, name: str = "this CIF") -> tuple[DataBlock, ...]:
    r"""Split a CIF into its data blocks.

    Parameters
    ----------
    text : str
        The CIF.
    name : str
        How errors call it.

    Raises
    ------
    ReadError
        If a text field is not closed or a loop of atoms or operations is incomplete.

    Examples
    --------
    >>> (block,) = parse_cif("data_x\n_a.b 'two words'\nloop_ _c _d 1 2 3 4")
    >>> block.name, dict(block.values)
    ('x', {'_a_b': ('two words',), '_c': ('1', '3'), '_d': ('2', '4')})
    """
    tokens = _tokens(text, name)
    drafts: list[_Draft] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        i += 1
        if token.kind == "data_":
            drafts.append(_Draft(token.text[5:]))
            continue
        if token.kind in ("save_", "global_", "stop_"):
            continue
        if not drafts:
            drafts.append(_Draft(""))  # many hand-written files lack the data_ line
        draft = drafts[-1]
        if token.kind == "loop_":
            i = _loop(tokens, i, draft, text, name)
        elif token.kind == "tag":
            i = _item(tokens, i, draft, text)
        else:
            draft.odd(text, token.at, f"stray text {token.text[:30]!r} was skipped")
    return tuple(draft.block() for draft in drafts)


def _tokens(text: str, name: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind is None:
            continue
        if kind == "open":
            raise ReadError(
                f"cannot read {name}",
                why=f"the text field opened by ';' on line {_line(text, match.start())} "
                "is never closed",
                fix="put a line that holds only ';' where the text ends",
            )
        word = match[kind]
        if kind == "bare":
            if word[0] == "_":
                found.append(_Token("tag", word.lower().replace(".", "_"), match.start()))
                continue
            keyword = _KEYWORD.match(word)
            if keyword:
                found.append(_Token(keyword[1].lower(), word, match.start()))
                continue
        found.append(_Token("value", word, match.start()))
    return found


def _item(tokens: list[_Token], i: int, draft: _Draft, text: str) -> int:
    """Read the value of one tag; unquoted words on the same line belong together."""
    tag = tokens[i - 1]
    if i == len(tokens) or tokens[i].kind != "value":
        draft.odd(text, tag.at, f"{tag.text[:60]} has no value")
        return i
    words = [tokens[i]]
    i += 1
    while i < len(tokens) and tokens[i].kind == "value":
        if "\n" in text[words[-1].at : tokens[i].at]:
            break
        words.append(tokens[i])
        i += 1
    draft.put(tag.text, (" ".join(word.text for word in words),))
    return i


def _loop(tokens: list[_Token], i: int, draft: _Draft, text: str, name: str) -> int:
    start = tokens[i - 1].at
    tags = []
    while i < len(tokens) and tokens[i].kind == "tag":
        tags.append(tokens[i].text)
        i += 1
    values = []
    while i < len(tokens) and tokens[i].kind == "value":
        values.append(tokens[i].text)
        i += 1
    width = len(tags)
    if not width or len(values) % width:
        if any(
            tag.startswith(_ESSENTIAL) and not tag.startswith("_atom_site_aniso") for tag in tags
        ):
            raise ReadError(
                f"cannot read {name}",
                why=f"the loop on line {_line(text, start)} has {width} columns but "
                f"{counted(len(values), 'value')} ({tags[0]} …)",
                fix="complete its last row, and quote values that contain spaces",
            )
        draft.odd(text, start, "an incomplete loop was skipped")
        return i
    for column, tag in enumerate(tags):
        draft.put(tag, tuple(values[column::width]))
    return i


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def number(text: str, what: str, name: str, notes: list[str]) -> float:
    """Read 0.3333(2) as 0.3333; a note is added where a dash or a stop is not what it should be."""
    word = text.strip()
    match = _NUMBER.fullmatch(word.translate(_DASHES))
    if match is None:
        raise ReadError(
            f"cannot read {name}",
            why=f"{what} is {word[:40]!r}, not a number",
            fix="give it as a decimal number (1/3 as 0.33333333)",
        )
    value = float(match[1].translate(str.maketrans("dD", "ee")))
    if match[2] or not word.isascii():
        notes.append(f"{what} is written {word[:40]!r} and read as {value:g}")
    return value


def plain_number(text: str) -> float | None:
    """Read a number that nothing depends on; None if it is none."""
    match = _NUMBER.fullmatch(text.strip().translate(_DASHES))
    return None if match is None else float(match[1].translate(str.maketrans("dD", "ee")))
