"""
The messages between policyd, the enforcement points and the pages, and both ends of the socket.

`messages` says what is said, `frames` how, `server` is policyd's end, `client` a point's, `spool`
keeps its events until they are stored, `last_snapshot` its newest source; `rollout` decides who
gets a revision first; `admin` is what pages and the command line ask with. `recorder` makes
events of what a point saw, `liveline` lines for a newcomer.

Every process that the supervisor starts prints one line on its standard output once it serves,
flushed at once (`ready.announce` does it):

    ready <name> <address>:<port>

with the name `dns`, `proxy` or `webui`; policyd's is `ready policyd <path of its socket>`. Every
other line on standard output is a live line, which the supervisor passes through as it is; logs
go to standard error. Live lines are printed when `SCHOOLGATE_LIVE` is `1`.
"""
