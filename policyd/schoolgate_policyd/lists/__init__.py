"""
Lists of names by the million, subscribed to from a URL or a file.

- `subscription`: what is subscribed to; `rules/lists/*.yaml` say so, `rulefiles` reads them.
- `formats`, `trees`, `reading`: hosts, domains, AdGuard, RPZ and UT1 to names, within bounds.
- `intake`, `tally`, `suffixes`: names checked and hashed, and what is left out, by reason.
- `records`, `compiling`, `table`: the last good version of each list, and all in one file.
- `fetching`, `pinned`, `validators`: from the internet, by ETag, never from inside the school.
- `state`, `updating`, `faults`, `tidying`: what is kept between updates, and what went wrong.
- `opening`: a source and its table to a snapshot; every point goes through it.
- `keeping`: what no policy may leave behind.
- `child`, `running`: the process that policyd starts for it all.

`docs/lists.md` describes formats and behaviour.
"""
