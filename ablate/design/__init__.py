"""Factors in, design points out: pure, without seeds, files or Hydra."""

from ablate.design._base import DesignRule as DesignRule
from ablate.design.designs import DESIGNS as DESIGNS
from ablate.design.designs import estimable as estimable
from ablate.design.designs import lay_out as lay_out
from ablate.design.layout import Layout as Layout
from ablate.design.point import DesignPoint as DesignPoint
