"""Tests of the SQL models: every number against values computed by hand."""
