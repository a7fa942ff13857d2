"""Figures of answers and of motions; matplotlib is loaded when one is drawn, and nowhere else."""
