"""`python -m ablate`."""

import os
import sys

if __name__ == "__main__":
    # Python puts the working directory first on the path: a user's `profile.py` would hide the standard library's.
    if not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(__file__)):  # noqa: PTH120
        del sys.path[0]
    from ablate.cli import main

    main()
