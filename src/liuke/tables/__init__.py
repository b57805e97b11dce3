"""Loading data nobody can trust: the canonical tables, how files become rows of them, and where they are kept.

`contract` says what the tables hold; `store` keeps them as Parquet under one manifest; `loading.load` reads, checks
and appends. On the way: `sources` and `sandbox` (files are parsed in a limited child process), `mapping` (their
columns to ours), `casting` (text to types by rule), `matching` (what is already there), `flat` (one row per customer).
"""
