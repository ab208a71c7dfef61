"""A small school in rule files with comments, to draft changes of."""

from pathlib import Path

SCHOOL = "hill"
FILES = {
    "categories/categories.yaml": """\
categories:
  - {id: video-sharing, name: Video sharing}
  - {id: messaging, name: Messaging}
  - {id: forum, name: Discussion forums}
  - {id: adult, name: Adult content}
  - {id: vpn, name: VPN services, circumvention: true}
""",
    "categories/adult.yaml": """\
list: adult-sites
category: adult
source: "made up"
domains: [adult.example.org]
""",
    "services/video.yaml": """\
services:
  - {id: clips, name: Clips, category: video-sharing, domains: [clips.example.org], source: us}
  - {id: films, name: Films, category: video-sharing, domains: [films.example.org], source: us}
  - {id: chat, name: Chat, category: messaging, domains: [chat.example.org], source: made up}
  - {id: talk, name: Talk, category: forum, domains: [talk.example.org], source: made up}
""",
    "baseline.yaml": """\
rules:
  - id: baseline-adult
    block: [adult, vpn]
    locked: true
    cite: {document: Keeping Children Safe, section: paragraph 1}
""",
    "essentials.yaml": """\
essentials:
  - {name: Lesson sites, domains: [lessons.example.net]}
""",
    "help-lines.yaml": """\
help_lines:
  - {id: line, name: Line, phone: "0800 1111", about: Talk, domains: [line.example.net]}
""",
    "never-inspected.yaml": """\
never_inspected:
  - {name: Banks, domains: [bank.example.net]}
""",
    "safe-search.yaml": """\
safe_search:
  - {id: finder, name: Finder, hosts: [www.finder.example.net], strict: safe.finder.example.net,
     source: made up}
""",
    "timetables/day.yaml": """\
# The day of the hill.
timetable: day
days:
  # Every day is alike.
  - weekdays: [monday, tuesday, wednesday, thursday, friday]
    bells:
      - {at: "08:00", period: before-school}
      - {at: "08:50", period: lesson}
      - {at: "10:30", period: break}
      - {at: "10:45", period: lesson}   # after break
      - {at: "12:15", period: lunch}
      - {at: "13:15", period: lesson}
      - {at: "15:20", period: after-school}
      - {at: "17:30", period: closed}
""",
    "timetables/short.yaml": """\
timetable: short
days:
  - weekdays: [monday, tuesday, wednesday, thursday, friday]
    bells:
      - {at: "09:00", period: lesson}
      - {at: "12:00", period: closed}
""",
    "calendars/year.yaml": """\
calendar: year
terms:
  - {first: 2026-09-01, last: 2026-12-18, half_term: {first: 2026-10-26, last: 2026-10-30}}
  - {first: 2027-01-04, last: 2027-03-25}
inset_days: [2026-09-01, 2026-11-02]   # two so far
bank_holidays: [2026-12-18]
""",
    "schools/hill.yaml": """\
# The hill's own policy, as rules.
document: {title: Hill Policy, version: May 2026, review: 2027-05}
include: [baseline]
timetable: day
calendar: year
staff_hours: "08:30-16:00"
zone: Europe/London

standing:
  - {id: break-access, about: Social media at break.}

# What the hill counts.
social_media:
  cite: §3
  categories:
    - video-sharing
    - messaging       # children write to each other
  ours: [messaging]

rules:
  # Pupils never may.
  - id: pupils
    block: social-media
    for: {audience: pupil}
    lifted_by: [curriculum-grant]
    cite: §7

  # Staff may at break and at lunch.
  - id: staff
    block: social-media
    for: {audience: staff}
    unless:
      # Once it is permitted.
      - {period: [break, lunch], device: [own-device, school-computer], standing: break-access}
      - {duty: [account-operator, dsl]}
    lifted_by: [access-grant]
    cite: §5

  # Nobody speaks of visitors.
  - id: visitors
    block: social-media
    for: {audience: visitor}
    lifted_by: [access-grant]
    cite: no section
    ours: true

  # A rule of the hill's own.
  - id: staff-forums
    block: [forum, chat]
    for: {audience: staff}
    lifted_by: [access-grant]
    cite: §6

invariants:
  - never: {audience: pupil, reaches: social-media, without: curriculum-grant}
  # Not even at break.
  - never: {audience: visitor, reaches: social-media, without: access-grant}

changes:
  notice: {months: 1, cite: Introduction}
  approval: {by: governors, cite: Review}
  announcement: {to: staff, cite: Introduction}

# Checked whenever the policy changes.
examples:
  - {url: clips.example.org, audience: staff, device: own-device,
     at: 2026-11-20T12:30, assume: break-access, verdict: allow}
  - {url: clips.example.org, audience: pupil, at: 2026-11-20T12:30, verdict: block}
""",
}


def plant(folder: Path) -> Path:
    """Write the tree into *folder* and return that."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
