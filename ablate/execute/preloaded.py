"""What the fork server imports: all that a training needs, none of it garbage, nor ever to be."""

import gc
from importlib import import_module

gc.disable()
import_module("ablate.execute.bundle")
gc.freeze()  # whoever forks from it neither looks at it again nor copies it
gc.enable()
