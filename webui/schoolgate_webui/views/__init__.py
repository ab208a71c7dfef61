"""
What templates print: every choice is made here, so that a template only repeats it.

- `moments`: times on the school's clock and ages, in words.
- `words`: the words for stages, scopes, duties, devices and audiences.
- `shared`: what stands on every page.
- `requests`, `grants`, `attempts`, `devices`, `public`: one page each, or a few alike.
"""
