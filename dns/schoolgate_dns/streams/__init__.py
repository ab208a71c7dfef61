"""DNS over streams: framing, bounds on connections, and how long anybody is waited for."""
