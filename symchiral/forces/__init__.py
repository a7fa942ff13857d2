"""Forces: frequencies and eigenvectors at any wavevector; the door to phonopy."""
