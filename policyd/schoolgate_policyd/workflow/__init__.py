"""
The school's paperwork as state machines, without I/O.

- `errors`: why something was refused, as sentences for pages.
- `people`: a `Member` of the school, as pages name them.
- `requests`: the blocked content access request, from its form to the grant that comes of it.
- `actors`: whose turn a request is, and who may see it.
- `moves`: the transitions; each returns the next request or refuses with a sentence.
- `entries`, `forms`: what people typed, parsed, with every mistake named at once.
- `scopes`: which pages, by what the requester chose.
- `reach`, `effects`: whom a grant reaches on what; what it would open and what would still
  block, before it is signed.
- `policy_versions`: versions of the policy, and which is in force when; `policy_acts` who may do
  what with one, `policy_gate` what must hold before it is in force, `policy_changes` its moves.
- `claims`, `signin`, `visibility`: when a device claim is refused, how long to wait after wrong
  passwords, who may see what.

`store` keeps what these decide; `webui` shows it.
"""
