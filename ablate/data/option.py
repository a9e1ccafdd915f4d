"""Checks of the functions' options: a wrong one is a DataError that says what is valid."""

from ablate.errors import DataError


def check_at_least(smallest: int, **options: int | float) -> None:
    """Refuses an option below the smallest value that makes a data set, and NaN.

    Raises:
        DataError: names the option.
    """
    for option, value in options.items():
        if not value >= smallest:
            raise DataError(f"data.{option}={value}; valid: {smallest} or more.")
