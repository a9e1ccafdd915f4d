"""Trials, ids, random streams and bundles: no clock, no execution."""

from ablate.plan.bundle import Bundle as Bundle
from ablate.plan.bundle import bundles as bundles
from ablate.plan.cost import NetworkCost as NetworkCost
from ablate.plan.identity import ConfigDigest as ConfigDigest
from ablate.plan.identity import trial_id as trial_id
from ablate.plan.schedule import Schedule as Schedule
from ablate.plan.seeds import Streams as Streams
from ablate.plan.seeds import streams as streams
from ablate.plan.trial import Trial as Trial
from ablate.plan.trial import trials as trials
