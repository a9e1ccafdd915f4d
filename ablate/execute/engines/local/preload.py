"""The fork server imports it: it imports all that a training needs, and exempts that from garbage collection."""

import gc
from importlib import import_module

from ablate.execute.process.deferred_imports import defer

defer()
gc.disable()  # an import makes a million objects, none of which is garbage
import_module("ablate.execute.bundle")
gc.freeze()  # a forked process neither examines these objects nor copies their pages
gc.enable()
