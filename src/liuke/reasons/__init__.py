"""Why customers leave: the taxonomy as data, evidence from tables and text, reasons with shares, the four types.

`taxonomy` (codes), `lists` (every vocabulary mapped on them), `text` (reasons told in words), `evidence` and
`wording` (pieces and their sentences), `signals` (hints of a model), `combining` (reasons per customer), `agreement`
(how far they can be trusted, and who else is exposed).
"""
