"""`python -m tsbind`: the command line without its script."""

import sys

from tsbind.cli import main

if __name__ == "__main__":
    sys.exit(main())
