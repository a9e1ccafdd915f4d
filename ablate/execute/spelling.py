"""Groups of a configuration in one spelling: equal spellings, equal groups."""

import json
from collections.abc import Callable

from ablate.config.spec import Config


class Spelling:
    """Spells what follows from one group; once where configurations share the group itself, as those of a study do."""

    def __init__(self, what: Callable[[Config, str], object] = Config.get) -> None:
        """Takes what is spelt, by configuration and group; by itself, the whole group."""
        self._what = what
        self._known: dict[tuple[str, int], tuple[object, str]] = {}

    def __call__(self, config: Config, group: str) -> str:
        """The spelling."""
        node = config.get(group)
        key = group, id(node)
        if key not in self._known:
            spelt = json.dumps(self._what(config, group), sort_keys=True, default=str)
            self._known[key] = node, spelt  # with the node, so that nothing else gets its id
        return self._known[key][1]
