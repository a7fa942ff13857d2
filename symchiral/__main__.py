# PYTHON_ARGCOMPLETE_OK
"""``python -m symchiral``."""

import sys

from symchiral.cli import main

sys.exit(main())
