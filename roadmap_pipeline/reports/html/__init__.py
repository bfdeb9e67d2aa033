"""Reports as one static HTML file that needs no network."""
