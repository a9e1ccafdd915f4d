from ablate.python.analysis import Analysis as Analysis
from ablate.python.analysis import analyze as analyze
from ablate.python.result import Result as Result
from ablate.python.run import load as load
from ablate.python.run import run as run
from ablate.python.study import Study as Study

__version__: str
