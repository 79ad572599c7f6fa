"""One linking: who is who, who is left out, then part by part what stands on every row."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.records.gathering import Gathered, refuse_sensitive
from riskstrat.records.governance.gate import Governance
from riskstrat.records.governance.objections import find_barred, make_who, objections_not_linked
from riskstrat.records.linkage.claims import NUMBERS
from riskstrat.records.linkage.identity import identify, weighed_links
from riskstrat.records.linkage.people_told import PeopleTold
from riskstrat.records.linkage.probabilistic import LinkResult, link_claims
from riskstrat.records.linkage.pseudonyms import key_id
from riskstrat.records.raw_rows import Parts, load_whole, part_count
from riskstrat.records.sources.assigning import Assigned, SourceFiles
from riskstrat.records.sources.dialect import Built
from riskstrat.records.sources.feed import FeedFile, count_rows
from riskstrat.records.sources.judging import Reason, rejections
from riskstrat.records.sources.work import Work
from riskstrat.schema import TABLES, FileCount, SourceCount, StoreWriter

__all__ = ["LINKS_FILE", "LinkRun"]

LINKS_FILE = "links.parquet"
"""Every link by details with its weight, beside the tables of a store."""

_EVENTS = TABLES["events"]

_VAULT_ENTRIES = f"""
    select r.practice_code, p.patient_id, n.digits as nhs_number
    from patients p left join {NUMBERS} n on n.number = p.patient_id
    left join (
        select patient_id, first(practice_code order by start_date desc, recorded_date desc,
            practice_code) as practice_code
        from registrations where superseded_date is null group by patient_id
    ) r using (patient_id)
    order by all
"""


@dataclass
class LinkRun:
    """One linking.

    Parameters
    ----------
    engine : Engine
    governance : Governance
    assigned : Assigned
    people : PeopleTold
        What the files tell of who people are.
    purpose : str
    """

    engine: Engine
    governance: Governance
    assigned: Assigned
    people: PeopleTold
    purpose: str
    _counts: dict[tuple[str, str, int], Counter[str | None]] = field(default_factory=dict)
    _built: dict[str, Built] = field(default_factory=dict)

    @property
    def key(self) -> bytes:
        """Key of the pseudonyms."""
        return self.people.key

    def write(self, writer: StoreWriter) -> dict[str, Any]:
        """Link everything, write the store and return its manifest."""
        linkage = self._find_people()
        excluded = self._find_excluded()
        gathered = Gathered(self.engine, self.governance.sensitive_version)
        self._link_whole(gathered)
        parts = Parts(self.engine, self._governed, self._part_count(), self.engine.scratch)
        parts.find_people()
        parts.spread()
        for part in range(parts.count):
            self._link_part(parts, part, gathered)
            if parts.count > 1:
                writer.write_part(self.engine, _EVENTS, f"{part:03d}")
                self.engine.connection.execute("truncate events")
        for table in TABLES.values():
            if table.name != "events" or parts.count == 1:
                writer.write(self.engine, table)
        writer.write_beside(LINKS_FILE, weighed_links(self.engine, self.key))
        told = {
            "purpose": self.purpose,
            "key_id": key_id(self.key),
            "governance": self.governance.about(s.source for s in self.assigned.sources),
            "synthetic": self.governance.synthetic,
            "assumed": self._assumed(),
            "linkage": linkage,
            "codes_withheld": gathered.codes_withheld,
            "people_excluded": excluded,
            "left_out": [self._left_out(file) for file in self.assigned.others],
            "ignored_files": [_ignored(file) for file in self.assigned.ignored],
        }
        return writer.finish(tuple(map(self._counted, self.assigned.sources)), told)

    def vault_entries(self) -> pa.Table:
        """Practice, pseudonym and NHS number of everybody in the store, once it is written.

        Returns
        -------
        pyarrow.Table
            ``practice_code`` (of the latest registration; null for none), ``patient_id``,
            ``nhs_number`` (null for somebody whose number is in no file of this linking).
        """
        return self.engine.connection.sql(_VAULT_ENTRIES).to_arrow_table()

    @property
    def _governed(self) -> list[SourceFiles]:
        """The sources whose people are told apart by NHS number and the like."""
        return [source for source in self.assigned.sources if source.dialect.build is not None]

    def _find_people(self) -> dict[str, Any]:
        return identify(
            self.engine,
            self.key,
            merges=self.people.merges,
            by_details=self._link_claims if self.governance.probabilistic else None,
        )

    def _link_claims(self, claims: pa.Table, people: pa.Table) -> LinkResult:
        return link_claims(claims, people, precision=self.governance.precision)

    def _find_excluded(self) -> dict[str, int]:
        find_barred(self.engine)
        excluded: Counter[str] = Counter()
        for source in self._governed:
            for why, people in make_who(self.engine, source.source, self.purpose).items():
                excluded[why] = max(excluded[why], people)
        if lost := objections_not_linked(self.engine):
            excluded["objection of somebody not found"] = lost
        return dict(sorted(excluded.items()))

    def _part_count(self) -> int:
        files = [f for s in self._governed for held in s.tables.values() for f in held]
        return part_count(sum(count_rows(self.engine, file) for file in files))

    def _link_whole(self, gathered: Gathered) -> None:
        """Records that are whole in themselves, with people of their own."""
        for source in self.assigned.sources:
            if source.dialect.build_whole is None:
                continue
            inner = Engine()
            load_whole(inner, source)
            built = source.dialect.build_whole(inner, self.key)
            refuse_sensitive(inner, built.judged.values(), self.governance.sensitive_version)
            self._built[source.source.name] = built
            gathered.add_whole(inner, source.source.feed)
            self._count(source, inner, built.judged)

    def _link_part(self, parts: Parts, part: int, gathered: Gathered) -> None:
        secret = hmac.digest(self.key, b"identifiers of stays", "sha256").hex()
        for source in parts.sources:
            parts.load(source, part)
            tables = {table.name: table for table in source.dialect.tables}
            work = Work(
                self.engine, source.source, tables, self.governance.sensitive_version, secret
            )
            assert source.dialect.build is not None
            source.dialect.build(work)
            if missed := sorted(set(source.tables) - set(work.judged)):
                raise AssertionError(f"{source.dialect.name} does not judge: {', '.join(missed)}")
            gathered.add(work.outputs)
            self._count(source, self.engine, work.judged)
            work.release()
            parts.clear(source, part)
        gathered.withhold()
        gathered.add_people(parts.people_sql(part))
        has_register = any(t.is_register for s in parts.sources for t in s.dialect.tables)
        if parts.sources and not has_register:
            gathered.add_followed(parts.sources[0].source)

    def _count(self, source: SourceFiles, engine: Engine, judged: Mapping[str, str]) -> None:
        for table, name in judged.items():
            for number, reasons in rejections(engine, name).items():
                counts = self._counts.setdefault((source.source.name, table, number), Counter())
                counts.update(reasons)

    def _counted(self, source: SourceFiles) -> SourceCount:
        entry, built = source.source, self._built.get(source.source.name)
        return SourceCount(
            name=entry.feed,
            dialect=source.dialect.name,
            data_from=built.data_from if built else entry.data_from.isoformat(),
            data_to=built.data_to if built else entry.data_to.isoformat(),
            files=tuple(sorted(self._file_counts(source), key=lambda count: count.name)),
        )

    def _file_counts(self, source: SourceFiles) -> Iterator[FileCount]:
        for file, reason in source.unused:
            yield self._refused(file, reason)
        built = self._built.get(source.source.name)
        for table, files in source.tables.items():
            for number, file in enumerate(files):
                if built is not None and table not in built.judged:
                    yield self._refused(file, Reason.VOCABULARY)
                    continue
                counts = self._counts.get((source.source.name, table, number), Counter())
                rejected = {str(r): n for r, n in sorted(counts.items(), key=str) if r is not None}
                yield FileCount(
                    file.name, file.sha256, counts.total(), counts.get(None, 0), rejected
                )

    def _refused(self, file: FeedFile, reason: Reason) -> FileCount:
        rows = count_rows(self.engine, file)
        return FileCount(file.name, file.sha256, rows, 0, {str(reason): rows} if rows else {})

    def _left_out(self, file: FeedFile) -> dict[str, Any]:
        return vars(self._refused(file, Reason.NOT_USED))

    def _assumed(self) -> dict[str, int]:
        total: Counter[str] = Counter()
        for built in self._built.values():
            total.update(built.assumed)
        return dict(total)


def _ignored(file: FeedFile) -> dict[str, Any]:
    """What a manifest says of a file of a kind that is not read: nobody knows its rows."""
    return {"name": file.name, "sha256": file.sha256, "bytes": file.path.stat().st_size}
