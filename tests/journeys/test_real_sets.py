"""The whole job by its commands, on public data where it is present: the figures are those counted or published."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from liuke.cli.main import app
from liuke.engines import duckdb
from liuke.lifetime.beta_geometric import BetaGeometric
from liuke.lifetime.gamma_gamma import GammaGamma
from liuke.lifetime.summary import create_summary, histories_of
from liuke.pipelines.load import store_of
from liuke.pipelines.snapshot import find
from liuke.workspace.folder import open_workspace

pytestmark = pytest.mark.real_data

Verb = Callable[..., Any]


def liuke(*words: str | Path) -> str:
    """Give the command and return what it prints; it must succeed."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


def told(*words: str | Path) -> Any:
    return json.loads(liuke(*words, "--json"))


def load(place: Path, table: str, file: Path, *options: str) -> dict[str, Any]:
    done = told("load", place, table, file, "--yes", *options)
    assert done["read"] == done["accepted"] + done["rejected"] + done["already_there"]
    return done


def monthly(place: Path, metric: str) -> dict[str, tuple[float, float]]:
    """Return numerator and denominator of a month's measure of the whole company, by month."""
    rows = csv.DictReader(io.StringIO(liuke("show", place, "metrics", "--format", "csv").lstrip("\ufeff")))
    return {
        row["period_start"][:7]: (float(row["numerator"]), float(row["denominator"] or 0))
        for row in rows
        if row["metric"] == metric
        and row["segment"] == "all"
        and not row["org_unit"]
        and (date.fromisoformat(row["period_end"]) - date.fromisoformat(row["period_start"])).days < 32
    }


def summary(place: Path) -> dict[str, Any]:
    return find(open_workspace(place)).document("summary")


def assert_the_plan_is_of_use(place: Path) -> None:
    """Somebody is contacted, everybody planned has a decision, and the plan is worth more than it costs."""
    figures = summary(place)["headline"]
    assert figures["planned"] > 0 and figures["expected_gain"] > 0
    snapshot = find(open_workspace(place))
    plan, customers = snapshot.table("plan"), snapshot.table("customers")
    assert set(plan["customer_id"].to_pylist()) <= set(customers["customer_id"].to_pylist())
    assert customers["decision"].null_count == 0
    liuke("verify", place)


@pytest.fixture(scope="module")
def folder(public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Path]]:
    made = tmp_path_factory.mktemp("real")

    def new(name: str, industry: str) -> Path:
        liuke("new", made / name, "--industry", industry)
        return made / name

    yield new


@pytest.fixture(scope="module")
def telco(folder: Callable[[str, str], Path], public_data: Path) -> Path:
    place = folder("telco", "telecom")
    file = public_data / "ibm_telco/Telco-Customer-Churn.csv"
    done = load(
        place, "flat", file, "--churned", "Churn=Yes", "--tenure", "tenure", "--observed-on", "2020-01-31"
    )  # fmt: skip
    assert done["accepted"] == 7_043
    told("run", place)
    return place


def test_ibm_telco_has_lost_1869_of_7043_and_42_71_percent_of_those_who_may_go_any_month(telco: Path) -> None:
    assert (summary(telco)["headline"]["lost"], summary(telco)["headline"]["customers"]) == (1_869, 7_043 - 1_869)
    lost = set(pc.filter(*_state(telco)).to_pylist())
    contracts = {
        row["customer_id"]: row["Contract"] for row in store_of(open_workspace(telco)).read("customers").to_pylist()
    }
    size, gone = Counter(contracts.values()), Counter(contracts[one] for one in lost)
    assert {name: round(100 * gone[name] / size[name], 2) for name in size} == {
        "Month-to-month": 42.71,
        "One year": 11.27,
        "Two year": 2.83,
    }


def _state(place: Path) -> tuple[Any, Any]:
    customers = find(open_workspace(place)).table("customers")
    return customers["customer_id"], pc.equal(customers["state"], "lost")


def test_ibm_telco_is_ranked_by_models_that_never_saw_the_customer(telco: Path) -> None:
    model = told("show", telco, "model")
    assert model["cross_fitted_folds"] == 5 and model["test"]["roc_auc"] >= 0.845
    assert model["test"]["n_lost"] == 1_869
    assert model["test"]["roc_auc"] > max(one["roc_auc"] for one in model["baselines"].values())


def test_ibm_telco_gets_a_plan(telco: Path) -> None:
    assert_the_plan_is_of_use(telco)


@pytest.mark.slow
def test_the_extended_telco_set_uses_nothing_that_was_known_only_afterwards(
    folder: Callable[[str, str], Path], public_data: Path
) -> None:
    place = folder("extended", "telecom")
    file = public_data / "ibm_telco_extended/Telco_customer_churn.csv.gz"
    done = load(place, "flat", file, "--observed-on", "2020-01-31", "--known-after", "Churn Reason")
    assert (done["accepted"], done["rejected"]) == (7_024, 19)
    told("run", place)
    model = told("show", place, "model")
    assert 0.845 <= model["test"]["roc_auc"] < 0.9
    used = {one["feature"] for one in model["importances"]}
    assert not used & {"Churn Score", "Churn Value", "Churn Label", "Churn Reason", "Satisfaction Score"}


def test_bank_churn_without_fees_says_that_value_is_unknown(
    folder: Callable[[str, str], Path], public_data: Path
) -> None:
    place = folder("bank", "bank")
    options = ("--churned", "Exited=1", "--tenure", "Tenure", "--tenure-unit", "years", "--observed-on", "2020-01-31")
    load(place, "flat", public_data / "bank_churn/Churn_Modelling.csv", *options)
    told("run", place)
    assert summary(place)["headline"]["lost"] == 2_037
    assert any("value" in one["en"] and "unknown" in one["en"] for one in summary(place)["told"])


def test_iranian_churn_names_no_customer_so_its_rows_are_numbered(
    folder: Callable[[str, str], Path], public_data: Path
) -> None:
    place = folder("iranian", "telecom")
    options = ("--tenure", "Subscription Length", "--observed-on", "2020-01-31", "--map", "customer_id=(line)")
    assert load(place, "flat", public_data / "iranian_churn/Customer_Churn.csv", *options)["accepted"] == 3_150
    told("run", place)
    assert summary(place)["headline"]["lost"] == 495


@pytest.fixture(scope="module")
def contracts(folder: Callable[[str, str], Path], public_data: Path) -> Path:
    place, files = folder("contracts", "telecom"), public_data / "interconnect_contracts"
    load(place, "subscriptions", files / "contract.csv")
    for name in ("personal", "internet", "phone"):
        load(place, "customers", files / f"{name}.csv")
    told("run", place)
    return place


@pytest.mark.slow
def test_interconnect_contracts_lose_458_485_466_and_460_customers_in_their_last_months(contracts: Path) -> None:
    losses = {month: numerator for month, (numerator, _) in monthly(contracts, "churn_rate").items()}
    assert [losses[month] for month in ("2019-10", "2019-11", "2019-12", "2020-01")] == [458, 485, 466, 460]
    assert sum(losses.values()) == 1_869
    assert summary(contracts)["headline"]["customers"] == 5_174


@pytest.mark.slow
def test_interconnect_contracts_get_a_plan(contracts: Path) -> None:
    assert_the_plan_is_of_use(contracts)


@pytest.mark.slow
def test_all_that_was_ever_paid_is_no_feature_of_an_earlier_day(contracts: Path) -> None:
    model = told("show", contracts, "model")
    assert [one["feature"] for one in model["refused"]] == ["TotalCharges"]
    assert "TotalCharges" not in {one["feature"] for one in model["importances"]}


@pytest.mark.slow
def test_ravenstack_is_told_that_its_sources_contradict_each_other(
    folder: Callable[[str, str], Path], public_data: Path
) -> None:
    place, start = folder("ravenstack", "saas"), public_data / "ravenstack_saas/ravenstack"
    assert load(place, "customers", Path(f"{start}_accounts.csv"))["accepted"] == 500
    assert load(place, "subscriptions", Path(f"{start}_subscriptions.csv"))["accepted"] == 5_000
    assert load(place, "events", Path(f"{start}_feature_usage.csv.gz"))["accepted"] == 25_000
    assert load(place, "complaints", Path(f"{start}_support_tickets.csv"))["accepted"] == 2_000
    churn = ("--map", "kind==churn", "--map", "occurred_at=churn_date")
    assert load(place, "events", Path(f"{start}_churn_events.csv"), *churn)["accepted"] == 600
    told("run", place)
    said = next(one["en"] for one in summary(place)["told"] if "contradict" in one["en"])
    assert "110 customers flagged" in said and "352 with a churn event" in said and "0 with all contracts ended" in said


@pytest.mark.slow
def test_online_retail_needs_no_configuration_and_gets_a_plan(
    folder: Callable[[str, str], Path], public_data: Path
) -> None:
    place = folder("online", "retail")
    done = load(place, "transactions", public_data / "online_retail/online_retail.csv.gz")
    assert (done["read"], done["rejected"], done["reasons"]) == (541_909, 135_080, {"no_customer": 135_080})
    assert pc.count_distinct(store_of(open_workspace(place)).read("transactions")["customer_id"]).as_py() == 4_372
    told("run", place)
    assert_the_plan_is_of_use(place)
    customers = find(open_workspace(place)).table("customers")
    assert customers.num_rows <= 4_372


@pytest.mark.slow
def test_cdnow_gets_a_plan_from_its_orders(folder: Callable[[str, str], Path], public_data: Path) -> None:
    place = folder("cdnow", "retail")
    assert load(place, "transactions", public_data / "cdnow/CDNOW_master.txt.gz")["accepted"] == 69_659
    told("run", place)
    assert_the_plan_is_of_use(place)
    assert find(open_workspace(place)).table("customers").num_rows <= 23_570


def test_cdnow_sample_as_loaded_gives_the_published_fits(folder: Callable[[str, str], Path], public_data: Path) -> None:
    place = folder("sample", "retail")
    names = ("--names", "master_id,customer_id,date,cds,dollars")
    assert load(place, "transactions", public_data / "cdnow/CDNOW_sample.txt", *names)["accepted"] == 6_919
    engine = duckdb.open_tables({"transactions": store_of(open_workspace(place)).read("transactions")})
    create_summary(engine, date(1997, 9, 30))
    found = engine.table("SELECT * FROM summary ORDER BY customer_id")
    frequency, recency, age = histories_of(found)
    assert (found.num_rows, int(frequency.sum()), int((frequency == 0).sum())) == (2_357, 2_457, 1_411)
    fitted = BetaGeometric().fit(frequency, recency / 7, age / 7)
    parameters = [getattr(fitted.parameters_, name) for name in ("r", "alpha", "a", "b")]
    assert parameters == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)
    money = found.filter(pc.greater(found["frequency"], 0))
    spend = GammaGamma().fit(money["frequency"], money["monetary_value"])
    assert [getattr(spend.parameters_, name) for name in ("p", "q", "gamma")] == pytest.approx(
        [6.25, 3.74, 15.44], abs=6e-3
    )
