"""How numbers, transfers and routes are worded for reading."""

from __future__ import annotations

from symchiral.rules.activity import ROUTES, Process, Route

PROCESS_NAMES: dict[Process, str] = {
    "infrared": "infrared",
    "raman": "Raman",
    "hyper-raman": "hyper-Raman",
}
"""How processes are written."""


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


def route_text(route: Route) -> str:
    """``infrared:+`` → ``infrared σ+``; ``raman:+-`` → ``Raman σ+→σ−``."""
    process, light = ROUTES[route]
    arrows = "→".join("z" if x == "z" else f"σ{minus(x)}" for x in light)
    return f"{PROCESS_NAMES[process]} {arrows}".strip()
