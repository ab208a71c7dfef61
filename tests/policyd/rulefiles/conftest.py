"""A small rule tree without a mistake, for tests to break."""

from pathlib import Path

import pytest

FILES = {
    "categories/categories.yaml": """\
categories:
  - {id: video-sharing, name: Video sharing}
  - {id: messaging, name: Messaging}
  - {id: vpn, name: VPN services, circumvention: true}
""",
    "categories/vpn.yaml": """\
list: vpn-services
category: vpn
source: "made up"
domains: [vpn.example.org, 192.0.2.1]
""",
    "categories/clips.yaml": """\
list: clip-hosts
category: video-sharing
source: "made up"
domains: [clips.example.org]
""",
    "services/video.yaml": """\
services:
  - id: youtube
    name: YouTube
    category: video-sharing
    minimum_age: 13
    domains: [youtube.com, youtu.be]
    excluding: [kids.youtube.com]
    companions: [cdn.example.net]
    urls: [forum.example.org/talk]
    source: "made up"
  - {id: tiktok, name: TikTok, category: video-sharing, domains: [tiktok.com], source: made up}
""",
    "services/chat.yaml": """\
services:
  - {id: whatsapp, name: WhatsApp, category: messaging, domains: [whatsapp.com], source: made up}
""",
    "baseline.yaml": """\
rules:
  - id: no-vpn
    block: [vpn]
    locked: true
    cite: {document: "Keeping Children Safe in Education", section: "paragraph 1"}
""",
    "essentials.yaml": """\
essentials:
  - {name: Lesson sites, domains: [bbc.co.uk, gov.uk]}
  - {name: Further lesson sites, domains: [bbc.co.uk, lessons.example.org]}
""",
    "help-lines.yaml": """\
help_lines:
  - {id: childline, name: Childline, phone: "0800 1111", about: Talk, domains: [childline.org.uk]}
""",
    "never-inspected.yaml": """\
never_inspected:
  - {name: Banks, domains: [bank.example.org]}
""",
    "safe-search.yaml": """\
safe_search:
  - id: finder
    name: Finder
    hosts: [www.finder.example.org, finder.example.org]
    strict: safe.finder.example.org
    moderate: mild.finder.example.org
    source: "made up"
  - {id: seeker, name: Seeker, hosts: [seeker.example.org], strict: safe.seeker.example.org,
     source: made up}
""",
    "timetables/day.yaml": """\
timetable: day
days:
  - weekdays: [monday, tuesday]
    bells:
      - {at: "08:50", period: lesson}
      - {at: "10:30", period: break}
      - {at: "15:00", period: closed}
""",
    "calendars/year.yaml": """\
calendar: year
terms:
  - {first: 2026-09-01, last: 2026-12-18, half_term: {first: 2026-10-26, last: 2026-10-30}}
  - {first: 2027-01-04, last: 2027-03-25}
inset_days: [2026-09-01]
bank_holidays: [2026-12-25]
""",
    "schools/hill.yaml": """\
document: {title: Hill Policy, version: May 2026, review: 2027-05}
include: [baseline]
timetable: day
calendar: year
staff_hours: "08:30-16:00"
zone: Europe/London
standing: [{id: breaks, about: At break}]
safe_search: {pupil: moderate, visitor: strict, staff: "off"}
social_media:
  categories: [video-sharing]
  services: [whatsapp]
rules:
  - id: pupils
    block: social-media
    for: {audience: pupil}
    lifted_by: curriculum-grant
    cite: §1
    topic: social-media
  - id: adults
    block: social-media
    for: [{audience: staff}, {audience: visitor}]
    unless:
      - {audience: staff, period: [break], device: own-device, standing: breaks}
      - {duty: account-operator, platform: [youtube]}
    lifted_by: [access-grant]
    uninspected: allow
    cite: §2
    ours: true
""",
}


@pytest.fixture
def rules_dir(tmp_path: Path) -> Path:
    """The folder of a rule tree for the school `hill`."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path
