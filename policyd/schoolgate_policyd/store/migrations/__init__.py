"""The schema of the decisions database, version by version; `store.migrate` runs them."""
