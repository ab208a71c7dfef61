"""
A resolver that has one address for every name: run in the gateway's namespace.

    python one_name.py ADDRESS PORT
"""

import socket
import sys

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset


def main(address: str, port: int) -> None:
    """Answer for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))
        while True:
            query, client = server.recvfrom(4096)
            asked = dns.message.from_wire(query)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            question = asked.question[0]
            if question.rdtype == dns.rdatatype.A:
                name = question.name
                answer.answer.append(dns.rrset.from_text(name, 300, "IN", "A", address))
            server.sendto(answer.to_wire(), client)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
