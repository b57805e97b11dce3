"""The early warning as a whole: recovery of known chances, the publication gate, determinism, saving."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pytest
from risk_people import SMALL, customers, examples, three_days

from liuke.risk import evaluation
from liuke.risk.early_warning import DaysOutOfOrder, EarlyWarning, NotFitted, UnknownModelFormat
from liuke.risk.examples import Examples

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


@pytest.fixture(scope="module")
def warning() -> EarlyWarning:
    return EarlyWarning(size=SMALL, seed=1).fit(*three_days())


def test_probabilities_recover_the_true_chances(warning: EarlyWarning) -> None:
    table, truth = customers(4000, 9)
    forecast = warning.predict(table)
    assert forecast.used == "model"
    # The best possible correlation is 1; a tenth of the spends is hidden and 560 losses were seen.
    assert np.corrcoef(forecast.probability, truth)[0, 1] > 0.95
    assert forecast.probability.mean() == pytest.approx(truth.mean(), rel=0.15)
    assert np.array_equal(forecast.probability, np.round(forecast.probability, 9))


def test_the_card_says_what_was_done(warning: EarlyWarning) -> None:
    card = warning.card()
    assert card["used"] == "model"
    assert card["trained_on"] == ["2024-01-01", "2024-02-01"]
    assert (card["calibrated_on"], card["tested_on"]) == ("2024-06-01", "2024-10-01")
    assert {"roc_auc", "top_decile_lift", "calibration_error", "log_loss", "n", "n_lost"} <= set(card["test"])
    assert set(card["baselines"]) == {"base_rate", "overdue_ratio", "logistic_ten"}
    assert card["test"]["log_loss"] < min(found["log_loss"] for found in card["baselines"].values())
    low, high = card["test"]["intervals"]["roc_auc"]
    assert low < card["test"]["roc_auc"] < high
    assert all(words["zh"] and words["en"] for words in card["cannot_see"])
    assert json.loads(json.dumps(card)) == card
    assert "noise" not in [row["feature"] for row in card["importances"][:4]]


def test_a_saved_warning_says_the_same(warning: EarlyWarning) -> None:
    table, _ = customers(500, 10)
    copied = EarlyWarning.from_json(json.loads(json.dumps(warning.to_json())))
    forecast, again = warning.predict(table), copied.predict(table)
    assert np.array_equal(forecast.probability, again.probability)
    assert copied.card(again) == warning.card(forecast)
    assert copied.to_json() == warning.to_json()


def test_a_model_of_another_version_is_not_loaded(warning: EarlyWarning) -> None:
    with pytest.raises(UnknownModelFormat, match="format 99"):
        EarlyWarning.from_json(warning.to_json() | {"format": 99})


def test_order_of_rows_and_columns_and_threads_change_nothing(warning: EarlyWarning) -> None:
    def shuffled(some: Examples) -> Examples:
        order = np.random.default_rng(3).permutation(some.n)
        table = some.features.take(pa.array(order))
        return Examples(table.select(sorted(table.column_names, reverse=True)), some.churned[order], some.as_of)

    train, calibration, test = three_days()
    other = EarlyWarning(size=SMALL, seed=1, threads=2).fit(
        [shuffled(some) for some in reversed(train)], shuffled(calibration), shuffled(test)
    )
    assert json.dumps(other.to_json(), sort_keys=True) == json.dumps(warning.to_json(), sort_keys=True)
    table, _ = customers(300, 11)
    turned = other.predict(table.take(pa.array(np.arange(300)[::-1])))
    assert np.array_equal(turned.probability[::-1], warning.predict(table).probability)


def test_a_leaked_outcome_is_refused_by_name_and_said_on_the_card() -> None:
    def leaking(some: Examples) -> Examples:
        leak = np.where(some.churned, "gone", "here")
        return Examples(some.features.append_column("end_state", pa.array(leak)), some.churned, some.as_of)

    train, calibration, test = three_days(800)
    warning = EarlyWarning(size=SMALL).fit([leaking(some) for some in train], leaking(calibration), leaking(test))
    (refusal,) = warning.card()["refused"]
    assert refusal["feature"] == "end_state"
    assert refusal["auc"] >= 0.97
    assert "end_state" in refusal["en"]
    assert "end_state" in refusal["zh"]
    assert warning.card()["test"]["roc_auc"] < 0.95


def test_a_trusted_feature_is_not_refused() -> None:
    some = examples(600, 1, date(2024, 1, 1))
    known = Examples(some.features.append_column("notice", pa.array(some.churned)), some.churned, some.as_of)
    warning = EarlyWarning(size=SMALL, trusted=["notice"])
    warning.cross_fit(known)
    assert warning.card()["refused"] == []
    assert warning.card()["test"]["roc_auc"] > 0.99


def test_shuffled_labels_give_everybody_the_base_rate() -> None:
    def shuffled(some: Examples) -> Examples:
        return Examples(some.features, np.random.default_rng(7).permutation(some.churned), some.as_of)

    train, calibration, test = three_days(1000)
    warning = EarlyWarning(size=SMALL).fit([shuffled(some) for some in train], shuffled(calibration), shuffled(test))
    card = warning.card()
    assert card["used"] == "base_rate"
    assert "nothing_predicts" in [notice["code"] for notice in card["warnings"]]
    forecast = warning.predict(customers(100, 5)[0])
    assert len(set(forecast.probability.tolist())) == 1
    assert warning.signals(customers(100, 5)[0]).num_rows == 0


def test_constant_features_are_named_and_left_out() -> None:
    def flat(some: Examples) -> Examples:
        table = some.features.select(["customer_id"]).append_column("same", pa.array([1.0] * some.n))
        return Examples(table.append_column("unknown", pa.nulls(some.n, pa.float64())), some.churned, some.as_of)

    train, calibration, test = three_days(500)
    card = EarlyWarning(size=SMALL).fit([flat(some) for some in train], flat(calibration), flat(test)).card()
    assert card["used"] == "base_rate"
    assert {"constant_features", "no_features"} <= {notice["code"] for notice in card["warnings"]}
    assert "same, unknown" in next(n["en"] for n in card["warnings"] if n["code"] == "constant_features")


def test_twenty_losses_publish_no_model() -> None:
    def few(some: Examples) -> Examples:
        keep = ~some.churned | (np.cumsum(some.churned) <= 10)
        return some.take(np.flatnonzero(keep))

    train, calibration, test = three_days(700)
    card = EarlyWarning(size=SMALL).fit([few(some) for some in train], few(calibration), few(test)).card()
    assert card["used"] in {"overdue_ratio", "base_rate"}
    assert card["model"] is None
    assert "only 20 losses among the examples" in card["warnings"][0]["en"]


def test_a_day_of_test_without_losses_publishes_no_model() -> None:
    train, calibration, test = three_days(700)
    quiet = Examples(test.features, np.zeros(test.n, bool), test.as_of)
    card = EarlyWarning(size=SMALL).fit(train, calibration, quiet).card()
    assert card["used"] == "base_rate"
    assert card["test"]["roc_auc"] is None


def test_a_drifted_population_is_not_scored_by_the_model(warning: EarlyWarning) -> None:
    forecast = warning.predict(customers(3000, 12, shift=0.8)[0])
    assert forecast.used != "model"
    card = warning.card(forecast)
    assert card["used"] == forecast.used
    assert card["psi"]["score"] > 0.25
    assert card["warnings"][-1]["code"] == "drifted_population"
    assert card["test"] == card["baselines"][forecast.used]


def test_a_model_no_better_than_a_plain_regression_gives_way_to_it() -> None:
    def straight(n: int, seed: int, day: date) -> Examples:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n, 3))
        ids = pa.array([f"c{i:05}" for i in range(n)])
        table = pa.table({"customer_id": ids, "a": x[:, 0], "b": x[:, 1], "c": x[:, 2]})
        return Examples(table, rng.random(n) < 1 / (1 + np.exp(2 - x[:, 0] - 0.5 * x[:, 1])), day)

    days = [straight(1200, seed, date(2024, seed, 1)) for seed in (1, 5, 9)]
    card = EarlyWarning(size=SMALL).fit(days[:1], days[1], days[2]).card()
    assert card["used"] == "logistic_ten"
    assert "model_not_better" in [notice["code"] for notice in card["warnings"]]


def test_days_must_be_in_order() -> None:
    train, calibration, test = three_days(100)
    with pytest.raises(DaysOutOfOrder, match="test on 2024-06-01"):
        EarlyWarning().fit(train, test, calibration)


def test_overlapping_windows_are_said() -> None:
    train, calibration, test = three_days(300)
    warning = EarlyWarning(size=SMALL, horizon_days=365).fit(train, calibration, test)
    assert "overlapping_windows" in [notice["code"] for notice in warning.card()["warnings"]]


def test_a_warning_that_learned_nothing_cannot_predict() -> None:
    with pytest.raises(NotFitted, match="call fit"):
        EarlyWarning().predict(customers(10, 1)[0])


def test_cross_fitted_probabilities_are_out_of_fold() -> None:
    rng = np.random.default_rng(3)
    n = 400
    table = pa.table({"customer_id": pa.array([f"c{i:04}" for i in range(n)]), "noise": rng.normal(size=n)})
    found = EarlyWarning(size=SMALL).cross_fit(Examples(table, rng.random(n) < 0.3, date(2024, 1, 1)))
    # A model that saw its own labels would rank noise well above one half.
    assert found.tested["model"].roc_auc < 0.6
    assert found.used == "base_rate"


def test_unknown_levels_and_absent_columns_are_missing_values(warning: EarlyWarning) -> None:
    table, _ = customers(50, 13)
    strange = table.set_column(table.column_names.index("plan"), "plan", pa.array(["satellite"] * 50))
    assert np.isfinite(warning.predict(strange).probability).all()
    assert np.isfinite(warning.predict(table.drop_columns(["noise"])).probability).all()


def test_hash_seed_and_thread_variables_do_not_change_the_bytes() -> None:
    program = (
        "import sys, json, hashlib; sys.path.insert(0, sys.argv[1]); from risk_people import *;"
        "from liuke.risk.early_warning import EarlyWarning;"
        "w = EarlyWarning(size=SMALL).fit(*three_days(400));"
        "print(hashlib.sha256(json.dumps(w.to_json()).encode()).hexdigest())"
    )

    def digest(hash_seed: str, threads: str) -> str:
        place = {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", program, str(Path(__file__).parent)]
        return subprocess.run(command, env=place, capture_output=True, text=True, check=True).stdout

    assert digest("1", "1") == digest("2", "2") == digest("3", "8")


def telco() -> Examples:
    path = DATA / "ibm_telco" / "Telco-Customer-Churn.csv"
    if not path.exists():
        pytest.skip(f"the public set {path.name} is not beside the project")
    table = pv.read_csv(path, convert_options=pv.ConvertOptions(null_values=[" ", ""], strings_can_be_null=True))
    names = ["customer_id" if name == "customerID" else name for name in table.column_names]
    table = table.rename_columns(names)
    return Examples(table.drop_columns(["Churn"]), pc.equal(table["Churn"], "Yes").to_numpy(), date(2020, 2, 1))


@pytest.mark.real_data
def test_ibm_telco_is_ranked_as_well_as_by_the_best_tuned_boosters() -> None:
    found = EarlyWarning(seed=1)
    fitted = found.cross_fit(telco())
    test = found.card()["test"]
    print({name: test[name] for name in ("roc_auc", "log_loss", "calibration_error", "top_decile_lift")})
    assert (test["n"], test["n_lost"]) == (7043, 1869)
    assert fitted.used == "model"
    # Required .845; tuned boosters of other projects reach .8499 and log loss .4107 on these customers.
    assert test["roc_auc"] >= 0.8485
    assert test["log_loss"] <= 0.4125
    assert test["calibration_error"] <= 0.022
    assert found.card()["baselines"]["logistic_ten"]["roc_auc"] < test["roc_auc"]
    assert evaluation.roc_auc(telco().churned, fitted.probability) == pytest.approx(test["roc_auc"], abs=1e-6)
