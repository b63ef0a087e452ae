"""What one convolution or pooling does, exactly, cell by cell."""
