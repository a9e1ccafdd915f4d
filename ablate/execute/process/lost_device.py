"""Whether this process can still use its accelerator after a failure."""


class LostDeviceError(Exception):
    """This process can do nothing more on its accelerator. The message is the driver's. Others can use the device."""


def lost_device() -> str | None:
    """Waits for the accelerator that this process has used; returns the driver's message where that fails.

    An assertion in a kernel, or an access beyond an array's end, is reported by a later call, and from then on by
    every call of the process until it ends (CUDA C++ Programming Guide, "Error Checking"). A shortage of memory is
    not among these: after it, waiting succeeds. None: the accelerator can be used, or none has been used.
    """
    import torch

    try:
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        elif torch.backends.mps.is_available():
            torch.mps.synchronize()
    except RuntimeError as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return None
