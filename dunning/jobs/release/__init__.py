"""What may leave the house: the question, the last look, the release, the way back."""
