"""
The pure decision core: no clock, no I/O, no randomness.

Read in this order: `names` (hosts and URLs), `times` (periods and the calendar), `subjects`
(who asks), `catalogue` (what exists on the internet), `listed`
(names by the million, looked up), `rules` (what blocks, what lifts),
`policy` (all of it together, as sent to every enforcement point), `reference` (the rule of
decision, slow and obvious), `snapshot` and `decide` (the same, fast, once for all whom the rules
treat alike: `classes`, and `overlays` for the few who are granted or denied more), `explain` (in
sentences, with `words` for rules and `grounds` for exceptions), `runner_up` (what would hold
without the deciding rule), `week` (a week of verdicts).
"""
