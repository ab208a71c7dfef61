"""
What policyd does for the audit, beside writing it: keys, checkpoints, witnesses, daily deletion.

- `keys`: the signing key, made on the box.
- `witnesses`: where checkpoints go outside of it.
- `keeper`: makes them when they are due, and deletes each day what has been kept long enough.
"""
