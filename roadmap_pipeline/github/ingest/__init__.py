"""What is read of a repository, in which order, and how it is stored."""
