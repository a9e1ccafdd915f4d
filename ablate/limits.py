"""Limits on what is read and planned: no file and no request keeps a command busy without end."""

MAX_CONFIG_BYTES = 256 << 10
"""Of a YAML file of the configuration. The shipped ones have 5 kB at most."""

MAX_STUDY_BYTES = 4 << 20
"""Of a study.yaml: it repeats the configuration, with every level of every factor."""

MAX_YAML_DEPTH = 50
"""Levels of nesting in a YAML file."""

MAX_CONFIG_NODES = 10_000
"""Keys and values in a YAML file of the configuration, those behind aliases (`*name`) counted wherever they stand.
Hydra composes that number in about ten seconds."""

MAX_STUDY_NODES = 200_000
"""The same of a study.yaml."""

MAX_YAML_WORD = 2_000
"""Characters of a value without quotes: YAML reads a very long one as a number for minutes."""

MAX_RECORD_BYTES = 16 << 20
"""Of a trial's record.json; usual are 5 kB."""

MAX_TEXT_BYTES = 256 << 20
"""Of a file beside a record: a curve, diagnostics, a traceback."""

MAX_WEIGHTS_BYTES = 64 << 30
"""Of the weights of a trained network."""

MAX_SUMMARY_BYTES = 256 << 20
"""Of a summary.json: 1 to 2 kB for each design point and contrast."""

MAX_CACHE_BYTES = 64 << 20
"""Of what can be made again: costs, identities, timings of a machine."""

MAX_HOLDER_BYTES = 4 << 10
"""Of the file that names the driver that holds a study."""

MAX_ARCHIVE_RATIO = 200
"""Bytes unpacked for each byte of an archive, at most; JSON and tables of numbers have 5 to 30."""

MAX_ARCHIVE_SLACK_BYTES = 16 << 20
"""Bytes that an unpacked archive may have beyond `MAX_ARCHIVE_RATIO` times its own."""

MAX_ARCHIVE_NAME_LENGTH = 1_000
"""Characters of a name in an archive."""

MAX_TRIALS = 100_000
"""Trials of one study: the plan of a study of this size takes about ten seconds and 200 MB."""
