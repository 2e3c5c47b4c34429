"""What Kaggle's image holds, and interpreters like its own."""
