"""Finding, checking and making the two databases in Notion.

What is there (:func:`observe`), what is wrong with it (:func:`check`), what has to be made (:func:`plan`,
:func:`apply`), and by which ids rows are read and written (:func:`resolve`). What the databases should look like is
declared in ``layout``.

Everything is addressed by id once found. A database or property that a person renamed is recognised by the id known
from before (:class:`Database`), else by its description. A database's description is written last, after its views, so
it tells whether making it was finished, and by which version: what a newer version brings is added by an ordinary run,
what people deleted only on request.
"""

from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP, SCHEMAS, show_schema
from roadmap_pipeline.notion.schema.checking import Observed, check, resolve, resolve_present
from roadmap_pipeline.notion.schema.making import apply
from roadmap_pipeline.notion.schema.model import (
    Database,
    ObservedDatabase,
    ObservedProperty,
    SchemaError,
    SchemaProblem,
)
from roadmap_pipeline.notion.schema.observing import find, observe
from roadmap_pipeline.notion.schema.planning import (
    AddOptions,
    AddProperty,
    AddView,
    ChangeView,
    CreateDatabase,
    DescribeProperties,
    RenameTitle,
    SchemaChange,
    SetDescription,
    TrashDuplicate,
    plan,
    settle_views,
)

__all__ = [
    "CI_REPORTS",
    "ENGINEERING_ROADMAP",
    "SCHEMAS",
    "AddOptions",
    "AddProperty",
    "AddView",
    "ChangeView",
    "CreateDatabase",
    "Database",
    "DescribeProperties",
    "Observed",
    "ObservedDatabase",
    "ObservedProperty",
    "RenameTitle",
    "SchemaChange",
    "SchemaError",
    "SchemaProblem",
    "SetDescription",
    "TrashDuplicate",
    "apply",
    "check",
    "find",
    "observe",
    "plan",
    "resolve",
    "resolve_present",
    "settle_views",
    "show_schema",
]
