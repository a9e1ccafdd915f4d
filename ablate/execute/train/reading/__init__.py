"""Data of Lightning's for plain networks: what a LightningDataModule trains, validates and tests on."""
