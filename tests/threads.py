"""How many threads torch computes with in tests: `OMP_NUM_THREADS`, or one.

`make test-processors` runs the tests that compare floats with one and with two: sums are then split otherwise.
"""

import os

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
