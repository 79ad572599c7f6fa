"""The canonical tables of a linked-records store, and the writer that every feed goes through.

A store is a directory of Parquet files, one per table or one per part of its people, plus
``manifest.json``. Column types, keys, nullability and allowed values are declared here once.
"""

from riskstrat.schema.content import content_of
from riskstrat.schema.listing import LISTED_CODES, read_codes
from riskstrat.schema.tables import (
    KNOWN_WHEN,
    OPT_OUT_KINDS,
    TABLES,
    Column,
    Table,
    describe_tables,
)
from riskstrat.schema.writing import (
    MANIFEST,
    SCHEMA_VERSION,
    FileCount,
    SourceCount,
    StoreWriter,
    files_of,
    write_store,
)

__all__ = [
    "KNOWN_WHEN",
    "LISTED_CODES",
    "MANIFEST",
    "OPT_OUT_KINDS",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "FileCount",
    "SourceCount",
    "StoreWriter",
    "Table",
    "content_of",
    "describe_tables",
    "files_of",
    "read_codes",
    "write_store",
]
