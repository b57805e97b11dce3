"""One customer's decision explained: the person at the desk can say why, and the sum can be checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from liuke.kernel.errors import NotFound
from liuke.kernel.words import Language, Words
from liuke.pipelines import decide
from liuke.pipelines.report_words import DECISIONS, STATES
from liuke.pipelines.snapshot import Snapshot, find
from liuke.reasons import taxonomy
from liuke.workspace.folder import Workspace, open_workspace

SIGNALS, EVIDENCE, DECISION = Words("迹象", "Signals"), Words("证据", "Evidence"), Words("决策", "Decision")


class NoSuchCustomer(NotFound):
    """The snapshot knows nobody of that id."""


def explain(
    workspace: Workspace | Path | str,
    customer_id: str,
    *,
    snapshot: str | None = None,
    language: Language | None = None,
) -> dict[str, Any]:
    """Return a customer's row, signals, evidence, contacts planned, and the decision step by step.

    Parameters
    ----------
    workspace : Workspace, Path or str
        Where to look.
    customer_id : str
        Whom.
    snapshot : str, optional
        ``<as_of>.<run>``; the newest by default.
    language : {'zh', 'en'}, optional
        The workspace's by default.

    Raises
    ------
    NoSuchCustomer
        If the snapshot has no such customer.
    """
    place = workspace if isinstance(workspace, Workspace) else open_workspace(workspace)
    chosen = find(place, snapshot)
    told: Language = language or place.definitions.company.language
    rows = _rows(chosen, "customers", customer_id)
    if not rows:
        raise NoSuchCustomer(f"snapshot {chosen.name} has no customer {customer_id!r}; ids are compared exactly")
    signals = _rows(chosen, "signals", customer_id)
    evidence = _rows(chosen, "evidence", customer_id)
    steps = decide.explain(_as_decided(rows[0], told), told)
    lines = [f"{customer_id} · {chosen.name}"]
    lines += _section(SIGNALS.in_(told), [row[f"text_{told}"] for row in signals])
    lines += _section(EVIDENCE.in_(told), [f"{row[f'reason_{told}']}: {row[f'sentence_{told}']}" for row in evidence])
    lines += _section(DECISION.in_(told), steps)
    return {
        "snapshot": chosen.name,
        "customer": rows[0],
        "signals": signals,
        "evidence": evidence,
        "plan": _rows(chosen, "plan", customer_id),
        "steps": steps,
        "lines": lines,
    }


def _as_decided(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """Return the row as the decision saw it, with words: of a lost customer, what a return would be worth."""
    reason = Words("未知", "unknown") if row["reason_1"] is None else taxonomy.reason(row["reason_1"]).words
    return {
        **row,
        "is_lost": row["state"] in ("lost", "abandoned"),
        "residual_lifetime_value": row["value_if_kept"],
        "state": STATES[row["state"]].in_(language),
        "decision": DECISIONS[row["decision"]].in_(language),
        "reason_1": reason.in_(language),
        "decision_why": row[f"decision_why_{language}"],
    }


def _rows(snapshot: Snapshot, table: str, customer_id: str) -> list[dict[str, Any]]:
    content = snapshot.table(table)
    found: list[dict[str, Any]] = content.filter(pc.equal(content["customer_id"], customer_id)).to_pylist()
    return found


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines)] if lines else []
