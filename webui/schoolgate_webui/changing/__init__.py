"""
The small forms with which a policy is changed: one for each ordinary change, none with YAML.

- `sheet`: the fields of a form, what stands in them and what is wrong with them.
- `kinds`: every form by its name in the address.
- `sites`: what is blocked and what counts as social media.
- `exceptions`: when, where and who may by exception; what lifts a rule; promises.
- `days`: bells, terms, days off, one-off days.
- `document`: the document itself, working hours, standing permissions, and the files as text.

A form is two functions: one gives its fields, the other reads `drafting.changes` from what was
entered, with every mistake beside its field.
"""
