"""``python -m symchiral``."""

import sys

from symchiral.cli import main

sys.exit(main())
