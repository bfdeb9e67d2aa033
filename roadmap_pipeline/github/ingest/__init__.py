"""Reading repositories: what is read of them, in which order, and how it is stored. Knows no report and no model."""
