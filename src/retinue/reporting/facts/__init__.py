"""What every form of a report says, read from the folder of a run or a comparison."""
