"""What is counted, for Prometheus; docs/metrics.md lists it."""
