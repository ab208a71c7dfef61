"""
Changing a policy without writing YAML: what is changed, what comes of it, in plain words.

- `bundle`: the texts that are one version of a school's policy, and their digest.
- `changes`: the ordinary changes, as data. `describing` says each in a sentence.
- `applying`: a change made to the texts; `sections` edits one part and leaves the rest, comments
  included, as it is. `rule_edits`, `day_edits`, `site_edits` and `example_edits` are the changes
  one by one.
- `differences`: what differs between two presets, for a head; `rule_differences` and
  `day_differences` are about rules and times, `promises` what must never happen.
- `proofs`: what is proved of a draft, and what it opens of what is blocked now.

Nothing here touches a database; who may do what with a draft stands in `workflow`.
"""
