"""
The process that answers: `python -m schoolgate_dns.process.serve FD`.

`python -m schoolgate_dns` becomes it, once it has read everything and put that into the file
descriptor FD (`start`).
"""

import sys


def main() -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP; return the process's exit status."""
    # structlog would load the first two to draw tracebacks in colour, ten megabytes of them, and
    # msgspec the third for what older Pythons lack. What is None here cannot be imported, and both
    # do without.
    for name in ("rich", "greenlet", "typing_extensions"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # the import system's own way
    from schoolgate_dns.process.serving import serve  # noqa: PLC0415 - after the lines above

    return serve(int(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
