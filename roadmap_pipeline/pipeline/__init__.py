"""The stages of the pipeline, each callable on its own: what the assets and the command line both call.

A stage takes a :class:`~roadmap_pipeline.runtime.Runtime`, opens the warehouse for as short as it can, and notes in its
summary what it did. No Dagster here; what a stage is made of lives in the other packages.

Each is loaded when it is first called: the definitions name them all, and a process that only lists assets runs none.
The stub beside this file says where each is.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
