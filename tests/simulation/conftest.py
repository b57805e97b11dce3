from __future__ import annotations

from datetime import date

import pytest

from liuke.simulation.company import Invented, simulate

ENDS_ON = date(2025, 6, 30)


@pytest.fixture(scope="session")
def telecom() -> Invented:
    return simulate("telecom", customers=6_000, months=18, seed=4, ends_on=ENDS_ON)


@pytest.fixture(scope="session")
def retail() -> Invented:
    return simulate("retail", customers=6_000, months=18, seed=4, ends_on=ENDS_ON)
