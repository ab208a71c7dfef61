"""What upstreams said: kept for its time, and without what must not reach a client."""
