"""What the code of a notebook does that Kaggle will not allow."""
