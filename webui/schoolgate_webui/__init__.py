"""
The pages on which the school does its paperwork.

- `app`: `create_app`, the composition of everything below from collaborators passed in.
- `access`: who may see and do what, in one table.
- `security`, `sessions`: headers, hosts, body sizes; cookies, CSRF tokens, who is signed in.
- `routes`: handlers that parse, call and answer, a file for each kind of page.
- `forms`: what people enter, parsed with every mistake named and every entry kept.
- `views`: what templates print. Templates do not decide.
- `changing`: the small forms with which a draft of the policy is changed.
- `checks`, `apart`: the proof and the replay of drafts, one of each at once, apart from the pages.
- `policy`: what the rules say now, compiled from the rule files and the store for the pages.
- `waiting`: what waits for somebody, for the bar, home and programs.
- `rates`: how often somebody may ask, for pages and programs.
- `readiness`: what is read once the pages are served, before anybody asks.

Start it with `python -m schoolgate_webui`. Every page works without JavaScript.
"""
