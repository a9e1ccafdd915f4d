"""Built-in networks, their options, and initialisation keyed by parameter name."""

from ablate.models.activation import ACTIVATIONS as ACTIVATIONS
from ablate.models.activation import OUTPUT_ACTIVATIONS as OUTPUT_ACTIVATIONS
from ablate.models.head import HEADS as HEADS
from ablate.models.hidden import BRANCH_ACTIVATIONS as BRANCH_ACTIVATIONS
from ablate.models.initialisation import INITIALISERS as INITIALISERS
from ablate.models.initialisation import initialise as initialise
from ablate.models.mlp import MLP as MLP
from ablate.models.norm import NORMS as NORMS
from ablate.models.resnet import ResNet as ResNet
