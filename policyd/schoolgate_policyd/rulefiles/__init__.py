"""
YAML rule files to core values, every mistake with its file and line, all at once.

- `mistakes`: `Mistake`, the book that gathers them, `RuleFileErrors` that carries them.
- `nodes`: YAML text to texts, lists and mappings with places; nothing else is let in.
- `remembered`: what was parsed lately, so that a text is parsed once.
- `fields`: nodes to typed values; `hosts` and `folders` add names, files and ids.
- `catalogue_files`: services, categories, lists, help lines, essentials.
- `subscription_files`: lists of somebody else's, and the rules that locked ones bring.
- `conditions`, `rule_syntax`: "block X for Y unless Z, citing a clause".
- `safe_search`: search services that can be filtered, and for whom they are.
- `social_media`: what a school counts as such, and that no audience is left out.
- `day_files`, `bank_holidays`: timetables and calendars; `school_days`: whose they are.
- `preset`, `preset_notes`, `change_terms`: what a document says that no decision needs.
- `overlay`: a draft's texts, read in place of the school's own files.
- `school_files`: the root; start there.
- `circumvention`: ways round the filter stay shut, whatever a file says.
- `survey`, `kinds`, `meanings`, `schemas`: what the readers accept, as JSON Schemas for editors.
- `check_paths`: every mistake in a folder, or in a file lying anywhere, for `check-rules`.

`docs/policy-language.md` describes the language.
"""

from schoolgate_policyd.rulefiles.day_files import load_calendar
from schoolgate_policyd.rulefiles.mistakes import Mistake, RuleFileErrors
from schoolgate_policyd.rulefiles.preset import Preset, PresetNotes
from schoolgate_policyd.rulefiles.school_files import check_rules, load_policy, load_preset

__all__ = [
    "Mistake",
    "Preset",
    "PresetNotes",
    "RuleFileErrors",
    "check_rules",
    "load_calendar",
    "load_policy",
    "load_preset",
]
