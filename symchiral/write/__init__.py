"""Writing answers to files, in the format that the ending of the name says."""
