"""Run the built notebook offline, in the two phases in which Kaggle runs it."""
