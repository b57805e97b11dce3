"""Invented companies whose truth is known: for tests, demonstrations and teaching.

The door is `liuke.simulation.company`: `simulate` invents a company, `tiny` a small one for tests, and `Invented`
is what they return: canonical tables, and beside them the truth that no company ever has.

Inside: `chance` (repeatable draws), `arrow` and `records` (NumPy to canonical Arrow tables), `periods` (the
calendar), `population`, `people` and `managers` (who the customers are and who looks after them), `causes` (why
and how likely customers leave, and what a remedy does about it), `complaints`, `campaigns`, the industries
`telecom` and `retail`, and `truth`.
"""

from __future__ import annotations
