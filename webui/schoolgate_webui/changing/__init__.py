"""
The small forms with which a policy is changed: one for each ordinary change, none with YAML.

- `fields`: one field as it is printed. `sheet`: the fields of a form and what is read from them.
- `kinds`: every form by its name in the address.
- `sites`: what is blocked and what counts as social media.
- `exceptions`: when, where and who may by exception; what lifts a rule; promises.
- `days`: bells and one-off days. `terms`: term dates and days off.
- `document`: the document itself, working hours, standing permissions, and the files as text.

A form is two functions: one gives its fields, the other reads `drafting.changes` from what was
entered, with every mistake beside its field.
"""
