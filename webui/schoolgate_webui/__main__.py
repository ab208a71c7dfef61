"""Run the pages: `python -m schoolgate_webui`."""

import sys

from schoolgate_webui.serve import main

if __name__ == "__main__":
    sys.exit(main())
