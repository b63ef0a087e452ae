"""What others are shown of a run or a comparison: page, notebook, slides, folder to hand in."""
