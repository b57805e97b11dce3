"""The rules by which text becomes numbers, dates and flags: SQL macros, defined once per connection.

Every macro takes text already trimmed of blanks and gives NULL where the rule does not apply; nothing is guessed per
row. What depends on the whole column (decimal comma, order of day and month, Excel's date system) is an argument.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import duckdb

from liuke.tables.fitting import FALSE, MISSING, STILL_ACTIVE, TRUE

BLANKS = " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d"
BLANKS += "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
"""Everything that looks like nothing: trimmed at both ends of a cell."""

_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "￥−–—、\u00a0\u202f\u3000"
_HALF = "".join(chr(code) for code in range(0x21, 0x7F)) + "¥---,   "

CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{80}-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
"""Characters no cell may hold: PostgreSQL text cannot keep NUL, and bidirectional marks hide what is written."""

_WORDS_ONLY_MISSING = ("", "null", "nan", "n/a", "\\n", "-", "--", "不详", "未知", "暂无")


def _listed(words: frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words))


_MACROS = r"""
CREATE MACRO half(x) AS CASE WHEN strlen(x) = length(x) THEN x ELSE translate(x, '@FULL@', '@HALF@') END;
CREATE MACRO is_missing(x) AS x IS NULL OR (length(x) <= 4 AND lower(x) IN (@MISSING@));
CREATE MACRO is_missing_amount(x) AS x IS NULL OR (length(x) <= 4 AND lower(x) IN (@MISSING_AMOUNT@));
CREATE MACRO is_missing_word(x) AS x IS NULL OR (length(x) <= 4 AND lower(x) IN (@MISSING_WORD@));
CREATE MACRO is_still_active(x) AS lower(x) IN (@ACTIVE@);
CREATE MACRO is_cell_error(x) AS starts_with(x, '#')
    AND regexp_full_match(x, '#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FORMULA!)');
CREATE MACRO as_flag(x) AS CASE WHEN lower(half(x)) IN (@TRUE@) THEN true
    WHEN lower(half(x)) IN (@FALSE@) THEN false END;

CREATE MACRO tidy_number(x) AS regexp_replace(regexp_replace(
    upper(half(x)), '(RMB|CNY|USD|EUR|GBP|HKD|[¥$€£元圆'' ])', '', 'g'), '^(?:\((.*)\)|([^-].*)-)$', '-\1\2');
CREATE MACRO ungrouped(x, decimal_comma) AS CASE
    WHEN NOT contains(x, ',') AND NOT (decimal_comma AND contains(x, '.')) THEN x
    WHEN decimal_comma AND regexp_full_match(x, '[-+]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?')
        THEN replace(replace(x, '.', ''), ',', '.')
    WHEN NOT decimal_comma AND regexp_full_match(x, '[-+]?\d{1,3}(,\d{3})+(\.\d*)?') THEN replace(x, ',', '') END;
CREATE MACRO plain_number(x) AS CASE WHEN regexp_full_match(x, '[-+]?(\d+\.?\d*|\.\d+)')
    THEN TRY_CAST(x AS DECIMAL(26,6)) END;
CREATE MACRO worded_number(t, decimal_comma, percent) AS CASE
    WHEN ends_with(t, '万') THEN TRY_CAST(plain_number(ungrouped(left(t, -1), decimal_comma)) * 10000 AS DECIMAL(26,6))
    WHEN ends_with(t, '%') THEN CASE WHEN percent
        THEN TRY_CAST(plain_number(ungrouped(left(t, -1), decimal_comma)) * 0.01 AS DECIMAL(26,6)) END
    WHEN percent AND regexp_full_match(t, '[-+]?\d*\.?\d+E[-+]?\d+') 
        THEN TRY_CAST(TRY_CAST(t AS DOUBLE) AS DECIMAL(26,6))
    ELSE plain_number(ungrouped(t, decimal_comma)) END;
CREATE MACRO as_number(x, decimal_comma, percent) AS CASE
    WHEN regexp_full_match(x, '-?\d{1,14}(\.\d{1,6})?') AND NOT (decimal_comma AND contains(x, '.'))
        THEN TRY_CAST(x AS DECIMAL(26,6))
    ELSE worded_number(tidy_number(x), decimal_comma, percent) END;

CREATE MACRO tidy_date(x) AS regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    trim(translate(upper(half(x)), '时点分秒', ':::'), ' :'),
    '^(\d{1,4})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,4})日?', '\1-\2-\3'),
    '^((?:19|20)\d{2})(\d{2})(\d{2})$', '\1-\2-\3'),
    '^((?:19|20)\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$', '\1-\2-\3 \4:\5:\6'),
    '^(\d+-\d+-\d+)(T| +)', '\1 ');
CREATE MACRO zone_of(t) AS regexp_extract(t, ':\d{2}(?:\.\d+)? ?(Z|[-+]\d{2}(?::?\d{2})?)$', 1);
CREATE MACRO without_zone(t) AS regexp_replace(t, '(:\d{2}(?:\.\d+)?) ?(?:Z|[-+]\d{2}(?::?\d{2})?)$', '\1');
CREATE MACRO year_first(t, day_first) AS regexp_replace(t, '^(\d{1,2})-(\d{1,2})-(\d{4})',
    CASE WHEN day_first THEN '\3-\2-\1' ELSE '\3-\1-\2' END);
CREATE MACRO looks_dated(t) AS regexp_full_match(t, '\d{4}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?');
CREATE MACRO tidy_timestamp(t) AS CASE WHEN looks_dated(t) THEN TRY_CAST(t AS TIMESTAMP)
    WHEN regexp_matches(t, '[A-Z]') THEN coalesce(
        TRY_STRPTIME(t, ['%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M:%S %p']),
        TRY_STRPTIME(t, ['%d-%b-%Y', '%d %b %Y', '%d %B %Y', '%b %d, %Y', '%B %d, %Y', '%b %d %Y', '%d-%B-%Y',
                         '%d-%b-%Y %H:%M:%S', '%d %b %Y %H:%M:%S', '%d-%b-%Y %H:%M', '%d %b %Y %H:%M'])) END;
CREATE MACRO serial_timestamp(x, epoch) AS CASE WHEN epoch IS NOT NULL AND regexp_full_match(x, '\d{1,5}(\.\d+)?')
    THEN CAST(epoch AS TIMESTAMP) + to_microseconds(CAST(round(CAST(x AS DOUBLE) * 86400) AS BIGINT) * 1000000) END;
CREATE MACRO is_plain_time(x) AS
    regexp_full_match(x, '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?');
CREATE MACRO as_local(x, day_first, epoch) AS CASE WHEN is_plain_time(x) THEN TRY_CAST(x AS TIMESTAMP)
    ELSE coalesce(tidy_timestamp(year_first(without_zone(tidy_date(x)), day_first)), serial_timestamp(x, epoch)) END;
CREATE MACRO offset_minutes(z) AS CASE WHEN z = 'Z' THEN 0 ELSE
    (CASE WHEN left(z, 1) = '-' THEN -1 ELSE 1 END) * (CAST(substr(z, 2, 2) AS INTEGER) * 60
     + coalesce(TRY_CAST(nullif(right(replace(z, ':', ''), -3), '') AS INTEGER), 0)) END;
CREATE MACRO has_zone(x) AS length(x) > 16 AND zone_of(tidy_date(x)) <> '';
CREATE MACRO with_offset(x, day_first, epoch) AS
    as_local(x, day_first, epoch) - to_minutes(offset_minutes(zone_of(tidy_date(x))));
CREATE MACRO as_utc(x, day_first, epoch) AS CASE
    WHEN is_plain_time(x) THEN local_to_utc(TRY_CAST(x AS TIMESTAMP))
    WHEN has_zone(x) THEN with_offset(x, day_first, epoch)
    ELSE local_to_utc(as_local(x, day_first, epoch)) END;
CREATE MACRO as_day(x, day_first, epoch) AS CASE
    WHEN is_plain_time(x) THEN CAST(TRY_CAST(x AS TIMESTAMP) AS DATE)
    WHEN has_zone(x) THEN local_day(with_offset(x, day_first, epoch))
    ELSE CAST(as_local(x, day_first, epoch) AS DATE) END;
CREATE MACRO is_placeholder(x) AS regexp_matches(x, '^(0000-00-00|0001-01-01|1900[-/]0?1[-/]0?1|1899-12-3[01])');
CREATE MACRO is_open_end(x) AS regexp_matches(x, '^(9999|2999|2099)[-/年]?12[-/月]?31');
CREATE MACRO date_trouble(x) AS CASE
    WHEN regexp_full_match(x, '\d{5}(\.\d+)?') THEN 'excel_serial'
    WHEN regexp_full_match(tidy_date(x), '\d{1,2}-\d{1,2}-\d{1,2}( .*)?') THEN 'two_digit_year'
    WHEN looks_dated(year_first(without_zone(tidy_date(x)), true)) THEN 'no_such_day' ELSE 'not_a_date' END;
CREATE MACRO number_trouble(x) AS CASE
    WHEN regexp_full_match(lower(x), '[-+]?(nan|inf|infinity|∞)') THEN 'not_finite'
    WHEN regexp_full_match(x, '[-+]?[\d,]{16,}(\.\d+)?') THEN 'too_large' ELSE 'not_a_number' END;
CREATE MACRO id_trouble(x) AS CASE
    WHEN contains(x, '+') OR contains(x, '.') THEN
        CASE WHEN regexp_full_match(x, '\d(\.\d+)?[eE]\+?\d+') THEN 'scientific_id' END
    WHEN strlen(x) > length(x) THEN
        CASE WHEN regexp_matches(x, '[\p{Cyrillic}\p{Greek}]') AND regexp_matches(x, '[A-Za-z0-9]')
            THEN 'mixed_scripts' END
    END;
CREATE MACRO content(x) AS CASE
    WHEN contains(x, '.')
        THEN regexp_replace(regexp_replace(x, '^([-+]?\d+)\.0*$', '\1'), '^([-+]?\d*\.\d*[1-9])0+$', '\1')
    WHEN length(x) < 6 AND lower(x) IN ('true', 'false') THEN lower(x) ELSE x END;
"""

_WORDS = {
    "@FULL@": _FULL,
    "@HALF@": _HALF.replace("'", "''"),
    "@MISSING_AMOUNT@": _listed(MISSING - {"nan"}),
    "@MISSING_WORD@": _listed(_WORDS_ONLY_MISSING),
    "@MISSING@": _listed(MISSING),
    "@ACTIVE@": _listed(STILL_ACTIVE),
    "@TRUE@": _listed(TRUE),
    "@FALSE@": _listed(FALSE),
}


def define(connection: duckdb.DuckDBPyConnection, is_plain: bool, time_zone: str) -> None:
    """Define the macros on `connection`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the casting will run.
    is_plain : bool
        Whether all text is printable ASCII, so that trimming and control characters need no closer look.
    time_zone : str
        The zone of local times.
    """
    for name, sql in _zone_macros(time_zone).items():
        connection.execute(f"CREATE MACRO {name} AS {sql}")
    macros = _MACROS
    for word, meant in _WORDS.items():
        macros = macros.replace(word, meant)
    connection.execute(macros)
    trimmed = "trim(x, ' \t\r\n')"
    if not is_plain:  # the long list of blanks is slow: only where a cell is not all ASCII
        trimmed = f"CASE WHEN strlen(x) = length(x) THEN {trimmed} ELSE trim(x, '{BLANKS}') END"
    connection.execute(f"CREATE MACRO clean(x) AS nullif({trimmed}, '')")
    check = "false" if is_plain else f"coalesce(regexp_matches(x, '{CONTROL}'), false)"
    connection.execute(f"CREATE MACRO has_control(x) AS {check}")
    connection.execute(f"CREATE MACRO id_form(x) AS {'x' if is_plain else _id_form()}")


def _zone_macros(time_zone: str) -> dict[str, str]:
    """Return the macros between local and UTC time; plain arithmetic from the day a zone's offset stays the same."""
    to_utc = f"timezone('UTC', timezone('{time_zone}', x))"
    to_day = f"CAST(timezone('{time_zone}', timezone('UTC', x)) AS DATE)"
    settled = settled_offset(time_zone)
    if settled is not None:
        day, minutes = settled
        since = f"x >= TIMESTAMP '{day.isoformat()}'"
        to_utc = f"CASE WHEN {since} THEN x - to_minutes({minutes}) ELSE {to_utc} END"
        to_day = f"CASE WHEN {since} THEN CAST(x + to_minutes({minutes}) AS DATE) ELSE {to_day} END"
    return {"local_to_utc(x)": to_utc, "local_day(x)": to_day}


@cache
def settled_offset(time_zone: str) -> tuple[date, int] | None:
    """Return the day since which a zone's offset is the same, and that offset in minutes; None if it still changes.

    Examples
    --------
    >>> settled_offset("Asia/Shanghai")[1], settled_offset("America/New_York")
    (480, None)
    """
    zone, week = ZoneInfo(time_zone), timedelta(days=7)
    moment, last = datetime(2037, 12, 31, tzinfo=zone), None
    offset = moment.utcoffset() or timedelta(0)
    while moment.year >= 1950 and moment.utcoffset() == offset:
        last, moment = moment, moment - week
    if last is None or last.year > 2024 or offset.total_seconds() % 60:
        return None
    return (last + week).date(), int(offset.total_seconds() // 60)


def _id_form() -> str:
    letters = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
    halves = "".join(chr(code) for code in range(0x21, 0x7F)).replace("'", "''")
    return f"CASE WHEN strlen(x) = length(x) THEN x ELSE translate(x, '{letters}', '{halves}') END"
