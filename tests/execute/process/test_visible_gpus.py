import pytest

from ablate.execute.process.visible_gpus import only


@pytest.mark.parametrize(
    ("environment", "gpu", "expected"),
    [
        ({}, 1, {"CUDA_VISIBLE_DEVICES": "1"}),
        ({"CUDA_VISIBLE_DEVICES": "4,6, 7"}, 2, {"CUDA_VISIBLE_DEVICES": "7"}),
        ({"CUDA_VISIBLE_DEVICES": "GPU-8932f937,MIG-41b35014"}, 1, {"CUDA_VISIBLE_DEVICES": "MIG-41b35014"}),
        ({"HIP_VISIBLE_DEVICES": "2,3"}, 0, {"HIP_VISIBLE_DEVICES": "2"}),
        ({"HIP_VISIBLE_DEVICES": "2,3", "CUDA_VISIBLE_DEVICES": "0"}, 1, {"HIP_VISIBLE_DEVICES": "3"}),
    ],
    ids=str,
)
def test_one_of_the_gpus_that_are_visible_is_left(environment, gpu, expected):
    assert only(gpu, environment) == expected
