"""
The proxy: an enforcement point that sees pages where DNS sees names.

It serves browsers that are told of it, and connections that the firewall brings to its front
door. Read in this order:

- `asked`: the names and the URL of a request, from hostile bytes (pure).
- `requests`: what to do with a CONNECT, a ClientHello and a request (pure).
- `spoken`: which protocol the first bytes of a connection begin (pure).
- `connections`: which connections are open, and which of them may no longer be (pure).
- `resolve`: a name's addresses and CNAME chain, private destinations refused.
- `blockpage`: the page that says what is blocked, why and until when (pure).
- `authority`: the school's certificate authority, made on the first start.
- `judging`: the newest snapshot, the clock and what is recorded, for one proxy.
- `enforcement`: the steps of a connection to the proxy itself, and of each request.
- `arrivals`: the first step of a connection that the firewall brought.
- `door`: accepts those, passes bytes through without reading them, or hands over.
- `bell`: closes what is no longer allowed.
- `addon`: mitmproxy's hooks, layers and signer, and all that imports mitmproxy.
- `workers`: which of several workers a process is.
- `launch`: the composition root; `python -m schoolgate_proxy` runs it.
"""
