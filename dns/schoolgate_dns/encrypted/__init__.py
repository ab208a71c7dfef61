"""
DNS over TLS and over HTTPS, under the gateway's own name.

    certificates  the gateway's certificate and key, and what devices will make of them
    listening     connections that count before TLS begins
    doh           what a request over HTTPS asks for, and what it is told
    http1, http2  the two ways in which such requests come
    servers       all of it put together, at the configured address and ports

Whoever asks here is found by the address they ask from, as over UDP. Encryption hides a question
from the way, never from the school.
"""

from schoolgate_dns.encrypted.servers import EncryptedServers, start_encrypted

__all__ = ["EncryptedServers", "start_encrypted"]
