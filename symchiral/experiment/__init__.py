"""Measured traces: what turned, at which frequency, which way, and whether the rules agree."""
