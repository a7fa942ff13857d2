"""Uniform fields as participants."""
