"""Third- and fourth-order couplings between phonons, as numbers.

`couplings` holds the coefficients of zone-centre modes and is where to start; `finite` determines
them with a calculator, `third_order` contracts force constants of phono3py with modes at any
wavevectors, and `audit` measures which share of these the selection rules forbid.
"""
