"""How many devices a training is over."""


def device_count(devices: int | str) -> int:
    """Devices that `trainer.devices` names: a number of them, or their indices, as "0,1"; 1 for auto and for all."""
    text = str(devices).strip()
    if "," in text:
        return max(len([index for index in text.split(",") if index.strip()]), 1)
    return max(int(text), 1) if text.isdigit() else 1
