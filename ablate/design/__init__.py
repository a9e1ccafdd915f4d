"""Factors in, design points out: pure, without seeds, files or Hydra."""

from ablate.design._base import Design as Design
from ablate.design.designs import DESIGNS as DESIGNS
from ablate.design.designs import design_of as design_of
from ablate.design.designs import estimable as estimable
from ablate.design.designs import lay_out as lay_out
from ablate.design.layout import Layout as Layout
from ablate.design.point import DesignPoint as DesignPoint
