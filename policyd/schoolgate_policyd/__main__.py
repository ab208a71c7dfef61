"""`python -m schoolgate_policyd` runs policyd."""

import sys

from schoolgate_policyd.serve import main

if __name__ == "__main__":
    sys.exit(main())
