"""
Whom we ask, and believing only the answer to what was asked.

    transport   what every way of asking one upstream can do
    hearing     how it is told what became of a question, without a task for each
    plain       UDP, and TCP where that would not do
    datagrams   a port of its own for each question
    together    questions that share one, to an upstream on this machine
    tls, https  encrypted, and the upstream proves its name
    upstreams   several upstreams: which one next, which one rests, what is asked once
    zones       names that belong to servers of their own, and what is passed on to them whole
    opening     from a place in the configuration to a transport
"""

from schoolgate_dns.upstream.upstreams import Upstreams

__all__ = ["Upstreams"]
