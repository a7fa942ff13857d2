"""Equations of motion of normal modes, and what their solutions show."""
