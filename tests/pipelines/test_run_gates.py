"""What a model may not be published on: a leaked outcome, too few losses, chance alone (T36)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import liuke
from liuke.pipelines.run import Ran

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)


def contracts(n: int, monthly_loss: float, first: date = FIRST) -> tuple[list[date], list[date | None]]:
    """Return when `n` contracts began and ended; losses fall by chance."""
    chance = np.random.default_rng(36)
    starts = [first + timedelta(days=int(day)) for day in chance.integers(0, 60, n)]
    lives = chance.exponential(30 / monthly_loss, n).astype(int) + 30
    ends = [start + timedelta(days=int(life)) for start, life in zip(starts, lives, strict=True)]
    return starts, [end if end <= LAST else None for end in ends]


def run_on(folder: Path, starts: list[date], ends: list[date | None], **attributes: Any) -> Ran:
    liuke.new(folder, industry="telecom")
    ids = [f"{number:05}" for number in range(len(starts))]
    liuke.load(folder, "customers", pa.table({"customer_id": ids, "joined_on": starts, **attributes}), accept=True)
    events: dict[str, list[Any]] = {"customer_id": [], "occurred_at": [], "kind": [], "quantity": []}
    chance = np.random.default_rng(37)
    for at, identity in enumerate(ids):
        for day in range(((ends[at] or LAST) - starts[at]).days, -1, -30):
            events["customer_id"].append(identity)
            events["occurred_at"].append(f"{starts[at] + timedelta(days=day)} 12:00:00")
            events["kind"].append("usage")
            events["quantity"].append(str(int(chance.integers(50, 150))))
    alike = {"plan": ["basic"] * len(ids), "monthly_fee": ["50.00"] * len(ids)}
    terms = {"subscription_id": ids, "customer_id": ids, "started_on": starts, "ended_on": ends, **alike}
    liuke.load(folder, "subscriptions", pa.table(terms), accept=True)
    liuke.load(folder, "events", pa.table(events), accept=True)
    return liuke.run(folder, as_of=LAST)


def test_t36_a_leaked_outcome_is_refused_by_name_and_said_in_the_model_card(tmp_path: Path) -> None:
    starts, ends = contracts(2_000, monthly_loss=0.007, first=date(2024, 10, 15))
    done = run_on(tmp_path / "leaked", starts, ends, closed=[end is not None for end in ends])
    card = done.snapshot.document("model")
    assert [one["feature"] for one in card["refused"]] == ["closed"]
    assert all("known only after the fact" in one["en"] and "事后" in one["zh"] for one in card["refused"])
    assert card["used"] != "model"
    assert "closed" not in done.snapshot.table("signals")["feature"].unique().to_pylist()


@pytest.mark.slow
def test_t36_an_outcome_leaked_as_a_date_is_named_and_not_believed(tmp_path: Path) -> None:
    starts, ends = contracts(700, monthly_loss=0.05)
    closing = [(end - FIRST).days if end else None for end in ends]
    card = run_on(tmp_path / "leaked", starts, ends, closing_days=closing).snapshot.document("model")
    assert any("closing_days" in one["en"] for one in [*card["refused"], *card["warnings"]])
    assert card["used"] != "model"


@pytest.mark.slow
def test_t36_losses_that_fall_by_chance_are_not_ranked_by_a_model(tmp_path: Path) -> None:
    done = run_on(tmp_path / "chance", *contracts(500, monthly_loss=0.05))
    card = done.snapshot.document("model")
    assert card["used"] == "base_rate"
    assert done.snapshot.table("signals").num_rows == 0


def test_t36_twenty_losses_publish_no_model(tmp_path: Path) -> None:
    starts, ends = contracts(500, monthly_loss=0.05)
    lost = sorted((end, place) for place, end in enumerate(ends) if end)
    kept = {place for _, place in lost[:: len(lost) // 20][:20]}
    few = [end if place in kept else None for place, end in enumerate(ends)]
    card = run_on(tmp_path / "few", starts, few).snapshot.document("model")
    assert sum(end is not None for end in few) == 20
    assert card["used"] != "model"
    assert "too_few_losses" in {one["code"] for one in card["warnings"]}
    assert any("fewer than" in one["en"] for one in card["warnings"])


def test_t36_a_label_copied_into_a_flat_file_is_refused_and_named(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    lost = chance.random(400) < 0.3
    lines = ["customerID,tenure,MonthlyCharges,Score,Churn"]
    for number, gone in enumerate(lost):
        score = 80 + number % 20 if gone else number % 60
        fee = f"{chance.normal(70 if gone else 60, 20):.2f}"
        lines.append(f"{number:04d}-X,{1 + number % 70},{fee},{score},{'Yes' if gone else 'No'}")
    (tmp_path / "telco.csv").write_text("\n".join(lines) + "\n")
    liuke.new(tmp_path / "telco", industry="telecom")
    liuke.load(tmp_path / "telco", "flat", tmp_path / "telco.csv", accept=True, observed_on=LAST)
    card = liuke.run(tmp_path / "telco").snapshot.document("model")
    assert "Score" in card["flat"]["not_features"]
    assert card["test"]["roc_auc"] < 0.9
