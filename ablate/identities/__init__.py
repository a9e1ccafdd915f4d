"""Identities: what is true of networks exactly, evaluated to numerical precision or counted. No seeds, no p.

Each function of this room gives the identities that it checks; a study names it under `study.identities`. Nothing is
imported here that needs torch: results are read without it.
"""

from ablate.identities.identity import Identity as Identity
