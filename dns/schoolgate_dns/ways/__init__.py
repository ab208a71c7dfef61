"""
The ways that answers open in the firewall: from a client to the addresses that it is told.

`links` knows which device a query comes from and how the firewall knows it, `opening` puts ways
into the kernel's sets, `telling` tells the firewall's point of them with the names that led there.
`finished.egress` remembers what is open already, so that all this is done at first use alone.
"""
