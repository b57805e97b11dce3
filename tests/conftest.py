from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("house")

PUBLIC = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data beside the project; a user's clone has none."""
    if not PUBLIC.is_dir():
        pytest.skip("the public data sets are not beside this clone")
    return PUBLIC
