"""
The DNS enforcement point: names in, verdicts out.

- `preparse`: what bytes must satisfy before anything else reads them.
- `wire`: the only importer of dnslib; typed queries and replies, and the bytes of answers.
- `usual`: what nearly every query and reply is, read in one go before the general walk.
- `answering`: the stages of an answer and their order, with its reasons; start here.
- `stages`: one stage a file.
- `cache`: upstream replies until their TTL is over, bounded, never keyed by who asks.
- `upstream`, `resolvers`: how and whom to ask.
- `streams`: messages on TCP and TLS connections, every move of a client bounded; with
  `connections`, `patience` and `stream_options`.
- `encrypted`: DNS over TLS and over HTTPS under the gateway's own name.
- `server`: UDP and TCP, and nothing of the protocol beyond their framing.
- `decider`: the snapshot in force, changed in one assignment.
- `point`: the composition root; `python -m schoolgate_dns` runs it on uvloop.
"""
