from __future__ import annotations

from datetime import date

from metric_lives import company, spells, subscriptions

from liuke.metrics.flows import flows, prepare
from liuke.metrics.outcomes import register_reasons
from liuke.metrics.periods import monthly

JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))


def test_a_change_of_plan_moves_the_customer_to_the_new_plan_at_the_next_opening() -> None:
    lives = spells([("Anna", 1, date(2024, 1, 5), date(2024, 3, 20))])
    fees = subscriptions(
        [
            ("Anna", "basic", date(2024, 1, 5), date(2024, 2, 10), 30),
            ("Anna", "gold", date(2024, 2, 10), date(2024, 3, 20), 50),
        ]
    )
    engine = company(lives, subscriptions=fees)
    register_reasons(engine, None)
    grid = monthly(JAN, date(2024, 3, 31))
    prepare(engine, as_of=date(2024, 3, 31), since=grid, until=grid)
    flows(engine, grid)
    rows = engine.table(
        "SELECT period_start, value, n_start, n_new, n_lost, n_end, revenue_start, revenue_expanded, revenue_lost "
        "FROM metric_flows WHERE segment = 'plan' ORDER BY period_start, value"
    ).to_pylist()
    assert [
        [str(value) if isinstance(value, date | str) else int(value) for value in row.values()] for row in rows
    ] == [
        ["2024-01-01", "basic", 0, 1, 0, 1, 0, 0, 0],
        ["2024-02-01", "basic", 1, 0, 0, 1, 360, 240, 0],
        ["2024-03-01", "gold", 1, 0, 1, 0, 600, 0, 600],
    ]
