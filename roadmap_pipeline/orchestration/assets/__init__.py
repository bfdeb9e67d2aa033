"""The assets, one file a layer: sources and raw, config and derived, SQL models, outside writes."""
