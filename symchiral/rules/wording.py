"""How numbers, transfers and routes are worded for reading."""

from __future__ import annotations


def signed(pam: str | None) -> str:
    """``+1``, ``−1``, ``0`` with a typographic minus."""
    if pam is None:
        return "—"
    return minus(pam if pam == "0" or pam.startswith("-") else f"+{pam}")


def minus(text: str) -> str:
    """Replace the hyphens in front of digits and in parentheses by minus signs."""
    return text.replace("(-)", "(−)").replace("-", "−")


def pretty(transfer: str) -> str:
    """A transfer with arrow and minus signs for reading."""
    return minus(transfer.replace("->", "→"))


def route_text(route: str) -> str:
    """``infrared:+`` → ``infrared σ+``; ``raman:+-`` → ``Raman σ+→σ−``."""
    kind, _, light = route.partition(":")
    name = {"infrared": "infrared", "raman": "Raman", "hyper-raman": "hyper-Raman"}[kind]
    return f"{name} {'→'.join(minus(x) if x == 'z' else 'σ' + minus(x) for x in light)}".strip()
