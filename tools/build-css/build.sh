#!/bin/sh
# Builds the pages' stylesheet and takes htmx from its package. Needs npm; only developers run it,
# since what it makes is committed. `make css` calls it.
set -eu
cd "$(dirname "$0")"
static=../../webui/schoolgate_webui/static
npm install --no-audit --no-fund --silent
mkdir -p "$static"
{
  cat licence.css
  node_modules/.bin/sass --no-source-map --style=compressed --no-charset \
    --load-path=node_modules/govuk-frontend/dist/govuk schoolgate.scss
} >"$static/schoolgate.css.new"
mv "$static/schoolgate.css.new" "$static/schoolgate.css"
{
  echo "/*! htmx $(node -p "require('htmx.org/package.json').version"), Zero-Clause BSD, Big Sky Software; see LICENCES.txt */"
  cat node_modules/htmx.org/dist/htmx.min.js
} >"$static/htmx.min.js.new"
mv "$static/htmx.min.js.new" "$static/htmx.min.js"
