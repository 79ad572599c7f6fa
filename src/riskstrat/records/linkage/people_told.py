"""What feeds tell of who people are: read once, before anything is linked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from riskstrat.engine import Engine
from riskstrat.records.governance.objections import add_marks, add_objections, new_objections
from riskstrat.records.linkage.claims import add_claims, makes_claims, merges_of, new_claims
from riskstrat.records.linkage.nhs_number import Merge
from riskstrat.records.raw_rows import rows_of_file
from riskstrat.records.sources.assigning import SourceFiles
from riskstrat.records.sources.columns import RawTable

__all__ = ["PeopleTold"]


@dataclass
class PeopleTold:
    """Claims, objections, marks and merged numbers, in temporary tables and in ``merges``.

    Parameters
    ----------
    engine : Engine
    key : bytes
        Key of the pseudonyms.
    synthetic : bool
        Whether NHS numbers of the range 999 are people.
    """

    engine: Engine
    key: bytes
    synthetic: bool
    merges: list[Merge] = field(default_factory=list)

    def __post_init__(self) -> None:
        new_claims(self.engine, self.key)
        new_objections(self.engine)

    def read(self, source: SourceFiles) -> None:
        """Read every file of a source that tells who people are."""
        for table in source.dialect.tables:
            for file in source.tables.get(table.name, ()):
                with rows_of_file(self.engine, file, table) as rows:
                    if rows is not None:
                        self._read_rows(source, table, rows)

    def read_all(self, sources: Iterable[SourceFiles]) -> None:
        """Read every source whose people are told apart by NHS number and the like."""
        for source in sources:
            if source.dialect.build is not None:
                self.read(source)

    def _read_rows(self, source: SourceFiles, table: RawTable, rows: str) -> None:
        if makes_claims(table):
            add_claims(
                self.engine,
                table,
                rows,
                source.source.name,
                key=self.key,
                synthetic=self.synthetic,
            )
        add_marks(self.engine, table, rows)
        if table.name == source.dialect.objections:
            add_objections(self.engine, rows)
        if table.name == source.dialect.merges:
            self.merges += merges_of(self.engine, rows, self.key, synthetic=self.synthetic)
