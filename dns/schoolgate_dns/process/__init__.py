"""The processes of this point: how they start, share a port, and take a dead one's place."""
