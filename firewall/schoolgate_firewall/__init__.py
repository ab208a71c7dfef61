"""The gateway's firewall: its ruleset, whoever loads it, and the point that keeps it true."""
