"""Hand the words of the command line over."""

import sys

from blueprints.cli import main

sys.exit(main(sys.argv[1:]))
