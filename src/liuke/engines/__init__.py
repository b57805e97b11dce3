"""Where SQL runs: the `Engine` protocol (`engine`) and DuckDB in the process (`duckdb`)."""
