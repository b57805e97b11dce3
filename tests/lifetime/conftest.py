from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

CDNOW = Path(__file__).resolve().parents[2] / "../shared/data/cdnow/CDNOW_sample.txt"


@pytest.fixture(scope="session")
def cdnow_orders() -> dict[str, np.ndarray]:
    """Customer, day and dollars of the one-in-ten sample."""
    if not CDNOW.exists():
        pytest.skip("the public CDNOW sample is not beside the project")
    rows = np.loadtxt(CDNOW, usecols=(1, 2, 4))
    text = rows[:, 1].astype(int).astype(str)
    days = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in text], dtype="datetime64[D]")
    return {"customer_id": rows[:, 0].astype(int).astype(str), "occurred_at": days, "amount": rows[:, 2]}
