"""Built-in networks, their options and losses, and initialisation keyed by parameter name.

Metrics are in `ablate.models.metric`: they import torchmetrics.
"""

from ablate.models.activation import ACTIVATIONS as ACTIVATIONS
from ablate.models.activation import HARD_ACTIVATIONS as HARD_ACTIVATIONS
from ablate.models.activation import OUTPUT_ACTIVATIONS as OUTPUT_ACTIVATIONS
from ablate.models.attention import POOLINGS as POOLINGS
from ablate.models.attention import AttentionPooling as AttentionPooling
from ablate.models.gru import GRU as GRU
from ablate.models.head import HEADS as HEADS
from ablate.models.head import SEQUENCE_HEADS as SEQUENCE_HEADS
from ablate.models.hidden import BRANCH_ACTIVATIONS as BRANCH_ACTIVATIONS
from ablate.models.hidden import SHORTCUTS as SHORTCUTS
from ablate.models.initialisation import INITIALISERS as INITIALISERS
from ablate.models.initialisation import initialise as initialise
from ablate.models.linear import Linear as Linear
from ablate.models.loss import OVER_OUTPUTS as OVER_OUTPUTS
from ablate.models.loss import SIGN_LOSSES as SIGN_LOSSES
from ablate.models.loss import DoubleSoftmax as DoubleSoftmax
from ablate.models.loss import Hinge as Hinge
from ablate.models.loss import OneVsRest as OneVsRest
from ablate.models.loss import PositionCrossEntropy as PositionCrossEntropy
from ablate.models.loss import SharedCrossEntropy as SharedCrossEntropy
from ablate.models.loss import TwinCrossEntropy as TwinCrossEntropy
from ablate.models.lstm import LSTM as LSTM
from ablate.models.map_layer import MAP_LAYERS as MAP_LAYERS
from ablate.models.map_net import MapNet as MapNet
from ablate.models.mlp import MLP as MLP
from ablate.models.norm import NORMS as NORMS
from ablate.models.pair import PairNet as PairNet
from ablate.models.resnet import BRANCH_DENSE as BRANCH_DENSE
from ablate.models.resnet import ResNet as ResNet
from ablate.models.tcn import TCN as TCN
from ablate.models.twins import TWINS as TWINS
from ablate.models.twins import Twins as Twins
from ablate.models.wide_resnet import WideResNet as WideResNet
