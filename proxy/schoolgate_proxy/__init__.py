"""
The explicit proxy: an enforcement point that sees pages where DNS sees names.

Read in this order:

- `asked`: the names and the URL of a request, from hostile bytes (pure).
- `requests`: what to do with a CONNECT, a ClientHello and a request (pure).
- `connections`: which connections are open, and which of them may no longer be (pure).
- `resolve`: a name's addresses and CNAME chain, private destinations refused.
- `blockpage`: the page that says what is blocked, why and until when (pure).
- `authority`: the school's certificate authority, made on the first start.
- `enforcement`: the newest snapshot, the clock and what is recorded, for one proxy.
- `bell`: closes what is no longer allowed.
- `addon`: mitmproxy's hooks, layers and signer; with `launch` all that imports mitmproxy.
- `launch`: the composition root; `python -m schoolgate_proxy` runs it.
"""
