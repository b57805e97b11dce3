from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from metric_lives import Life, company, spells
from metric_town import AS_OF, town

from liuke.kernel.errors import InvalidInput
from liuke.metrics.ceiling import Ceiling, ceiling_alerts
from liuke.metrics.table import metrics_table

JUNE = (date(2024, 6, 1), date(2024, 7, 1))


@pytest.fixture(scope="module")
def metrics() -> pa.Table:
    lives: list[Life] = []
    units, names = [], []
    for unit, n_lost in (("总部/广东/深圳", 20), ("总部/广东/广州", 1), ("总部/北京", 2)):
        for i in range(100):
            names.append(f"{unit} {i}")
            units.append(unit)
            lives.append((names[-1], 1, date(2024, 1, 5), date(2024, 6, 9) if i < n_lost else None))
    customers = pa.table({"customer_id": names, "org_unit": units})
    return metrics_table(company(spells(lives), customers=customers), as_of=AS_OF)


def test_a_ceiling_exceeded_names_the_excess_and_the_main_contributors(metrics: pa.Table) -> None:
    (alert,) = ceiling_alerts(metrics, [Ceiling(0.05)])
    assert (alert.period_start, alert.period_end) == JUNE
    assert alert.rate == pytest.approx(23 / 300)
    assert alert.excess == pytest.approx(8)
    assert alert.is_certain
    assert not ceiling_alerts(metrics, [Ceiling(0.06)])[0].is_certain
    (inner,) = ceiling_alerts(metrics, [Ceiling(0.05, org_unit="总部/广东")])
    assert inner.is_certain
    assert [part.org_unit for part in inner.contributors] == ["总部/广东/深圳"]
    assert "深圳（20.0%）" in inner.words.zh
    assert "about 11 too many" in inner.words.en


def test_a_rate_at_or_below_its_ceiling_raises_nothing(metrics: pa.Table) -> None:
    assert ceiling_alerts(metrics, [Ceiling(0.2, org_unit="总部/广东/深圳"), Ceiling(0.05, org_unit="总部/北京")]) == []


def test_a_ceiling_of_an_absent_part_raises_nothing(metrics: pa.Table) -> None:
    assert ceiling_alerts(metrics, [Ceiling(0.01, segment="region", segment_value="moon")]) == []


def test_the_worst_excess_comes_first(metrics: pa.Table) -> None:
    found = ceiling_alerts(metrics, [Ceiling(0.01, org_unit="总部/北京"), Ceiling(0.01)])
    assert [alert.ceiling.org_unit for alert in found] == ["", "总部/北京"]


def test_a_part_that_is_everybody_explains_nothing_and_its_own_parts_are_named_instead(metrics: pa.Table) -> None:
    (alert,) = ceiling_alerts(metrics, [Ceiling(0.05)])
    assert [(part.org_unit, part.segment) for part in alert.contributors] == [("总部/广东", "all")]


def test_segments_contribute_to_the_company(metrics: pa.Table) -> None:
    (alert,) = ceiling_alerts(metrics_table(town(), as_of=AS_OF), [Ceiling(0.001)])
    assert len(alert.contributors) == 5


def test_zero_loss_is_refused_as_a_goal(metrics: pa.Table) -> None:
    with pytest.raises(InvalidInput, match="zero"):
        ceiling_alerts(metrics, [Ceiling(0.0)])
