"""A parser that does not end is ended; one that ends is left alone."""

from __future__ import annotations

import threading

import ase.io
import pytest

from symchiral.errors import ReadError
from symchiral.reading.deadline import within
from symchiral.reading.structure import read_bytes


def endless(*_: object, **__: object) -> None:
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001 - as a careless parser would
            continue


def test_what_does_not_end_is_ended() -> None:
    with pytest.raises(TimeoutError, match="processor time"), within(0.3):
        endless()


def test_what_ends_is_left_alone() -> None:
    before = threading.active_count()
    for _ in range(20):
        with within(1e6):
            sum(range(1000))
    with pytest.raises(KeyError), within(1e6):
        raise KeyError("x")
    assert threading.active_count() == before


def test_it_works_in_any_thread() -> None:
    seen = []

    def run() -> None:
        try:
            with within(0.3):
                endless()
        except TimeoutError as error:
            seen.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(seen) == 1


def test_an_endless_parser_of_ase_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ase.io, "read", endless)
    monkeypatch.setattr("symchiral.reading.foreign.SECONDS", 0.3)
    text = b"CRYSTAL\nPRIMVEC\n1 0 0\n0 1 0\n0 0 1\nPRIMCOORD\n1 1\n6 0 0 0\n"
    with pytest.raises(ReadError, match="was ended"):
        read_bytes(text, name="x.xsf")
