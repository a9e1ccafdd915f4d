"""The engine `slurm`: bundles are tasks of Slurm job arrays, which run on when the driver has ended."""
