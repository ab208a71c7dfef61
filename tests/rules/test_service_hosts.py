"""Which hosts and pages the services that ship cover, and which they leave alone."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import parse_domain, parse_url
from schoolgate_policyd.rulefiles import shared_hosts

type Owners = Callable[[str], list[str]]


def words(text: str) -> list[str]:
    return text.split()


# Hosts that many unrelated sites use: covering one would block far more than the service.
SHARED_HOSTS = words("""
    akamai.net akamaihd.net akamaized.net edgekey.net edgesuite.net akamaiedge.net fastly.net
    fastlylb.net fastly-edge.com cloudfront.net amazonaws.com amazon.com www.amazon.com
    amazon.co.uk live-video.net cloudflare.com cloudflare.net azureedge.net azurefd.net
    core.windows.net blob.core.windows.net b-cdn.net edgecastcdn.net llnwd.net jsdelivr.net
    unpkg.com google.com www.google.com accounts.google.com apis.google.com play.google.com
    googleapis.com www.googleapis.com ajax.googleapis.com fonts.googleapis.com
    storage.googleapis.com googleusercontent.com lh3.googleusercontent.com ggpht.com gstatic.com
    www.gstatic.com fonts.gstatic.com l.google.com appspot.com firebaseio.com googletagmanager.com
    microsoft.com www.microsoft.com microsoftonline.com live.com login.live.com office.com
    office.net skype.com xboxlive.com playfabapi.com minecraft-services.net apple.com icloud.com
    mzstatic.com bbc.co.uk bbc.com bbci.co.uk wikipedia.org en.wikipedia.org wikimedia.org
    upload.wikimedia.org github.com github.io githubusercontent.com wp.com gravatar.com w.org
    app.link onelink.me bit.ly baidu.com qq.com naver.com pstatic.net wixmp.com wixstatic.com
    meta.com arkoselabs.com auth0.com okta.com stripe.com paypal.com recaptcha.net hcaptcha.com
""")

# Lesson sites and school systems: no service may reach into them.
SCHOOL_HOSTS = words("""
    education.minecraft.net edusupport.minecraft.net minecrafteduservices.com
    api.minecraft-services.net title.mgt.xboxlive.com scratch.mit.edu api.scratch.mit.edu
    teams.microsoft.com teams.live.com api.asm.skype.com login.microsoftonline.com
    www.office.com m365.cloud.microsoft outlook.office.com schoolname.sharepoint.com
    classroom.google.com docs.google.com drive.google.com mail.google.com meet.google.com
    chat.google.com sites.google.com accounts.google.com notebooklm.google.com
    www.youtubeeducation.com www.duolingo.com www.tes.com www.bbc.co.uk www.thenational.academy
    www.twinkl.co.uk ttrockstars.com www.purplemash.com padlet.com www.classdojo.com
    web.seesaw.me kahoot.it edublogs.org chesskid.com lichess.org edu.bandlab.com
    en.wikipedia.org simple.wikipedia.org en.wikibooks.org stackoverflow.com
    code.org hourofcode.com trinket.io replit.com makecode.com arcade.makecode.com
    www.mumsnet.com www.wikihow.com www.amazon.co.uk www.google.co.uk www.bing.com
""")


@pytest.mark.parametrize("host", sorted({*SHARED_HOSTS, *shared_hosts.SHARED_HOSTS}))
def test_no_service_covers_a_host_that_others_share(host: str, owners: Owners) -> None:
    assert [] == owners(host)


@pytest.mark.parametrize("host", SCHOOL_HOSTS)
def test_no_service_covers_a_school_system_or_a_lesson_site(host: str, owners: Owners) -> None:
    assert [] == owners(host)


@pytest.mark.parametrize(
    ("file_name", "key"),
    [("essentials.yaml", "essentials"), ("help-lines.yaml", "help_lines")],
)
def test_no_service_covers_an_essential_or_a_help_line(
    file_name: str,
    key: str,
    read_rules: Callable[[str], Mapping[str, list[Mapping[str, Any]]]],
    owners: Owners,
) -> None:
    hosts = [host for entry in read_rules(file_name)[key] for host in entry["domains"]]

    assert hosts
    assert [] == [host for host in hosts if owners(host)]


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("www.tiktok.com", "tiktok"),
        ("v16-webapp-prime.tiktokcdn-eu.com", "tiktok"),
        ("lf16-tiktok-web.ttwstatic.com", "tiktok"),
        ("m.youtube.com", "youtube"),
        ("youtu.be", "youtube"),
        ("rr3---sn-cn3e6ne7.googlevideo.com", "youtube"),
        ("i.ytimg.com", "youtube"),
        ("www.youtube-nocookie.com", "youtube"),
        ("youtubei.googleapis.com", "youtube"),
        ("fonts.googleapis.com", None),
        ("www.facebook.com", "facebook"),
        ("scontent-lhr8-1.xx.fbcdn.net", "facebook"),
        ("www.instagram.com", "instagram"),
        ("scontent.cdninstagram.com", "instagram"),
        ("www.threads.com", "threads"),
        ("web.whatsapp.com", "whatsapp"),
        ("mmg.whatsapp.net", "whatsapp"),
        ("wa.me", "whatsapp"),
        ("m.me", "messenger"),
        ("x.com", "x"),
        ("t.co", "x"),
        ("pbs.twimg.com", "x"),
        ("at.co", None),
        ("netflix.com", None),
        ("old.reddit.com", "reddit"),
        ("i.redd.it", "reddit"),
        ("web.snapchat.com", "snapchat"),
        ("cf-st.sc-cdn.net", "snapchat"),
        ("discord.gg", "discord"),
        ("cdn.discordapp.com", "discord"),
        ("media.discordapp.net", "discord"),
        ("t.me", "telegram"),
        ("www.pinterest.co.uk", "pinterest"),
        ("i.pinimg.com", "pinterest"),
        ("www.linkedin.com", "linkedin"),
        ("media.licdn.com", "linkedin"),
        ("www.roblox.com", "roblox"),
        ("setup.rbxcdn.com", "roblox"),
        ("www.minecraft.net", "minecraft"),
        ("education.minecraft.net", None),
        ("steamcommunity.com", "steam"),
        ("open.spotify.com", "spotify"),
        ("scratch.mit.edu", None),
        ("someone.wordpress.com", "wordpress-com"),
        ("public-api.wordpress.com", None),
        ("i0.wp.com", None),
        ("someone.blogspot.co.uk", "blogger"),
        ("groups.google.com", "google-groups"),
        ("gemini.google.com", "gemini"),
        ("beta.character.ai", "character-ai"),
        ("ngl.link", "ngl"),
        ("api.gotinder.com", "tinder"),
        ("www.omegle.com", "omegle"),
        ("clips.twitch.tv", "twitch"),
        ("global-contribute.live-video.net", None),
        ("p16-tiktokcdn-com.akamaized.net", "tiktok"),
        ("vod.akamaized.net", None),
        ("auth.wikimedia.org", "wikipedia-editing"),
        ("en.wikipedia.org", None),
        ("mumsnet.com", None),
        ("tiktok.com.example.org", None),
        ("nottiktok.com", None),
        ("relay-1.net.anydesk.com", "anydesk"),
        ("remotedesktop-pa.googleapis.com", "chrome-remote-desktop"),
        ("www-example-org.translate.goog", "google-translate-pages"),
        ("translate.google.com", None),
        ("translator.microsoft.com", None),
        ("www.bing.com", None),
        ("archive.ph", "archive-today"),
        ("web.archive.org", "wayback-machine"),
        ("archive.org", None),
        ("cdn.ampproject.org", None),
        ("poki.com", "poki"),
        ("www.bbc.co.uk", None),
        ("stackoverflow.com", None),
    ],
)
def test_a_host_belongs_to_its_service(host: str, service: str | None, owners: Owners) -> None:
    assert ([] if service is None else [service]) == owners(host)


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://www.mumsnet.com/talk", "mumsnet-talk"),
        ("https://www.mumsnet.com/news/../talk/am_i_being_unreasonable", "mumsnet-talk"),
        ("https://mumsnet.com/talk/", "mumsnet-talk"),
        ("https://www.mumsnet.com/talkative", None),
        ("https://www.mumsnet.com/recipes", None),
        ("https://www.amazon.com/live/video/1", "amazon-live"),
        ("https://www.amazon.com/dp/0747532699", None),
        ("https://en.wikipedia.org/wiki/Special:UserLogin", "wikipedia-editing"),
        ("https://cy.m.wikipedia.org/wiki/Special:CreateAccount", "wikipedia-editing"),
        ("https://fr.wikipedia.org/wiki/Tudors?%61ction=EDIT", "wikipedia-editing"),
        ("https://en.wikipedia.org/w/index.php?title=Tudors&action=edit", "wikipedia-editing"),
        ("https://en.wikipedia.org/w/index.php?title=X&action=submit", "wikipedia-editing"),
        ("https://en.wikipedia.org/wiki/Tudors?veaction=edit", "wikipedia-editing"),
        ("https://en.wikipedia.org/w/api.php?action=visualeditor&page=X", "wikipedia-editing"),
        ("https://en.wikipedia.org/w/api.php?x;action=visualeditoredit", "wikipedia-editing"),
        ("https://en.wikipedia.org/wiki/Talk:Tudors", "wikipedia-editing"),
        ("https://en.wikipedia.org/wiki/user%20talk:Anne", "wikipedia-editing"),
        ("https://en.wikipedia.org/w/index.php?title=:Talk:Tudors", "wikipedia-editing"),
        ("https://cy.wikipedia.org/wiki/Sgwrs:Cymru", "wikipedia-editing"),
        ("https://en.wikipedia.org/w/index.php?title=Tudors&action=history", None),
        ("https://en.wikipedia.org/w/index.php?search=action%3Dedit", None),
        ("https://en.wikipedia.org/wiki/Special:Search?search=Talk:", None),
        ("https://en.wikipedia.org/wiki/Talk_show", None),
        ("https://en.wikipedia.org/w/api.php?action=query&titles=Tudors", None),
        ("https://commons.wikimedia.org/wiki/Special:UploadWizard", "wikimedia-editing"),
        ("https://en.wiktionary.org/w/index.php?title=king&action=edit", "wikimedia-editing"),
        ("https://upload.wikimedia.org/wikipedia/commons/a/a9/X.jpg", None),
        ("https://translate.google.com/translate?u=https://tiktok.com", "google-translate-pages"),
        ("https://translate.google.com/?sl=cy&tl=en&text=hei&op=translate", None),
        ("https://translate.google.com/?sl=cy&tl=en&op=websites", "google-translate-pages"),
        ("https://www.bing.com/search?q=king", None),
        ("https://www.bing.com/translator", None),
        ("https://en.wikipedia.org/wiki/Tudor_period", None),
        ("https://en.wikipedia.org/w/index.php?search=Tudors", None),
    ],
)
def test_a_page_belongs_to_its_service(
    address: str, service: str | None, services: list[Service]
) -> None:
    url = parse_url(address)

    assert ([] if service is None else [service]) == [
        each.id for each in services if each.has_url(url)
    ]


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("instagram", "scontent-lhr8-1.xx.fbcdn.net"),
        ("threads", "scontent.cdninstagram.com"),
        ("messenger", "edge-chat.facebook.com"),
        ("twitch", "global-contribute.live-video.net"),
        ("kick", "fa723fc1b171.us-west-2.playback.live-video.net"),
        ("minecraft", "user.auth.xboxlive.com"),
        ("wordpress-com", "public-api.wordpress.com"),
    ],
)
def test_a_service_names_the_hosts_of_others_that_it_needs(
    service: str, host: str, services: list[Service]
) -> None:
    assert [True] == [each.needs(parse_domain(host)) for each in services if service == each.id]
