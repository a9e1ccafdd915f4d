"""How far kernels see."""

import pytest

from ablate.identities import receptive_field


@pytest.mark.parametrize(
    ("layers", "kernel", "plain", "dilated", "strided"),
    # Strides of 2 and kernels of 3: 3, then 3 + 2 · 2 = 7, then 7 + 2 · 4 = 15.
    [(1, 2, 2, 2, 3), (2, 3, 5, 7, 7), (3, 2, 4, 8, 15), (4, 2, 5, 16, 31)],
)
def test_it_is_what_the_inputs_that_move_an_output_say(layers, kernel, plain, dilated, strided):
    found = receptive_field.seen_inputs(layers=layers, kernel=kernel)
    assert [identity.found for identity in found] == [plain, dilated, strided]
    assert all(identity.holds for identity in found)


def test_that_kernels_multiply_is_false_as_said():
    plain, *_ = receptive_field.seen_inputs(said=16)
    assert plain.true_as_said is False


def test_a_count_that_misses_a_layer_is_found_out(monkeypatch):
    seen = receptive_field._seen
    monkeypatch.setattr(
        receptive_field, "_seen", lambda kernels, **rest: seen(kernels[1:], **{k: v[1:] for k, v in rest.items()})
    )
    assert not any(identity.holds for identity in receptive_field.seen_inputs())
