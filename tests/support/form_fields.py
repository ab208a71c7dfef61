"""The forms of a page with every field in them: of what kind, what it says, what is wrong."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

TYPED = frozenset({"text", "search", "email", "tel", "url", "number", "", "textarea", "date"})
TYPED_MOMENTS = frozenset({"date", "datetime-local", "time"})


@dataclass
class Field:
    """A field: its *kind* is an input's type, or `textarea` or `select`."""

    name: str
    kind: str
    value: str = ""
    id: str = ""
    options: list[str] = field(default_factory=list)
    described_by: list[str] = field(default_factory=list)
    is_read_only: bool = False

    @property
    def is_typed(self) -> bool:
        """Whether people write into it."""
        return self.kind in TYPED | TYPED_MOMENTS and not self.is_read_only


@dataclass
class WholeForm:
    """A form with its fields, by name."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    # The buttons that say something themselves.
    buttons: dict[str, str] = field(default_factory=dict)

    def as_sent(self) -> dict[str, str]:
        """Return what a browser sends of it, with the first of what must be chosen."""
        sent = {}
        for each in self.fields.values():
            if each.kind in {"radio", "select"} and not each.value:
                sent[each.name] = next((option for option in each.options if option), "")
            elif each.kind != "checkbox" or each.value:
                sent[each.name] = each.value
        return sent


class WholePage(HTMLParser):
    """What a page is made of, as a browser takes it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[WholeForm] = []
        self.links: list[str] = []
        self.ids: dict[str, str] = {}
        self.hostile: list[str] = []
        self.words: list[str] = []
        self._ids: list[str] = []
        self._textarea: Field | None = None
        self._select: Field | None = None
        self._form: WholeForm | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        """All that can be read."""
        return "".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._judge(tag, found)
        if "id" in found:
            self.ids[found["id"]] = ""
        if tag not in _VOID:
            self._ids.append(found.get("id", ""))
        if tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "form":
            action, method = found.get("action", ""), found.get("method", "get")
            self._form = WholeForm(action, method.lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, found)

    def _judge(self, tag: str, found: dict[str, str]) -> None:
        """Note what runs something: it can only come of what people typed."""
        ours = tag != "script" or found.get("src", "").startswith("/static/")
        if not ours or tag in {"iframe", "object", "embed", "base", "style"}:
            self.hostile.append(f"<{tag}>")
        self.hostile += [f"{tag} {name}" for name in found if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            where = found.get(name, "").strip().lower()
            if where and not where.startswith(_OURS):
                self.hostile.append(f"{tag} {name}={where[:60]}")

    def _field(self, form: WholeForm, tag: str, found: dict[str, str]) -> None:
        name, value = found.get("name", ""), found.get("value", "")
        described = found.get("aria-describedby", "").split()
        if tag == "textarea" and name:
            self._textarea = Field(name, tag, "", found.get("id", ""), [], described)
            form.fields[name] = self._textarea
        elif tag == "select" and name:
            self._select = form.fields[name] = Field(name, tag, "", found.get("id", ""))
        elif tag == "option" and self._select is not None:
            self._select.options.append(value)
            if "selected" in found:
                self._select.value = value
        elif tag == "button" and name:
            form.buttons[name] = value
        elif tag == "input" and name:
            kind = found.get("type", "text")
            known = form.fields.setdefault(
                name, Field(name, kind, "", found.get("id", ""), [], described)
            )
            known.options.append(value)
            known.is_read_only = "readonly" in found
            if kind not in {"radio", "checkbox"} or "checked" in found:
                known.value = value

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._ids:
            self._ids.pop()
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._textarea is not None:
            self._textarea.value += data
        for each in self._ids:
            if each:
                self.ids[each] += data


_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
# Where our own pages lead: to pages, into themselves, to letters and telephones, to sites.
_OURS = ("/", "#", "?", "mailto:", "tel:", "https://", "http://")
