"""A user-defined plain network: two dense layers with dropout, and a gate that a factor switches on."""

import torch
from torch import nn


class GatedNet(nn.Module):
    """With a gate, a sigmoid of a second projection multiplies the hidden units."""

    def __init__(self, inputs: list[int], outputs: int, width: int, gate: bool, dropout: float) -> None:
        super().__init__()
        size = torch.Size(inputs).numel()
        self.hidden = nn.Linear(size, width)
        self.gate = nn.Linear(size, width) if gate else None
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        hidden = torch.relu(self.hidden(x))
        if self.gate is not None:
            hidden = hidden * torch.sigmoid(self.gate(x))
        return self.output(self.dropout(hidden))
