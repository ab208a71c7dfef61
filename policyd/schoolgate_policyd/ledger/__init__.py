"""
The audit's ledger: an append-only log that somebody outside can verify; docs/audit.md is its text.

- `tree`: RFC 6962 hashing, the root of a growing log; `proofs`: inclusion and consistency.
- `entries`: what is hashed of an entry, and the salted commitment to its personal part.
- `notes`: C2SP signed notes with Ed25519; `checkpoints`: the root that a note signs; `codes`: a
  checkpoint as groups of letters, for paper.
- `logfile`: the exported log, line by line; `verifying`: whether one is intact and complete.

Nothing here knows the database; whatever is read is taken to be hostile.
"""
