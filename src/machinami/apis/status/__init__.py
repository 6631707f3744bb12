"""Is the town well, and how much does it do? /health for people and scripts, /metrics for Prometheus."""
