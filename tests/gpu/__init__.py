"""`make gpu`: in eight minutes, whether trainings on a GPU are right, and then how fast they are.

Each stage is a process of its own with a time limit, and its findings are on disk as soon as it ends. The stages that
measure begin only where every check has passed. `GPU=cpu` does the same on the CPU, so that the command is tested.
"""
