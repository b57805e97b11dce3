"""Evidence for reasons, gathered from every canonical table: what happened to a customer before leaving.

Each piece names a code of the taxonomy, the day, how much it weighs, and the number or thing that a person would
want to read. Exposure is not proof: combining pieces into reasons is `liuke.reasons.combining`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from liuke.kernel.errors import InvalidInput
from liuke.reasons import anchors, lists, text, wording
from liuke.reasons.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liuke.engines.engine import Engine

CONTRIBUTING = 0.5
"""What a contributing code of a label weighs against its primary code."""

EVENT_KINDS = {
    "moved": "address_changed",
    "ported": "ported",
    "competitor_named": "ported",
    "suspension": "suspended",
    "credit_suspension": "suspended",
    "payment_failed": "payment_failed",
    "job_loss": "life_event",
    "death": "life_event",
    "trade_changed": "life_event",
    "baby_grown": "life_event",
    "life_event": "life_event",
}
"""Label of the list `events` → kind of evidence; the others are a plain ``event``."""

EVIDENCE_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("code", pa.string()),
        ("kind", pa.string()),
        ("happened_on", pa.date32()),
        ("confidence", pa.float64()),
        ("value", pa.float64()),
        ("detail", pa.string()),
    ]
)

LABELS_SQL = """
SELECT DISTINCT 'stated_end' AS source, end_reason AS label FROM subscriptions WHERE end_reason IS NOT NULL
UNION ALL
SELECT DISTINCT 'stated_contact', reason FROM contacts WHERE reason IS NOT NULL
UNION ALL
SELECT DISTINCT 'complaint_category', category FROM complaints WHERE category IS NOT NULL
UNION ALL
SELECT DISTINCT 'events', kind FROM events WHERE kind IS NOT NULL
ORDER BY source, label
"""

TEXTS_SQL = """
SELECT DISTINCT text FROM (
    SELECT c.text FROM reason_anchors a JOIN complaints c ON c.customer_id = a.customer_id
    WHERE c.occurred_on <= a.seen_until AND c.occurred_on > a.anchor_on - 2 * CAST($complaint_days AS INTEGER)
    UNION ALL
    SELECT s.text FROM reason_anchors a JOIN survey_answers s ON s.customer_id = a.customer_id
    WHERE s.answered_on <= a.seen_until AND s.answered_on > a.anchor_on - CAST($complaint_days AS INTEGER)
)
WHERE text IS NOT NULL
"""

COMPLAINTS_SQL = """
WITH seen AS (
    SELECT a.customer_id, c.complaint_id, c.occurred_on, c.category, c.text,
           c.is_satisfied AND c.resolved_on <= a.seen_until AS is_satisfied
    FROM reason_anchors a JOIN complaints c ON c.customer_id = a.customer_id
    WHERE c.occurred_on <= a.seen_until AND c.occurred_on > a.anchor_on - 2 * CAST($complaint_days AS INTEGER)
),
told AS (
    SELECT s.customer_id, s.complaint_id, s.occurred_on, s.is_satisfied, t.code, t.confidence,
           'complaint_text' AS kind, t.keyword AS detail
    FROM seen s JOIN reason_texts t ON t.text = s.text
    UNION ALL
    SELECT s.customer_id, s.complaint_id, s.occurred_on, s.is_satisfied, w.code, w.confidence,
           'complaint_category', s.category
    FROM seen s JOIN reason_labels w ON w.source = 'complaint_category' AND w.label = s.category
)
SELECT * FROM told
QUALIFY row_number() OVER (PARTITION BY customer_id, complaint_id, code ORDER BY confidence DESC, kind DESC, detail) = 1
"""

EVIDENCE_SQL = f"""
WITH gathered AS ({" UNION ALL ".join(f"SELECT * FROM ({source})" for source in SOURCES)}
    UNION ALL
    SELECT customer_id, code, kind, happened_on, confidence, value, detail FROM reason_extra
),
debtors AS (SELECT DISTINCT customer_id FROM gathered WHERE kind = 'arrears_left'),
weighed AS (
    SELECT g.customer_id, g.kind,
           CASE WHEN g.code = 'F2' AND d.customer_id IS NOT NULL THEN 'F1' ELSE g.code END AS code,
           CAST(g.happened_on AS DATE) AS happened_on,
           round(CAST(coalesce(g.weight, k.confidence) AS DOUBLE), 6) AS confidence,
           CAST(g.value AS DOUBLE) AS value, CAST(g.detail AS VARCHAR) AS detail
    FROM gathered g
    JOIN evidence_kinds k ON k.kind = g.kind
    JOIN reason_anchors a ON a.customer_id = g.customer_id
    LEFT JOIN debtors d ON d.customer_id = g.customer_id
    WHERE g.happened_on <= a.seen_until
)
SELECT customer_id, code, kind, happened_on, confidence, value, detail FROM weighed
QUALIFY row_number() OVER (
    PARTITION BY customer_id, code, kind, happened_on
    ORDER BY confidence DESC, value DESC NULLS LAST, detail NULLS LAST) = 1
ORDER BY customer_id, code, kind, happened_on
"""


class NotEvidence(InvalidInput):
    """Extra evidence lacks a column or names an unknown kind."""


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """How far evidence reaches.

    Parameters
    ----------
    sla_days : int, default 3
        A complaint older than this without an answer is late.
    price_days : int, default 60
        For how long a price rise counts.
    complaint_days : int, default 90
        For how long complaints, answers, contacts and events count.
    life_days : int, default 180
        For how long a change in life counts.
    manager_days : int, default 90
        For how long the leaving of an account manager counts.
    manager_losses : int, default 3
        How many of a manager's customers must be lost for "took customers along".
    rival_days : int, default 90
        For how long a rival's offer is new; an older one that is still live weighs half.
    friend_days : int, default 60
        For how long a friend's leaving counts.
    arrears_cycles : int, default 2
        Rising cycles that make a candidate for malicious arrears.
    market_fall_percent : float, default 5.0
        Fall of the market within a year that counts.
    """

    sla_days: int = 3
    price_days: int = 60
    complaint_days: int = 90
    life_days: int = 180
    manager_days: int = 90
    manager_losses: int = 3
    rival_days: int = 90
    friend_days: int = 60
    arrears_cycles: int = 2
    market_fall_percent: float = 5.0


DEFAULT_RULES = EvidenceRules()


def _coded(source: str, label: str) -> Iterator[tuple[str, str, float]]:
    """Yield (code, kind of evidence, confidence) for one label of one source."""
    if source == "events":
        name = next((item.words.en for item in lists.reason_list("events").labels if _spells(item, label)), "")
        kind = EVENT_KINDS.get(name, "event")
        codes = lists.codes_in("events", label)
    elif source == "complaint_category":
        kind = source
        codes = lists.codes_in("complaint_categories", label) or lists.codes_stated(label)
    else:
        kind = source
        codes = lists.codes_stated(label)
    base = wording.kinds()[kind].confidence
    for number, code in enumerate(codes):
        yield code, kind, base if number == 0 else base * CONTRIBUTING
    if not codes and source != "events":
        told = "contact_topic" if source == "stated_contact" else kind
        for finding in text.findings(label):
            yield finding.code, told, min(base, finding.confidence)


def _spells(item: lists.Label, label: str) -> bool:
    spellings = (item.words.zh, item.words.en, *item.aliases)
    return lists.normalised(label) in {lists.normalised(spelling) for spelling in spellings}


def _label_codes(labels: pa.Table) -> pa.Table:
    """Return `source, label, code, kind, confidence` for the labels that any vocabulary knows."""
    rows = [(row["source"], row["label"], *coded) for row in labels.to_pylist() for coded in _coded(**row)]
    names = ("source", "label", "code", "kind", "confidence")
    types = (pa.string(), pa.string(), pa.string(), pa.string(), pa.float64())
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)})


def _extra(extra: pa.Table | None) -> pa.Table:
    if extra is None:
        return EVIDENCE_SCHEMA.empty_table()
    absent = [name for name in EVIDENCE_SCHEMA.names if name not in extra.column_names]
    if absent:
        raise NotEvidence(f"extra evidence has no column {absent[0]}; it needs {', '.join(EVIDENCE_SCHEMA.names)}")
    unknown = sorted(set(extra.column("kind").unique().to_pylist()) - set(wording.kinds()))
    if unknown:
        raise NotEvidence(f"extra evidence has the unknown kind {unknown[0]!r}; known are {', '.join(wording.kinds())}")
    return extra.select(EVIDENCE_SCHEMA.names).cast(EVIDENCE_SCHEMA)


def create_evidence(
    engine: Engine, as_of: date, *, rules: EvidenceRules = DEFAULT_RULES, extra: pa.Table | None = None
) -> None:
    """Create `evidence`: every piece that speaks for a reason, for lost and present customers.

    Parameters
    ----------
    engine : Engine
        Holds the canonical tables and `spells`. Besides `evidence` it gets `reason_anchors`, `reason_labels`,
        `reason_texts`, `reason_complaints`, `reason_extra` and `evidence_kinds`.
    as_of : date
        The day we look from; what became known later is not seen.
    rules : EvidenceRules
        How far evidence reaches.
    extra : pa.Table, optional
        Evidence from elsewhere in the same columns, for example `signals.evidence_from_signals`.

    Raises
    ------
    NotEvidence
        If `extra` lacks a column or names an unknown kind.

    Notes
    -----
    Columns: customer_id, code, kind, happened_on, confidence, value, detail; sorted and unique by the first four. For a
    lost customer evidence counts up to 90 days after the loss; for a present one the anchor is `as_of`.

    The reason of a contact that no vocabulary knows is its topic, not what the customer says of leaving, unless the
    contact came after the loss. A cut-off for debts is the firm's act (``F2``), but part of leaving on purpose
    (``F1``) where the debts grew by at least one and a half monthly fees a cycle. A suspension with something owed is
    one for debts.
    """
    anchors.create_anchors(engine, as_of)
    engine.register("evidence_kinds", wording.kinds_table())
    engine.register("reason_extra", _extra(extra))
    engine.register("reason_labels", _label_codes(engine.table(LABELS_SQL)))
    texts = engine.table(TEXTS_SQL, complaint_days=rules.complaint_days)
    engine.register("reason_texts", text.findings_table(texts.column("text")))
    engine.create("reason_complaints", COMPLAINTS_SQL, complaint_days=rules.complaint_days)
    engine.create("evidence", EVIDENCE_SQL, **asdict(rules))
