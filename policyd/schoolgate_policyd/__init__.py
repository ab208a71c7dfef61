"""
The policy decision and administration point, and the parts that every component shares.

- `core`: the pure decision core. Start with `core.reference`, the whole idea in sixty lines.
- `rulefiles`: YAML rule files to core values, every mistake with file and line.
- `ipc`: the messages between policyd and the enforcement points, and both ends of the socket.
- `store`: what the school decides and what happened, in SQLite or PostgreSQL.
- `workflow`: the state machines of requests and grants, without I/O.
- `config`, `clock`, `cli`: the composition roots' settings, the two clocks, the command line.
- `testing`: fakes that other packages' tests use.

The data planes (`schoolgate_dns`, `schoolgate_proxy`) import `core`, `ipc`, `config` and
`clock` alone, never `store`.
"""
