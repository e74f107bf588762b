"""What the parts can carry: measured, each figure beside its baseline of the same run."""
