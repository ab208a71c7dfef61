"""
YAML rule files to core values, every mistake with its file and line, all at once.

- `mistakes`: `Mistake`, the book that gathers them, `RuleFileErrors` that carries them.
- `nodes`: YAML text to texts, lists and mappings with places; nothing else is let in.
- `fields`: nodes to typed values; `hosts` and `folders` add names, files and ids.
- `catalogue_files`: services, categories, lists, help lines, essentials.
- `conditions`, `rule_syntax`: "block X for Y unless Z, citing a clause".
- `social_media`: what a school counts as such, and that no audience is left out.
- `day_files`: timetables and calendars.
- `preset`, `preset_notes`: what a document says that no decision needs.
- `school_files`: the root; start there.

`docs/rule-files.md` describes the formats.
"""

from schoolgate_policyd.rulefiles.mistakes import Mistake, RuleFileErrors
from schoolgate_policyd.rulefiles.preset import Preset, PresetNotes
from schoolgate_policyd.rulefiles.school_files import check_rules, load_policy, load_preset

__all__ = [
    "Mistake",
    "Preset",
    "PresetNotes",
    "RuleFileErrors",
    "check_rules",
    "load_policy",
    "load_preset",
]
