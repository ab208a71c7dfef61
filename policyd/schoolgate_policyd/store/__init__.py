"""
What the school decides and what happened, kept.

- `decisions.DecisionStore`: people, sign-in, requests, grants, versions of the policy, standing
  permissions, device claims and the audit, in one SQLite file; its parts are `people`,
  `credentials`, `sessions`, `requests`, `policies` (the module `policy_versions`), `standing`,
  `claims` and `audit`, each a module of that name.
- `events.EventStore`: what was blocked and how often what was allowed, a file a day.
  `event_writing` stores it with its sums (`event_sums`), `event_search` finds it, and
  `event_figures` reads the sums alone.
- `records`: the frozen values that both return; the models in `models` never leave this package.
- `sample`: the sample school's people.

Every change is one short transaction with its audit entry in it. Only policyd and the pages
import this package; the data planes never do.
"""
