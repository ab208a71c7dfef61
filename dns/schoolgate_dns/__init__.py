"""
The DNS enforcement point: names in, verdicts out.

    answering   the stages of an answer and their order, with its reasons; start here
    pursuit     a message on its way through them, however long it waits for an upstream
    stages      one stage a file
    messages    octets to values and back, within bounds, and answers of our own making
    datagrams   UDP by the batch, and the lines of what waits
    finished    finished answers: whose, for how long, and how often they were given
    streams     TCP and TLS connections, every move of a client bounded
    encrypted   DNS over TLS and over HTTPS under the gateway's own name
    replies     what upstreams said, kept for its time and cleaned
    upstream    asking upstreams, and believing only the answer to what was asked
    tunnels     how much names could carry
    metrics     what is counted
    process     how the processes of this point start, share a port and are replaced

`decider` holds the snapshot in force, `resolvers` says whom to ask, `served` whom to answer;
`service` puts together what answers, and `point` adds what is about policyd. `python -m
schoolgate_dns` runs it.
"""
