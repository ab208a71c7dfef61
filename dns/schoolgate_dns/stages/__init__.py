"""
The stages of an answer, one a file; `schoolgate_dns.answering` puts them in order.

`parse` (bytes to a query), `canary` (names that are questions to the network itself), `who`
(the subject), `name` (the verdict on the asked name), `held` (cache, then upstream), `chain`
(the verdict on every alias too), `result` (the octets), `record` (the event).
"""
