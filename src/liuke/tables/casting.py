"""From text to the types of the contract, by rule, in one SELECT; every failing cell says why.

View `raw` holds `_line` and the source's columns `c0`, `c1`, … as they are; view `texts` adds `t0`, `t1`, …, the same
trimmed. `staged_sql` gives one row per source row with canonical values, attributes, `_problems` (``column:code;`` …)
and `_row`, a hash of the content that does not depend on the order, the types or the layout of the source.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from liuke.tables import querying
from liuke.tables.contract import Column
from liuke.tables.mapping import ColumnMap, Mapped
from liuke.tables.names import WHOLE_ROW, words_of
from liuke.tables.profiling import EPOCHS, Answers, Profile
from liuke.tables.store import quoted

ENDS = frozenset({"ended_on", "left_on", "committed_until", "resolved_at"})
"""Columns of ends: words such as No and 至今, and 9999-12-31, mean that there is none."""

MAY_BE_AHEAD = ENDS | {"effective_on", "period", "_observed_on"}
_NUMBER_TYPES = ("INTEGER", "BIGINT", "SMALLINT", "TINYINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_ID_WORDS = {
    "id",
    "no",
    "code",
    "number",
    "zip",
    "postcode",
    "phone",
    "sku",
    "编号",
    "编码",
    "单号",
    "号码",
    "号",
    "代码",
    "邮编",
}
_WHOLE = r"[-+]?(0|[1-9]\d{0,16})(\.0*)?"
_FRACTION = r"[-+]?(0|[1-9]\d{0,16})?(\.\d*)?([eE]-?\d{1,2})?"
_EARLIEST = {"born_on": "1900-01-01", "joined_on": "1900-01-01"}


@dataclass(frozen=True, slots=True)
class Casting:
    """Everything needed to cast one source.

    Parameters
    ----------
    columns : ColumnMap
        Whose column is which.
    contract : dict of str to Column
        The canonical columns that may occur.
    profile : Profile
        How the columns are to be read.
    answers : Answers
        What the user said.
    types : dict of int to str
        SQL types of the source's columns.
    attributes : dict of str to (int, str)
        Attribute name to place and SQL type.
    mend_place : int or None
        Where a file of rejected rows says which column was wrong.
    """

    columns: ColumnMap
    contract: dict[str, Column]
    profile: Profile
    answers: Answers
    types: dict[int, str]
    attributes: dict[str, tuple[int, str]]
    mend_place: int | None = None


def texts_sql(types: dict[int, str]) -> str:
    """Return the view that adds trimmed texts to `raw`."""
    texts = [f"{f'clean(c{i})' if kind == 'VARCHAR' else f'c{i}::VARCHAR'} AS t{i}" for i, kind in types.items()]
    return f"CREATE OR REPLACE VIEW texts AS SELECT {', '.join(['*', *texts])} FROM raw"


def staged_sql(casting: Casting, subscriptions: str | None = None) -> str:
    """Return the SELECT that casts every row of `texts`: first all values, then what is wrong, then the content.

    Parameters
    ----------
    casting : Casting
        What to cast and how.
    subscriptions : str, optional
        A SELECT of subscription_id and customer_id, where customers are looked up.
    """
    values, troubles = [], []
    items = [item for item in casting.columns.mapped if item.form not in ("row", "line")]
    for place, item in enumerate(items):
        value, trouble = _cell(casting, item, f"_v{place}")
        values.append(f"{value} AS _v{place}")
        troubles.append((item.canonical, trouble))
    for number, (place, kind) in enumerate(casting.attributes.values()):
        values.append(f"{_attribute(place, kind, casting.types[place])} AS _x{number}")
        if casting.types[place] == "VARCHAR":
            troubles.append((f"c{place}", _attribute_trouble(f"t{place}")))
    if casting.mend_place is not None:
        trouble = f"CASE WHEN t{casting.mend_place} = '{WHOLE_ROW}' THEN 'not_mended' END"
        troubles.append((f"c{casting.mend_place}", trouble))
    made = next((item.canonical for item in casting.columns.mapped if item.form == "row"), None)
    codes = [f"'{name}:' || ({trouble}) || ';'" for name, trouble in troubles]
    problems = f"concat({', '.join(codes)})" if codes else "''"
    kept = [f"_v{place} AS {quoted(item.canonical)}" for place, item in enumerate(items)]
    kept += [
        f"local_day(_v{place}) AS {quoted(companion)}"
        for place, item in enumerate(items)
        if (companion := casting.contract[item.canonical].companion)
    ]
    kept += [f"_x{number} AS {quoted(name)}" for number, name in enumerate(casting.attributes)]
    content = _content(casting, items)
    if made:
        kept.append(f"'{made[0].upper()}-' || left({content}, 16) AS {quoted(made)}")
    kept += [f"'L' || _line AS {quoted(item.canonical)}" for item in casting.columns.mapped if item.form == "line"]
    source = _joined(casting, subscriptions)
    return (
        f"WITH cells AS (SELECT {', '.join(['*', *values])} FROM {source}) "
        f"SELECT _line, {', '.join(kept)}, {problems} AS _problems, unhex({content}) AS _row FROM cells"
    )


def _content(casting: Casting, items: list[Mapped]) -> str:
    """Return the SQL of a hash over all that a row says, by name, whatever the order and types of its columns."""
    said = {item.canonical: f"_v{place}::VARCHAR" for place, item in enumerate(items)}
    said |= {name: f"content(t{place})" for name, (place, _) in casting.attributes.items()}
    parts = [f"'{name.replace(chr(39), chr(39) * 2)}=' || {sql}" for name, sql in sorted(said.items())]
    return f"md5(concat_ws(chr(31), {', '.join(parts)}))"


def _joined(casting: Casting, subscriptions: str | None) -> str:
    lookup = next((item for item in casting.columns.mapped if item.form == "lookup"), None)
    if lookup is None:
        return "texts"
    known = subscriptions or "SELECT NULL::VARCHAR AS subscription_id, NULL::VARCHAR AS customer_id LIMIT 0"
    link = (
        f"SELECT subscription_id AS _key, any_value(customer_id) AS _customer FROM ({known}) GROUP BY subscription_id"
    )
    return f"texts LEFT JOIN ({link}) AS links ON id_form(t{lookup.places[0]}) = _key"


def _cell(casting: Casting, item: Mapped, cast: str) -> tuple[str, str]:
    """Return the SQL of a canonical value, and of the code of what is wrong with it once it is cast as `cast`."""
    column = casting.contract[item.canonical]
    if item.form == "lookup":
        return "_customer", "CASE WHEN _customer IS NULL THEN 'unknown_subscription' END"
    if item.form == "constant":
        text = "'" + item.factor.replace("'", "''") + "'"
        return _from_text(casting, column, text, -1, cast)
    if item.form == "product":
        return _product(casting, column, item, cast)
    place = item.places[0]
    kind = casting.types[place]
    if kind != "VARCHAR" and column.kind not in ("id", "word", "text"):
        return _typed(casting, column, f"c{place}", kind, cast)
    return _from_text(casting, column, f"t{place}", place, cast)


def _product(casting: Casting, column: Column, item: Mapped, cast: str) -> tuple[str, str]:
    if len(item.places) == 1:
        number = f"{_number(casting, item.places[0], False)} * CAST('{item.factor}' AS DECIMAL(10,4))"
    else:
        terms = [f"TRY_CAST({_number(casting, place, False)} AS DECIMAL(18,4))" for place in item.places[:2]]
        number = f"TRY_CAST({terms[0]} * {terms[1]} AS DECIMAL(26,6)) * CAST('{item.factor}' AS DECIMAL(10,4))"
    value = f"TRY_CAST({number} AS {_sql_type(column)})"
    texts = [f"t{place}" for place in item.places]
    absent = " OR ".join(f"is_missing_amount({text})" for text in texts)
    bad = f"CASE WHEN {cast} IS NULL THEN {_first_trouble(texts)} END"
    return value, f"CASE WHEN {absent} THEN {_missing(column)} ELSE {bad} END"


def _first_trouble(texts: list[str]) -> str:
    found = [f"CASE WHEN as_number({text}, false, false) IS NULL THEN number_trouble({text}) END" for text in texts]
    return f"coalesce({', '.join(found)}, 'too_large')"


def _number(casting: Casting, place: int, percent: bool) -> str:
    if casting.types[place] != "VARCHAR":
        return f"TRY_CAST(c{place} AS DECIMAL(26,6))"
    comma = str(casting.profile.decimal_comma.get(place, False)).lower()
    return f"as_number(t{place}, {comma}, {str(percent).lower()})"


def _sql_type(column: Column) -> str:
    return {"money": "DECIMAL(18,2)", "number": "DECIMAL(18,4)", "share": "DOUBLE"}.get(column.kind, "BIGINT")


def _missing(column: Column) -> str:
    if not column.required:
        return "NULL"
    return "'no_customer'" if column.name == "customer_id" else "'missing'"


def _from_text(casting: Casting, column: Column, text: str, place: int, cast: str) -> tuple[str, str]:
    """Return value and trouble of a cell read from text."""
    if column.kind in ("id", "word", "text"):
        value, absent, trouble = _worded(casting, column, text, place)
    elif column.kind in ("date", "instant"):
        value, absent, trouble = _dated(casting, column, text, place)
    elif column.kind == "flag":
        value, absent = f"as_flag({text})", f"is_missing({text}) AND as_flag({text}) IS NULL"
        trouble = "'not_a_flag'"
    else:
        value, absent, trouble = _counted(casting, column, text, place)
    codes = [f"WHEN has_control({text}) THEN 'control_character'"] if place >= 0 else []
    codes += [f"WHEN is_cell_error({text}) THEN 'cell_error'", f"WHEN {absent} THEN {_missing(column)}"]
    if column.kind in ("id", "word", "text"):
        codes.append(f"ELSE {trouble}")
    elif column.kind in ("date", "instant"):
        codes += [f"WHEN {cast} IS NULL THEN {trouble}", *_range(casting, column, cast)]
    else:
        codes.append(f"WHEN {cast} IS NULL THEN {trouble}")
    return value, f"CASE {' '.join(codes)} END"


def _worded(casting: Casting, column: Column, text: str, place: int) -> tuple[str, str, str]:
    if column.kind == "id":
        bare = rf"regexp_replace({text}, '\.0+$', '')" if place in casting.profile.drops_zero else text
        absent = f"is_missing({text})"
        return f"CASE WHEN NOT {absent} THEN id_form({bare}) END", absent, f"id_trouble({text})"
    if column.kind == "word":
        absent = f"is_missing_word({text})"
        return f"CASE WHEN NOT {absent} THEN {text} END", absent, "NULL"
    absent = rf"({text} IS NULL OR {text} = '\N')"
    return f"CASE WHEN NOT {absent} THEN {text} END", absent, "NULL"


def _dated(casting: Casting, column: Column, text: str, place: int) -> tuple[str, str, str]:
    first = str(casting.profile.day_first.get(place, False)).lower()
    epoch = f"'{EPOCHS[casting.answers.excel_dates]}'" if casting.answers.excel_dates else "NULL"
    macro = "as_utc" if column.kind == "instant" else "as_day"
    value = f"{macro}({text}, {first}, {epoch})"
    absent = f"is_missing({text})"
    if column.name in ENDS:
        absent = f"({absent} OR is_still_active({text}) OR is_open_end({text}) OR is_placeholder({text}))"
    elif not column.required:
        absent = f"({absent} OR is_placeholder({text}))"
    value = f"CASE WHEN NOT ({absent}) THEN {value} END"
    trouble = f"CASE WHEN is_placeholder({text}) THEN 'placeholder_date' ELSE date_trouble({text}) END"
    return value, absent, trouble


def _range(casting: Casting, column: Column, value: str) -> list[str]:
    """Return the checks that a date is neither ahead of today nor absurdly early."""
    checks = [f"WHEN {value} < DATE '{_EARLIEST.get(column.name, '1950-01-01')}' THEN 'too_early'"]
    checks.insert(0, f"WHEN {value} = DATE '1900-01-01' THEN 'placeholder_date'")
    if column.name in MAY_BE_AHEAD:
        return checks
    checks.append(f"WHEN {value} >= DATE '2200-01-01' THEN 'in_future'")
    if casting.answers.today is not None:
        checks.append(f"WHEN {value} >= DATE '{casting.answers.today.isoformat()}' + INTERVAL 2 DAY THEN 'in_future'")
    return checks


def _counted(casting: Casting, column: Column, text: str, place: int) -> tuple[str, str, str]:
    comma = str(casting.profile.decimal_comma.get(place, False)).lower()
    percent = str(column.kind in ("number", "share")).lower()
    number = f"as_number({text}, {comma}, {percent})"
    absent = f"is_missing_amount({text})" if column.kind == "money" else f"is_missing({text})"
    trouble = f"number_trouble({text})"
    if column.kind == "hour":
        hour = rf"TRY_CAST(regexp_extract(half({text}), '^(\d{{1,2}})([:时点].*)?(\.0+)?$', 1) AS BIGINT)"
        return f"CASE WHEN {hour} BETWEEN 0 AND 24 THEN {hour} END", absent, "'not_an_hour'"
    if column.kind == "whole":
        return f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({number} AS BIGINT) END", absent, "'not_whole'"
    if column.kind == "share":
        return f"CASE WHEN {number} BETWEEN 0 AND 1 THEN CAST({number} AS DOUBLE) END", absent, "'not_a_share'"
    return f"TRY_CAST({number} AS {_sql_type(column)})", absent, trouble


def _typed(casting: Casting, column: Column, cell: str, kind: str, cast: str) -> tuple[str, str]:
    """Return value and trouble of a cell that is no text to begin with."""
    absent = f"{cell} IS NULL"
    if kind in ("DOUBLE", "FLOAT"):
        absent += f" OR isnan({cell})"
    value = _typed_value(casting, column, cell, kind)
    trouble = {"flag": "'not_a_flag'", "whole": "'not_whole'", "hour": "'not_an_hour'", "share": "'not_a_share'"}.get(
        column.kind, "'not_a_date'" if column.kind in ("date", "instant") else f"number_trouble({cell}::VARCHAR)"
    )
    codes = [f"WHEN {absent} THEN {_missing(column)}", f"WHEN {cast} IS NULL THEN {trouble}"]
    if column.kind in ("date", "instant"):
        codes += _range(casting, column, cast)
    return f"CASE WHEN NOT ({absent}) THEN {value} END", f"CASE {' '.join(codes)} END"


def _typed_value(casting: Casting, column: Column, cell: str, kind: str) -> str:
    if column.kind in ("date", "instant"):
        if kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"):
            utc = f"timezone('UTC', {cell})"
            return utc if column.kind == "instant" else f"local_day({utc})"
        if not kind.startswith(("TIMESTAMP", "DATE")):
            return _from_text(casting, column, f"{cell}::VARCHAR", -2, "NULL")[0]
        local = f"CAST({cell} AS TIMESTAMP)"
        return f"local_to_utc({local})" if column.kind == "instant" else f"CAST({local} AS DATE)"
    if column.kind == "flag":
        return cell if kind == "BOOLEAN" else f"as_flag({cell}::VARCHAR)"
    if column.kind in ("whole", "hour"):
        fitting = f"{cell} = trunc({cell}) AND" if kind not in _NUMBER_TYPES else ""
        limits = f"AND {cell} BETWEEN 0 AND 24" if column.kind == "hour" else ""
        return f"CASE WHEN {fitting} true {limits} THEN TRY_CAST({cell} AS BIGINT) END"
    if column.kind == "share":
        return f"CASE WHEN {cell} BETWEEN 0 AND 1 THEN CAST({cell} AS DOUBLE) END"
    return f"TRY_CAST({cell} AS {_sql_type(column)})"


def _attribute_trouble(text: str) -> str:
    return f"CASE WHEN has_control({text}) THEN 'control_character' WHEN is_cell_error({text}) THEN 'cell_error' END"


def _attribute(place: int, kind: str, source: str) -> str:
    if source == kind:
        return f"c{place}"
    if kind == "VARCHAR":
        return rf"nullif(t{place}, '\N')"
    if kind == "BIGINT" and source == "VARCHAR":
        return rf"TRY_CAST(regexp_replace(t{place}, '\.0*$', '') AS BIGINT)"
    return f"TRY_CAST(t{place} AS {kind})"


def attribute_types(
    connection: duckdb.DuckDBPyConnection, columns: ColumnMap, types: dict[int, str]
) -> dict[str, tuple[int, str]]:
    """Return for every attribute its place and the type that all its values share."""
    found: dict[str, tuple[int, str]] = {}
    tests: list[str] = []
    for place, name in columns.attributes:
        source = types[place]
        if source != "VARCHAR":
            found[name] = (place, _kept_type(source))
        elif (words_of(name) or [""])[-1] in _ID_WORDS or name.endswith(("号", "编码", "代码", "邮编")):
            found[name] = (place, "VARCHAR")
        else:
            found[name] = (place, "?")
            tests += _attribute_tests(place)
    if tests:
        row = querying.row(connection, f"SELECT {', '.join(tests)} FROM texts")
        for name, (place, kind) in found.items():
            if kind == "?":
                found[name] = (place, _common_type({key: row[f"{key}{place}"] for key in ("n", "w", "d", "b", "t")}))
    return found


def _attribute_tests(place: int) -> list[str]:
    text = f"t{place}"
    conditions = {
        "n": "true",
        "w": rf"regexp_full_match({text}, '{_WHOLE}')",
        "d": rf"regexp_full_match({text}, '{_FRACTION}')",
        "b": f"lower({text}) IN ('true', 'false')",
        "t": rf"regexp_full_match({text}, '\d{{4}}-\d{{2}}-\d{{2}}') AND TRY_CAST({text} AS DATE) IS NOT NULL",
    }
    filled = f"NOT is_missing({text})"
    return [f"count(*) FILTER (WHERE {filled} AND {sql}) AS {key}{place}" for key, sql in conditions.items()]


def _common_type(counts: dict[str, int]) -> str:
    if counts["n"] == 0:
        return "VARCHAR"
    for key, kind in (("w", "BIGINT"), ("d", "DOUBLE"), ("b", "BOOLEAN"), ("t", "DATE")):
        if counts[key] == counts["n"]:
            return kind
    return "VARCHAR"


def _kept_type(source: str) -> str:
    if source in _NUMBER_TYPES:
        return "BIGINT"
    if source in ("DOUBLE", "FLOAT") or source.startswith("DECIMAL"):
        return "DOUBLE"
    return source if source in ("BOOLEAN", "DATE") else "VARCHAR"
