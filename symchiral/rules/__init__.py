"""The engine: legs, couplings, the judge, reasons, invariants, channels, rulebooks."""
