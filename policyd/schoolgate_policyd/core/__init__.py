"""
The pure decision core: no clock, no I/O, no randomness.

Read in this order: `names` (hosts and URLs), `times` (periods and the calendar), `subjects`
(who asks), `catalogue` (what exists on the internet), `rules` (what blocks, what lifts),
`policy` (all of it together, as sent to every enforcement point), `reference` (the rule of
decision, slow and obvious), `snapshot` and `decide` (the same, fast), `explain` (in sentences).
"""
