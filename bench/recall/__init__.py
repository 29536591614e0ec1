"""How well long sessions are remembered: sessions, questions about them, and where answers are."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests"))
