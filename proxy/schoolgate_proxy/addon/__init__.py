"""
What mitmproxy sees of us, and the only modules that import it.

- `hooks`: mitmproxy's events translated to the steps of `enforcement` and back.
- `protocols`: which protocol comes next on a connection; only TLS and HTTP ever do.
- `layers`: mitmproxy's layers with bounds on memory and with our own error pages.
- `machinery`: mitmproxy put together; what is pinned of its inside stands there alone.
- `signer`: certificates for the names that may be looked into, and for no other.

mitmproxy goes on when a hook raises, and what it goes on with is to let the bytes through. So
every permission is something that a hook writes down, and its absence refuses: no certificate
without `certified`, no connection to an address that is not `pinned`.
"""
