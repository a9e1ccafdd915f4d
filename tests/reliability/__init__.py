"""Studies whose processes are killed, stopped and interrupted at random: `python -m tests.reliability`."""
