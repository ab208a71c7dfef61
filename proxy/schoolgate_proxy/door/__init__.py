"""
The front door: connections that the firewall brought here, meant for somebody else.

- `hello`: the name in a ClientHello, from hostile bytes (pure).
- `original`: whom a connection was meant for, as the kernel remembers it.
- `readiness`: which sockets can be read or written, from one epoll of our own.
- `pipes`: what the kernel moves bytes through.
- `passage`: a client and its origin, whose bytes pass without being read.
- `listening`: the sockets that the firewall brings connections to.
- `half`: one direction of a passage, from socket to pipe to socket.
- `caller`: a connection from its acceptance until it passes, is handed over or ends.
- `front`: every connection there is, and the listeners they come by.

What is decided stands in `arrivals`. Nothing here imports mitmproxy: a connection that has to be
looked into is handed over with every byte still unread.
"""
