"""Whose column is which: a proposal from names and values, shown, and accepted or changed by the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from liuke.kernel.errors import InvalidInput
from liuke.kernel.words import Language, Words
from liuke.tables.contract import PERSONAL, TABLES, Column
from liuke.tables.fitting import fits
from liuke.tables.names import MEND_COLUMNS, folded, names_of, unit_in, words_of
from liuke.tables.verdicts import FileRefused

Form = Literal["column", "product", "constant", "lookup", "row", "line"]

_QUANTITY = ("quantity", "qty", "数量", "件数", "购买数量", "销售数量")
_UNIT_PRICE = ("unitprice", "单价", "itemprice", "priceperunit", "price", "售价")
_CUSTOMER_WORDS = {
    "customer",
    "client",
    "user",
    "member",
    "account",
    "buyer",
    "cust",
    "客户",
    "会员",
    "用户",
    "买家",
    "顾客",
}
_AMOUNT_WORDS = {"amount", "price", "total", "value", "revenue", "spend", "paid", "金额", "价", "额", "款"}
_STRICT_NAMES = ("客户姓名", "会员姓名", "customer name", "联系人", "收货人", "surname", "姓名")
LINE = "(line)"
"""Given for customer_id of a file that names no customer: its rows are numbered."""

_GENERATED = {"contacts", "treatments", "complaints"}


class MapNotAccepted(InvalidInput):
    """The column map has doubts nobody has settled; `proposal` is the map, the message shows it."""

    def __init__(self, proposal: ColumnMap) -> None:
        doubts = "\n".join(f"  ? {doubt.en}" for doubt in proposal.doubts)
        super().__init__(
            f"please look at how {proposal.table} would be read:\n{proposal.shown('en')}\n{doubts}\n"
            "accept it with --yes, or change it with --map canonical=theirs"
        )
        self.proposal = proposal
        lines = "\n".join(f"  ? {doubt.zh}" for doubt in proposal.doubts)
        self.words = Words(
            f"请确认 {proposal.table} 的读取方式:\n{proposal.shown('zh')}\n{lines}\n用 --yes 接受,或用 --map 修改",
            str(self),
        )


_NO_WHY = Words("", "")


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where one canonical column comes from.

    Parameters
    ----------
    canonical : str
        Our name.
    theirs : str
        Their header, or what is computed from headers.
    form : Form
        One ``column``, the ``product`` of columns and a factor, a ``constant``, a ``lookup`` of the customer by
        subscription, or a name made from the ``row`` itself or from its ``line``.
    places : tuple of int
        The columns used, counted from 0.
    factor : str
        A number the value is multiplied by, or the constant.
    why : Words
        What speaks for it.
    samples : tuple of str
        Some values.
    """

    canonical: str
    theirs: str
    form: Form
    places: tuple[int, ...]
    factor: str = "1"
    why: Words = _NO_WHY
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How the columns of a source become those of a table.

    Parameters
    ----------
    table : str
        The canonical table, or ``flat``.
    mapped : tuple of Mapped
        The canonical columns found.
    attributes : tuple of (int, str)
        Columns kept under their own names, by place.
    doubts : tuple of Words
        What the user should confirm.
    notes : tuple of Words
        What is merely said.
    """

    table: str
    mapped: tuple[Mapped, ...]
    attributes: tuple[tuple[int, str], ...] = ()
    doubts: tuple[Words, ...] = ()
    notes: tuple[Words, ...] = ()

    def of(self, canonical: str) -> Mapped | None:
        """Return where `canonical` comes from, or None."""
        return next((item for item in self.mapped if item.canonical == canonical), None)

    def doubting(self, *doubts: Words) -> ColumnMap:
        """Return the map with more doubts."""
        return replace(self, doubts=(*self.doubts, *doubts))

    def shown(self, language: Language) -> str:
        """Return the map as lines: ours, theirs, samples, and why."""
        lines = [
            f"  {item.canonical:<18} <- {item.theirs:<24} {' | '.join(item.samples[:3]):<40.40} "
            f"{item.why.in_(language)}"
            for item in self.mapped
        ]
        if self.attributes:
            kept = ", ".join(name for _, name in self.attributes)
            lines.append(Words(f"  保留为属性:{kept}", f"  kept as attributes: {kept}").in_(language))
        return "\n".join(lines)


@dataclass(slots=True)
class _Draft:
    """A map in the making."""

    table: str
    names: Sequence[str]
    samples: Sequence[Sequence[str]]
    is_key: Callable[[int], bool]
    mapped: dict[str, Mapped] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    doubts: list[Words] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)

    def take(self, canonical: str, place: int, why: Words, doubt: bool = False) -> None:
        name = self.names[place]
        factor = unit_in(name) or "1"
        form: Form = "product" if factor != "1" else "column"
        shown = name if factor == "1" else f"{name} * {factor}"
        self.mapped[canonical] = Mapped(canonical, shown, form, (place,), factor, why, tuple(self.samples[place][:5]))
        self.used.add(place)
        if doubt:
            self.doubts.append(Words(f"{canonical} 取自“{name}”?", f"is {canonical} the column {name!r}?"))


def source_columns(table: str) -> tuple[Column, ...]:
    """Return the columns a source for `table` may have: its own, and those that say who someone is."""
    contract = TABLES[table]
    if table in ("people", "staff") or contract.column("customer_id") is None:
        return contract.columns
    people = [column for column in TABLES["people"].columns if column.name in PERSONAL]
    if table != "customers":
        people = [replace(column, aliases=_STRICT_NAMES) if column.name == "name" else column for column in people]
    return (*contract.columns, *(column for column in people if contract.column(column.name) is None))


def propose(
    names: Sequence[str],
    samples: Sequence[Sequence[str]],
    table: str,
    *,
    columns: tuple[Column, ...] | None = None,
    given: Mapping[str, str] | None = None,
    is_key: Callable[[int], bool] = lambda place: True,
    has_subscriptions: bool = False,
) -> ColumnMap:
    """Return a column map for a source, from its names and some of its values.

    Parameters
    ----------
    names : sequence of str
        The source's headers.
    samples : sequence of sequence of str
        Some values of each column, without empty ones.
    table : str
        The canonical table, or ``flat``.
    columns : tuple of Column, optional
        The columns to look for; those of `table` by default.
    given : mapping, optional
        What the user says: canonical name to header, ``A * B``, ``=constant``, or an empty text for "not there".
    is_key : callable
        Whether the values of the column at a place name their rows.
    has_subscriptions : bool
        Whether customers can be looked up by subscription.

    Raises
    ------
    FileRefused
        If a required column cannot be found, or a header the user names does not exist.
    """
    wanted = columns if columns is not None else source_columns(table)
    draft = _Draft(table, names, samples, is_key)
    asked = dict(given or {})
    for canonical, theirs in asked.items():
        _take_given(draft, canonical, theirs, {column.name for column in wanted})
    open_columns = [column for column in wanted if column.name not in asked]
    _by_names(draft, open_columns)
    _amount_from_parts(draft, open_columns)
    _by_values(draft, open_columns)
    _made_up(draft, open_columns, has_subscriptions)
    absent = [column for column in wanted if column.required and column.name not in draft.mapped]
    if absent:
        raise _incomplete(table, absent, names)
    return _finished(draft, wanted)


def _take_given(draft: _Draft, canonical: str, theirs: str, known: set[str]) -> None:
    if canonical not in known:
        raise FileRefused.because(
            f"表 {draft.table} 没有列 {canonical},有:{', '.join(sorted(known))}",
            f"{draft.table} has no column {canonical!r}; it has: {', '.join(sorted(known))}",
        )
    why = Words("由您指定", "as you said")
    if not theirs.strip():
        return
    if theirs.startswith("="):
        draft.mapped[canonical] = Mapped(canonical, theirs, "constant", (), theirs[1:], why)
        return
    if theirs == LINE:
        draft.mapped[canonical] = Mapped(canonical, LINE, "line", (), why=why)
        return
    lookup = re.fullmatch(r"subscriptions\[(.+)\]", theirs)
    if lookup:
        place = _place(draft, lookup.group(1))
        draft.mapped[canonical] = Mapped(canonical, theirs, "lookup", (place,), why=why)
        return
    place = _find(draft, theirs)
    if place >= 0:
        draft.take(canonical, place, why)
        return
    places, factor = [], "1"
    for part in theirs.split("*"):
        if re.fullmatch(r"\s*\d+(\.\d+)?\s*", part):
            factor = part.strip()
        else:
            places.append(_place(draft, part.strip()))
    draft.mapped[canonical] = Mapped(canonical, theirs, "product", tuple(places), factor, why)


def _find(draft: _Draft, header: str) -> int:
    exact = [place for place, name in enumerate(draft.names) if name == header]
    alike = [place for place, name in enumerate(draft.names) if folded(name) == folded(header)]
    return (exact or alike or [-1])[0]


def _place(draft: _Draft, header: str) -> int:
    place = _find(draft, header)
    if place < 0:
        raise FileRefused.because(
            f"文件没有列“{header}”,有:{'、'.join(draft.names)}",
            f"the file has no column {header!r}; it has: {', '.join(draft.names)}",
        )
    return place


def _by_names(draft: _Draft, columns: Sequence[Column]) -> None:
    """Give each column the header whose name ranks best for it; better ranks choose first."""
    offers = []
    for order, column in enumerate(columns):
        ranks = {name: rank for rank, name in enumerate(names_of(column))}
        for place, name in enumerate(draft.names):
            rank = ranks.get(folded(name))
            if rank is not None and name not in MEND_COLUMNS:
                offers.append((rank > 0, not column.required, rank, order, place, column))
    offers.sort(key=lambda offer: offer[:5])
    for is_second_look in (False, True):  # what is required is taken by its name even where few values fit
        for inexact, optional, _, _, place, column in offers:
            if column.name in draft.mapped or place in draft.used or (is_second_look and optional):
                continue
            if is_second_look or not inexact or _is_fit(draft, place, column):
                _take_named(draft, place, column)


def _is_fit(draft: _Draft, place: int, column: Column) -> bool:
    values = draft.samples[place]
    return not values or sum(fits(value, column.kind) for value in values) * 2 >= len(values)


def _take_named(draft: _Draft, place: int, column: Column) -> None:
    name = draft.names[place]
    is_id = draft.table in TABLES and column.name in TABLES[draft.table].key and not column.required
    if is_id and not draft.is_key(place):
        draft.notes.append(
            Words(
                f"“{name}”在多行重复且内容不同,不作为编号,保留为属性",
                f"{name!r} repeats over lines with different content: not taken as {column.name}, kept as an attribute",
            )
        )
        return
    draft.take(column.name, place, Words("按列名", "by its name"))


def _amount_from_parts(draft: _Draft, columns: Sequence[Column]) -> None:
    """Propose quantity × unit price where a file of transactions gives no amount of its own."""
    if draft.table != "transactions" or not any(column.name == "amount" for column in columns):
        return
    quantity = next((i for i, name in enumerate(draft.names) if folded(name) in _QUANTITY), None)
    price = next((i for key in _UNIT_PRICE for i, name in enumerate(draft.names) if folded(name) == key), None)
    if quantity is None or price is None:
        return
    current = draft.mapped.get("amount")
    if current is not None and current.places != (price,):
        return
    theirs = f"{draft.names[quantity]} * {draft.names[price]}"
    why = Words("数量 × 单价", "quantity × unit price")
    samples = tuple(f"{a} × {b}" for a, b in zip(draft.samples[quantity][:3], draft.samples[price][:3], strict=False))
    draft.mapped["amount"] = Mapped("amount", theirs, "product", (quantity, price), "1", why, samples)
    draft.used.discard(price)
    if folded(draft.names[price]) in ("price", "售价"):
        draft.doubts.append(Words(f"金额 = {theirs}?", f"is the amount {theirs}?"))


def _by_values(draft: _Draft, columns: Sequence[Column]) -> None:
    """Fill required columns that no name gave, where exactly one column's words and values speak for it."""
    hints = {"customer_id": _CUSTOMER_WORDS, "amount": _AMOUNT_WORDS}
    for column in columns:
        if column.name in draft.mapped:
            continue
        if column.required and (column.name in hints or column.kind in ("instant", "date")):
            free = [place for place in range(len(draft.names)) if place not in draft.used and draft.samples[place]]
            found = [place for place in free if _speaks_for(draft, place, column, hints.get(column.name))]
            if len(found) == 1:
                draft.take(column.name, found[0], Words("按取值", "by its values"), doubt=True)
        elif column.name in ("phone", "email", "id_number"):
            _personal_by_values(draft, column)


def _speaks_for(draft: _Draft, place: int, column: Column, hints: set[str] | None) -> bool:
    values, name = draft.samples[place], draft.names[place]
    if column.name == "customer_id" and _AMOUNT_WORDS & set(words_of(name)):
        return False
    if hints and not (hints & set(words_of(name)) or any(hint in name for hint in hints if not hint.isascii())):
        return False
    return all(fits(value, column.kind) for value in values) and (column.kind != "date" or len(set(values)) > 1)


def _personal_by_values(draft: _Draft, column: Column) -> None:
    patterns = {
        "phone": r"(\+?86[- ]?)?1[3-9]\d{9}(\.0)?",
        "email": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
        "id_number": r"[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])\d{3}[\dXx]",
    }
    for place in range(len(draft.names)):
        values = draft.samples[place]
        matching = sum(bool(re.fullmatch(patterns[column.name], value.strip())) for value in values)
        if place not in draft.used and len(values) >= 3 and matching * 5 >= len(values) * 4:
            draft.take(column.name, place, Words("取值像个人信息", "its values look personal"))
            return


def _made_up(draft: _Draft, columns: Sequence[Column], has_subscriptions: bool) -> None:
    """Find required ids that no column gives: the customer's, a lookup, or one made from the row."""
    required = {column.name for column in columns if column.required and column.name not in draft.mapped}
    customer = draft.mapped.get("customer_id")
    if "subscription_id" in required and customer is not None and draft.is_key(customer.places[0]):
        why = Words("每位客户一份合同", "one contract per customer in this file")
        draft.mapped["subscription_id"] = replace(customer, canonical="subscription_id", why=why)
    if "customer_id" in required and has_subscriptions:
        place = next((i for i, name in enumerate(draft.names) if folded(name) in ("subscriptionid", "订购编号")), -1)
        if place >= 0:
            theirs = f"subscriptions[{draft.names[place]}]"
            why = Words("由订购编号查客户", "the customer of the subscription")
            draft.mapped["customer_id"] = Mapped("customer_id", theirs, "lookup", (place,), why=why)
            draft.doubts.append(
                Words(f"客户由“{draft.names[place]}”查得?", f"look the customer up by {draft.names[place]!r}?")
            )
    if "customer_id" in required and draft.table == "flat":
        why = Words("文件没有客户编号,按行号编号", "the file names no customer: numbered by line")
        draft.mapped["customer_id"] = Mapped("customer_id", LINE, "line", (), why=why)
        draft.doubts.append(why)
    if draft.table in _GENERATED:
        key = TABLES[draft.table].key[0]
        if key in required:
            why = Words("文件没有编号,由内容生成", "the file has none: made from the row's content")
            draft.mapped[key] = Mapped(key, "(row)", "row", (), why=why)


def _incomplete(table: str, absent: list[Column], names: Sequence[str]) -> FileRefused:
    missing = ", ".join(column.name for column in absent)
    headers = ", ".join(names)
    return FileRefused.because(
        f"找不到 {table} 的必填列 {missing}。文件的列:{headers}。请用 --map {absent[0].name}=列名 指明"
        f"(或对所有行用同一个值:--map {absent[0].name}==值)",
        f"no column found for {missing} of {table}. The file has: {headers}. "
        f"Say which with --map {absent[0].name}=COLUMN, or give every row one value with --map {absent[0].name}==VALUE",
    )


def _finished(draft: _Draft, wanted: tuple[Column, ...]) -> ColumnMap:
    order = [column.name for column in wanted]
    mapped = tuple(sorted(draft.mapped.values(), key=lambda item: order.index(item.canonical)))
    taken = {name.casefold() for column in wanted for name in (column.name, column.companion) if name}
    attributes: list[tuple[int, str]] = []
    for place, name in enumerate(draft.names):
        if place in draft.used or name in MEND_COLUMNS:
            continue
        own = " ".join(name.split()).lstrip("_") or f"column_{place + 1}"
        while own.casefold() in taken:
            own += "_given"
        taken.add(own.casefold())
        attributes.append((place, own))
    return ColumnMap(draft.table, mapped, tuple(attributes), tuple(draft.doubts), tuple(draft.notes))
