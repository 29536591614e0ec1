"""Jobs for a model, done live: the proxy's whole way, and a real engine that writes the words."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests"))
