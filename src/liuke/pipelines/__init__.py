"""Whole runs, the only place where the pillars meet.

The verbs: `load`, `run`, `decide`, `report`, `show`, `explain`, `simulate`, `backtest`, `demo`.
"""
