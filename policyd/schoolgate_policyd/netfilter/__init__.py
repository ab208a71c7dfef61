"""What the packet filter is told and tells: its sets, connections, its log, and neighbours."""
