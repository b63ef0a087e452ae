"""From a name, folder, archive or CSV to pictures, labels, classes and splits; then to batches."""
