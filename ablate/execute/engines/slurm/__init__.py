"""The engine `slurm`: bundles are tasks of job arrays, which go on when the driver has ended."""
