"""One training over several devices: its other processes are started, watched and ended here.

Lightning's strategies let the processes train one network. None of them outlives the training.
"""
