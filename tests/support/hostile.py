"""Texts that nobody means well with, and what must never come of them."""

# One line that ends strings, tags, attributes, templates, queries, and begins a formula.
MARKUP = (
    "=cmd|' /C calc'!A0 <script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    "{{7*7}}${7*7} ' OR 1=1;-- ../../etc/passwd javascript:alert(1) &lt;b&gt; 👩‍🏫"
)
# What of it is there wherever it is shown, however that is written.
PART = "alert(1)"
FORMULA = '@SUM(1+1)*cmd|"/C calc"!A0'
HEADER = "Ponds\r\nBcc: evil@evil.example\r\n\r\n<b>evil</b>"
LONG = "x" * 10_000
HIDDEN = {
    "an override": "a\u202egpj.exe",
    "a NUL": "a\x00b",
    "an escape": "a\x1b[31mb",
    "an isolate": "\u2066x\u2069",
    "a line separator": "a\u2028Bcc: evil@evil.example",
    "a tag": "a\U000e0041b",
}
# What no page, file, mail or answer shows, whoever typed it: controls, and what turns text round.
NEVER_SHOWN = frozenset(
    [chr(each) for each in range(32) if chr(each) not in "\t\n\r"]
    + ["\x7f", "\u061c", "\u200e", "\u200f"]
    + [chr(each) for each in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
)
