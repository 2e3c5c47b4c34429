"""Run the built notebook offline, in the commit phase and in the rerun, as Kaggle will."""
