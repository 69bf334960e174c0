"""Print and plot gas: tables, forecasts, plans and snapshots."""
