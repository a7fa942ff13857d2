"""Exact numbers and phases; knows no crystal."""
