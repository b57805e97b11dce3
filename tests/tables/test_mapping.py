# ruff: noqa: E501  (tables of cases read better unbroken)
from __future__ import annotations

import pytest

from liuke.tables import fitting, mapping, names
from liuke.tables.contract import TABLES, Column
from liuke.tables.loading import FileRefused


def found(headers: list[str], table: str, samples: list[list[str]] | None = None, **options: object) -> dict[str, str]:
    values = samples or [[] for _ in headers]
    proposal = mapping.propose(headers, values, table, **options)  # type: ignore[arg-type]
    return {item.canonical: item.theirs for item in proposal.mapped}


def every_alias() -> list[tuple[str, Column, str]]:
    return [
        (table.name, column, alias) for table in TABLES.values() for column in table.columns for alias in column.aliases
    ]


@pytest.mark.parametrize(("table", "column", "alias"), every_alias(), ids=lambda value: getattr(value, "name", value))
def test_every_alias_leads_to_a_column_that_goes_by_it(table: str, column: Column, alias: str) -> None:
    headers = [alias] + [other.name for other in TABLES[table].columns if other.required and other.name != column.name]
    owner = next(
        (key for key, value in found(headers, table).items() if value in (alias, f"{alias} * {names.unit_in(alias)}")),
        None,
    )
    assert owner is not None
    assert names.folded(alias) in names.names_of(next(c for c in mapping.source_columns(table) if c.name == owner))


@pytest.mark.parametrize(
    ("headers", "table", "wanted"),
    [
        (["客户编号", "下单时间", "金额"], "transactions", {"customer_id": "客户编号", "occurred_at": "下单时间", "amount": "金额"}),
        (["客戶編號", "訂單時間", "訂單金額"], "transactions", {"customer_id": "客戶編號", "occurred_at": "訂單時間", "amount": "訂單金額"}),
        (["InvoiceDate", "CustomerID", "Sales"], "transactions", {"customer_id": "CustomerID", "occurred_at": "InvoiceDate", "amount": "Sales"}),
        (["customer_id", "date", "dollar_value"], "transactions", {"customer_id": "customer_id", "occurred_at": "date", "amount": "dollar_value"}),
    ],
)  # fmt: skip
def test_usual_headers_are_recognised(headers: list[str], table: str, wanted: dict[str, str]) -> None:
    assert found(headers, table) == wanted


def test_values_that_do_not_fit_leave_a_column_an_attribute() -> None:
    headers = ["ticket_id", "account_id", "submitted_at", "priority"]
    values = [["T1"], ["A1"], ["2026-01-02"], ["high", "urgent", "low"]]
    assert "severity" not in found(headers, "complaints", values)


def test_the_best_name_wins_where_several_speak_for_a_column() -> None:
    assert found(["id", "customer_id", "time", "order date", "amount", "price"], "transactions") == {
        "customer_id": "customer_id",
        "occurred_at": "time",
        "amount": "amount",
    }


def test_a_required_column_is_found_by_its_values_and_doubted() -> None:
    values = [["a1", "a2"], ["2026-01-02", "2026-01-03"], ["5", "7"]]
    proposal = mapping.propose(["buyer code customer", "wann", "amount"], values, "transactions")
    assert [item.theirs for item in proposal.mapped] == ["buyer code customer", "wann", "amount"]
    assert len(proposal.doubts) == 2


def test_what_is_missing_is_named_with_what_there_is() -> None:
    with pytest.raises(FileRefused, match=r"amount of transactions.*a, date, customer_id.*--map amount="):
        found(["a", "date", "customer_id"], "transactions")


def test_one_contract_per_customer_needs_no_number_of_its_own() -> None:
    assert found(["customerID", "BeginDate", "EndDate"], "subscriptions")["subscription_id"] == "customerID"
    with pytest.raises(FileRefused, match="subscription_id"):
        found(["customerID", "BeginDate"], "subscriptions", is_key=lambda place: False)


def test_attributes_never_take_a_canonical_name() -> None:
    proposal = mapping.propose(
        ["customer_id", "date", "amount", "occurred_on", "_row"], [[]] * 5, "transactions", given={"amount": "amount"}
    )
    assert proposal.attributes == ((3, "occurred_on_given"), (4, "row"))


def test_a_price_beside_a_quantity_is_asked_about() -> None:
    proposal = mapping.propose(["customer_id", "date", "quantity", "price"], [[], [], ["2"], ["5"]], "transactions")
    assert proposal.of("amount") is not None
    assert [doubt.en for doubt in proposal.doubts] == ["is the amount quantity * price?"]


def test_a_header_that_does_not_exist_is_refused() -> None:
    with pytest.raises(FileRefused, match="'paid'"):
        found(["customer_id", "date", "amount"], "transactions", given={"amount": "paid"})
    with pytest.raises(FileRefused, match="no column 'amont'"):
        found(["customer_id", "date", "amount"], "transactions", given={"amont": "amount"})


@pytest.mark.parametrize(
    ("header", "factor"), [("金额(万元)", "10000"), ("金额【分】", "0.01"), ("金额", None), ("amount (RMB)", "1")]
)
def test_a_unit_in_brackets_is_declared(header: str, factor: str | None) -> None:
    assert names.unit_in(header) == factor


def test_samples_fit_their_kinds() -> None:
    assert fitting.fits("是", "flag") and not fitting.fits("maybe", "flag")
    assert fitting.fits("12:30", "hour") and fitting.fits("(1.00)", "money") and not fitting.fits("x1", "money")
