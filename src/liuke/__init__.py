"""Liuke (留客) keeps customers: measure, warn, value, decide, plan, report."""
