#!/bin/sh
# Builds .venv: finds a Python >= 3.12 and uv by running candidates (a shim may exist where it
# cannot run), installs uv into the environment where it is missing, and installs exactly what
# requirements/lock.txt names, each file checked against its hash.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'schoolgate: %s\n' "$*" >&2; }

is_good_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null
}

find_python() {
    wanted=$(cat .python-version 2>/dev/null || echo 3.13)
    pyenv_root=${PYENV_ROOT:-$HOME/.pyenv}
    for candidate in "${PYTHON:-}" "python$wanted" python3.13 python3.12 python3.14 python3 python \
        "$pyenv_root"/versions/"$wanted"*/bin/python "$pyenv_root"/versions/3.1[2-9]*/bin/python \
        /usr/local/bin/python3.1[2-9] /opt/python*/bin/python3; do
        if [ -n "$candidate" ] && is_good_python "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    if command -v uv >/dev/null 2>&1; then
        found=$(UV_PYTHON_DOWNLOADS=never uv python find '>=3.12' 2>/dev/null) || found=
        if [ -n "$found" ] && is_good_python "$found"; then
            printf '%s\n' "$found"
            return 0
        fi
    fi
    return 1
}

if ! is_good_python .venv/bin/python; then
    python=$(find_python) || {
        say "no Python 3.12 or newer was found; install one (Debian: apt-get install python3-venv" \
            "on Debian 13, or pyenv install 3.13), or name it: make run PYTHON=/path/to/python3"
        exit 1
    }
    say "building .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
fi

export UV_PYTHON_DOWNLOADS=never
uv=
for candidate in .venv/bin/uv uv; do
    if "$candidate" --version >/dev/null 2>&1; then uv=$candidate; break; fi
done
if [ -z "$uv" ]; then
    if .venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null; then
        uv=.venv/bin/uv
    fi
fi

if [ -n "$uv" ]; then
    "$uv" pip install --quiet --python .venv/bin/python --require-hashes --no-deps -r requirements/lock.txt
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
else
    say "uv cannot be had, so pip installs (slower)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/lock.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
