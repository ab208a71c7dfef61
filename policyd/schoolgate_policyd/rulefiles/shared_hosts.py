"""
Hosts that very many unrelated sites need, so that no service and no list may cover one whole.

Blocking googleapis.com for one video site would break every site that loads a font from it. Such
a host is narrowed to the names that are meant (`youtubei.googleapis.com`) or told by address in
`urls`. Names under which strangers publish (github.io) stand here too: one account is named.
"""

from schoolgate_policyd.core.names import DomainName


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONTENT_NETWORKS = _words("""
    akamai.net akamaiedge.net akamaihd.net akamaized.net edgekey.net edgesuite.net
    fastly.net fastlylb.net fastly-edge.com freetls.fastly.net cloudfront.net cloudflare.com
    cloudflare.net cdnjs.cloudflare.com b-cdn.net cdn77.org edgecastcdn.net llnwd.net
    live-video.net jsdelivr.net unpkg.com bootstrapcdn.com jquery.com typekit.net fontawesome.com
    cdn.ampproject.org wp.com gravatar.com w.org wixmp.com wixstatic.com
    """)
CLOUDS = _words("""
    amazonaws.com awsglobalaccelerator.com s3.amazonaws.com azureedge.net azurefd.net
    azurewebsites.net blob.core.windows.net core.windows.net trafficmanager.net appspot.com
    storage.googleapis.com firebaseio.com firebaseapp.com web.app run.app herokuapp.com
    netlify.app vercel.app onrender.com pages.dev workers.dev r2.dev github.io
    githubusercontent.com gitlab.io
    """)
GREAT_SITES = _words("""
    google.com www.google.com accounts.google.com apis.google.com l.google.com google.co.uk
    googleapis.com ajax.googleapis.com fonts.googleapis.com www.googleapis.com gstatic.com
    fonts.gstatic.com www.gstatic.com googleusercontent.com lh3.googleusercontent.com ggpht.com
    googletagmanager.com microsoft.com www.microsoft.com login.live.com live.com
    login.microsoftonline.com microsoftonline.com office.com office.net skype.com xboxlive.com
    playfabapi.com apple.com www.apple.com icloud.com mzstatic.com github.com wikimedia.org
    upload.wikimedia.org wikipedia.org meta.com amazon.com amazon.co.uk baidu.com qq.com
    naver.com pstatic.net
    """)
SIGNING_IN_AND_PAYING = _words("""
    arkoselabs.com auth0.com okta.com recaptcha.net hcaptcha.com stripe.com paypal.com
    app.link onelink.me bit.ly digicert.com lencr.org pki.goog
    """)

SHARED_HOSTS = CONTENT_NETWORKS | CLOUDS | GREAT_SITES | SIGNING_IN_AND_PAYING
_COVERING = frozenset(above for host in SHARED_HOSTS for above in DomainName(host).parents())


def shared_under(name: str) -> str | None:
    """Return a shared host that *name*, with everything under it, would cover, if any."""
    if name not in _COVERING:
        return None
    return min(host for host in SHARED_HOSTS if host == name or host.endswith(f".{name}"))
