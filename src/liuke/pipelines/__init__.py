"""Whole runs, the only place where the pillars meet: `load`, `run`, `decide`, `report`, `show`, `simulate`, `backtest`."""
