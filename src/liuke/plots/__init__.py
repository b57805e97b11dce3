"""Pictures of results, as Altair charts, the same in notebook, report and page; results never draw themselves."""
