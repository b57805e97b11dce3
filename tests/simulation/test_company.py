from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from liuke.simulation.causes import INVOLUNTARY, REMEDIES
from liuke.simulation.company import CannotInvent, Invented, simulate, tiny
from liuke.simulation.records import schema_of
from liuke.tables.contract import TABLES

ENDS_ON = date(2025, 6, 30)
INDUSTRIES = ("telecom", "retail")


@pytest.fixture(scope="module", params=INDUSTRIES)
def company(request: pytest.FixtureRequest) -> Invented:
    return simulate(request.param, customers=12_000, months=18, seed=3, ends_on=ENDS_ON)


@pytest.fixture(scope="module")
def telecom() -> Invented:
    return tiny(5, "telecom", ENDS_ON)


def days(column: pa.ChunkedArray) -> np.ndarray:
    return column.drop_null().cast(pa.date32()).cast(pa.int32()).to_numpy()


def column(table: pa.Table, name: str) -> np.ndarray:
    return table[name].to_numpy(zero_copy_only=False)


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_the_same_seed_invents_the_same_company(industry: str) -> None:
    once, again = tiny(11, industry), tiny(11, industry)
    assert once.tables == again.tables
    assert once.truth == again.truth
    assert tiny(12, industry).tables["people"] != once.tables["people"]


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_more_customers_add_to_the_company_and_change_nobody(industry: str) -> None:
    few = simulate(industry, customers=200, months=8, seed=2, ends_on=ENDS_ON)
    many = simulate(industry, customers=500, months=8, seed=2, ends_on=ENDS_ON)
    for name in ("customers", "people", "subscriptions", "transactions", "events", "complaints", "treatments"):
        old = pc.is_in(many.tables[name]["customer_id"], few.tables["customers"]["customer_id"])
        assert many.tables[name].filter(old).to_pylist() == few.tables[name].to_pylist(), name
    old = pc.is_in(many.truth["customers"]["customer_id"], few.tables["customers"]["customer_id"])
    assert many.truth["customers"].filter(old)["is_active"].equals(few.truth["customers"]["is_active"])


def test_every_canonical_table_is_there_with_its_columns_and_types(company: Invented) -> None:
    assert set(company.tables) == set(TABLES)
    for name, table in company.tables.items():
        assert table.schema == schema_of(name)
        table.validate(full=True)


def test_required_columns_are_filled_and_keys_are_unique(company: Invented) -> None:
    for name, table in company.tables.items():
        for needed in (c.name for c in TABLES[name].columns if c.required):
            assert table[needed].null_count == 0, (name, needed)
        for key in TABLES[name].key:
            assert pc.count_distinct(table[key]).as_py() == table.num_rows, (name, key)


def test_the_industry_fills_the_tables_it_should(company: Invented) -> None:
    empty = {name for name, table in company.tables.items() if table.num_rows == 0}
    assert empty == (set() if company.industry == "telecom" else {"subscriptions", "balances"})
    assert company.describe()["customers"] == 12_000


def test_nothing_is_dated_after_the_last_day(company: Invented) -> None:
    last = (ENDS_ON - date(1970, 1, 1)).days
    for name, table in company.tables.items():
        for field in table.schema:
            is_day = pa.types.is_date(field.type) or pa.types.is_timestamp(field.type)
            if is_day and field.name != "committed_until":
                found = days(table[field.name])
                assert not len(found) or found.max() <= last, (name, field.name)


def test_everybody_mentioned_exists(company: Invented) -> None:
    known = company.tables["customers"]["customer_id"]
    staff = company.tables["staff"]["staff_id"]
    for name, table in company.tables.items():
        for who in ("customer_id", "referrer_id", "referred_id"):
            if who in table.column_names:
                assert pc.all(pc.is_in(table[who], known)).as_py() in (True, None), (name, who)
    for name, who in (("staff_links", "staff_id"), ("customers", "manager_id")):
        assert pc.all(pc.is_in(company.tables[name][who].drop_null(), staff)).as_py()


def test_nobody_does_anything_before_joining_or_after_leaving_for_good(company: Invented) -> None:
    joined = dict(zip(*(company.tables["customers"][c].to_pylist() for c in ("customer_id", "joined_on")), strict=True))
    ends = dict(zip(*(company.truth["losses"][c].to_pylist() for c in ("customer_id", "lost_on")), strict=True))
    active = column(company.truth["customers"], "is_active")
    for who in column(company.truth["customers"], "customer_id")[active]:
        ends.pop(who, None)
    for name in ("transactions", "events", "complaints"):
        table = company.tables[name]
        for who, on in zip(
            table["customer_id"].to_pylist(), table["occurred_at"].cast(pa.date32()).to_pylist(), strict=True
        ):
            assert joined[who] <= on <= ends.get(who, date.max), (name, who, on)


def test_names_are_chinese_and_telephones_cannot_be_dialled(company: Invented) -> None:
    people = company.tables["people"]
    assert pc.all(pc.match_substring_regex(people["name"], r"^\p{Han}{2,}$")).as_py()
    assert pc.all(pc.starts_with(people["phone"], "000")).as_py()
    assert pc.all(pc.ends_with(people["email"], ".invalid")).as_py()


def test_monthly_churn_is_believable(company: Invented) -> None:
    months = company.truth["months"]
    rates = column(months, "losses")[3:] / column(months, "at_risk")[3:]
    assert 0.014 < rates.mean() < 0.028
    assert rates.max() < 0.045


def test_losses_are_as_many_as_their_probabilities_say(company: Invented) -> None:
    expected, lost = column(company.truth["months"], "expected_losses"), column(company.truth["months"], "losses")
    # Four standard deviations of a sum of independent losses.
    assert abs(lost.sum() - expected.sum()) < 4 * np.sqrt(expected.sum())


def test_the_true_probability_of_loss_meets_what_happens_after_the_last_day(company: Invented) -> None:
    truth = company.truth["customers"].filter(company.truth["customers"]["is_active"])
    probability, lost = column(truth, "p_loss_90_days"), column(truth, "lost_within_90_days").astype(bool)
    spread = np.sqrt((probability * (1 - probability)).sum())
    assert abs(lost.sum() - probability.sum()) < 4 * spread
    for low, high in ((0.0, 0.05), (0.2, 0.4), (0.4, 0.6)):
        here = (probability >= low) & (probability < high)
        # The truth itself is averaged over 40 futures: .02 on top of four standard deviations.
        noise = 4 * np.sqrt((probability[here] * (1 - probability[here])).sum()) / here.sum()
        assert abs(lost[here].mean() - probability[here].mean()) < noise + 0.02
    ranks = probability.argsort().argsort() + 1
    auc = (ranks[lost].sum() - lost.sum() * (lost.sum() + 1) / 2) / (lost.sum() * (~lost).sum())
    assert 0.84 < auc < 0.95


def test_what_concerns_the_future_is_unknown_of_those_who_are_gone(company: Invented) -> None:
    truth = company.truth["customers"]
    gone = truth.filter(pc.invert(truth["is_active"]))
    for name in ("p_loss_90_days", "expected_residual_value", "lost_within_90_days", "best_uplift", "likely_reason"):
        assert gone[name].null_count == gone.num_rows
    here = truth.filter(truth["is_active"])
    assert here["expected_residual_value"].null_count == 0
    assert pc.min(here["expected_residual_value"]).as_py() > 0


def test_every_loss_has_a_true_reason(company: Invented) -> None:
    losses = company.truth["losses"]
    reasons = set(losses["reason"].to_pylist())
    assert losses["reason"].null_count == 0
    assert {"P1", "P2", "R1", "C1", "U1", "X"} <= reasons
    involuntary = column(losses, "is_voluntary") == False  # noqa: E712
    assert set(column(losses, "reason")[involuntary]) == (set(INVOLUNTARY) if company.industry == "telecom" else set())
    if company.industry == "telecom":
        assert "F1" in reasons


def test_arms_are_drawn_with_the_stated_propensity(company: Invented) -> None:
    treatments = company.tables["treatments"]
    arm, propensity = column(treatments, "arm"), column(treatments, "propensity")
    assert set(arm) == {"control", *REMEDIES}
    # Σ 1/propensity over an arm estimates how many could have been drawn: Horvitz and Thompson.
    for name in sorted(set(arm)):
        assert (1 / propensity[arm == name]).sum() == pytest.approx(treatments.num_rows, rel=0.1)


def test_the_treated_and_the_control_are_lost_as_the_truth_says(company: Invented) -> None:
    treatments = company.tables["treatments"].join(company.truth["treatments"], "treatment_id")
    assert treatments.num_rows == company.truth["treatments"].num_rows
    lost_on = dict(zip(*(company.truth["losses"][c].to_pylist() for c in ("customer_id", "lost_on")), strict=True))
    month_end = [
        (on.replace(day=1) + timedelta(days=32)).replace(day=1) for on in treatments["assigned_at"].to_pylist()
    ]
    lost = np.array(
        [
            lost_on.get(who, date.max) < end.date() and lost_on[who] >= on.date()
            for who, on, end in zip(
                treatments["customer_id"].to_pylist(), treatments["assigned_at"].to_pylist(), month_end, strict=True
            )
        ]
    )
    arm, expected = column(treatments, "arm"), column(treatments, "p_if_treated")
    for name in ("control", *REMEDIES):
        here = arm == name
        assert abs(lost[here].sum() - expected[here].sum()) < 4 * np.sqrt(expected[here].sum()) + 1, name
    control = column(treatments, "p_if_control")
    assert (expected[arm == "control"] == control[arm == "control"]).all()
    assert (expected[arm == "plan_adjustment"].sum()) < control[arm == "plan_adjustment"].sum()


def test_there_are_all_four_kinds_of_response(company: Invented) -> None:
    effects = company.truth["effects"]
    active = pc.sum(company.truth["customers"]["is_active"]).as_py()
    assert effects.num_rows == active * len(REMEDIES)
    assert set(effects["response"].to_pylist()) == {"persuadable", "sure_thing", "lost_cause", "sleeping_dog"}
    uplift = column(effects, "p_loss_untreated") - column(effects, "p_loss_treated")
    assert np.allclose(column(effects, "uplift"), uplift)
    dogs = set(
        company.truth["customers"].filter(company.truth["customers"]["is_sleeping_dog"])["customer_id"].to_pylist()
    )
    sleeping = effects.filter(pc.equal(effects["response"], "sleeping_dog"))
    assert set(sleeping["customer_id"].to_pylist()) <= dogs


def test_a_tiny_company_is_small_and_whole(telecom: Invented) -> None:
    assert telecom.tables["customers"].num_rows == 300
    assert telecom.truth["losses"].num_rows > 20
    assert telecom.ends_on == ENDS_ON


def test_progress_is_told_month_by_month() -> None:
    told: list[tuple[int, int, str]] = []
    simulate(
        "retail",
        customers=5,
        months=3,
        seed=1,
        ends_on=ENDS_ON,
        progress=lambda done, total, step: told.append((done, total, step)),
    )
    assert told == [(1, 4, "months"), (2, 4, "months"), (3, 4, "months"), (4, 4, "truth")]


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_one_customer_and_one_month_are_enough(industry: str) -> None:
    company = simulate(industry, customers=1, months=1, seed=0, ends_on=date(2024, 2, 29))
    assert company.tables["customers"].num_rows == 1


@pytest.mark.parametrize(
    ("industry", "customers", "months", "seed"),
    [("circus", 10, 2, 1), ("telecom", 0, 2, 1), ("telecom", 10, 0, 1), ("retail", 10, 2, -1)],
)
def test_what_cannot_be_invented_is_refused(industry: str, customers: int, months: int, seed: int) -> None:
    with pytest.raises(CannotInvent, match="choose one of telecom, retail"):
        simulate(industry, customers=customers, months=months, seed=seed, ends_on=ENDS_ON)
