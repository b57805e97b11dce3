from __future__ import annotations

import sys
from pathlib import Path

# Test modules are imported by path, each on its own; `people` is their common cast.
sys.path.insert(0, str(Path(__file__).parent))
