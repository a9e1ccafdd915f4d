"""A study from a request to its summary: plan, examine, run, summarise. Commands and `ablate.python` call it.

Everything heavier than msgspec is imported where it is used: `show` of a finished study needs none of it.
"""

from ablate.study.driver import run as run
from ablate.study.machine import examine_machine as examine_machine
from ablate.study.missing_trials import Stale as Stale
from ablate.study.networks import inspect as inspect
from ablate.study.observer import Muted as Muted
from ablate.study.observer import Observer as Observer
from ablate.study.outlook import Outlook as Outlook
from ablate.study.outlook import examine as examine
from ablate.study.place import find as find
from ablate.study.place import find_all as find_all
from ablate.study.project.project import Project as Project
from ablate.study.project.project import make_project as make_project
from ablate.study.project.target import requested as requested
from ablate.study.results.archive import is_archive as is_archive
from ablate.study.results.archive import unpacked as unpacked
from ablate.study.results.archive import verify_archive as verify_archive
from ablate.study.results.cleaning import Uncounted as Uncounted
from ablate.study.results.cleaning import remove_uncounted as remove_uncounted
from ablate.study.results.cleaning import uncounted as uncounted
from ablate.study.results.comparison import compare as compare
from ablate.study.results.export import Exported as Exported
from ablate.study.results.export import export as export
from ablate.study.results.retraining import retrain as retrain
from ablate.study.results.verification import Problem as Problem
from ablate.study.results.verification import Verification as Verification
from ablate.study.results.verification import verify_files as verify_files
from ablate.study.study_plan import Plan as Plan
from ablate.study.study_plan import configuration as configuration
from ablate.study.study_plan import plan as plan
from ablate.study.study_review import review as review
from ablate.study.study_review import review_saved as review_saved
from ablate.study.study_summary import records as records
from ablate.study.study_summary import save_summary as save_summary
from ablate.study.study_summary import summarise as summarise
