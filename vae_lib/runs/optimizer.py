"""The optimizer of ``fit``: Adam, without what torch's class brings along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.adam import adam as adam_step


class Optimizer(Protocol):
    """What ``fit`` asks of an optimizer; those of ``torch.optim`` have it."""

    param_groups: list[dict[str, Any]]
    state: Any
    defaults: dict[str, Any]

    def zero_grad(self) -> None: ...
    def step(self) -> Any: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class Adam:
    """Adam, the very numbers of ``torch.optim.Adam(fused=True)``: one pass over the weights instead of a dozen.

    That class imports torch's compiler, 150 MB and 1.4 s of a core before its first step; the function that it calls
    does not.

    Args:
        parameters: what to train.
        lr, betas, eps: as in the paper.

    Source: Kingma & Ba 2015, algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.defaults = {"lr": lr, "betas": betas, "eps": eps}
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), **self.defaults}]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {
            parameter: {
                "step": torch.zeros((), device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
            for parameter in self.param_groups[0]["params"]
        }

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.state:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move each parameter that has a gradient."""
        group = self.param_groups[0]
        moved: list[Tensor] = [parameter for parameter in self.state if parameter.grad is not None]
        gradients = [parameter.grad for parameter in moved if parameter.grad is not None]
        states = [state for parameter, state in self.state.items() if parameter.grad is not None]
        averages, squares, steps = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step"))
        adam_step(
            moved,
            gradients,
            averages,
            squares,
            [],
            steps,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            eps=group["eps"],
            weight_decay=0,
            amsgrad=False,
            maximize=False,
            fused=True,
        )

    def state_dict(self) -> dict[str, Any]:
        """What the next step depends on besides the weights, by the parameter's place."""
        group = {name: value for name, value in self.param_groups[0].items() if name != "params"}
        return {"group": group, "state": dict(enumerate(self.state.values()))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        self.param_groups[0].update(state_dict["group"])
        states = list(self.state.values())
        for place, saved in state_dict["state"].items():
            for name, value in saved.items():
                states[place][name].copy_(value)
