"""The fitted model: two calibrated trees, what stands beside them, and where they came from."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.special import expit

from riskstrat.errors import ArtefactError
from riskstrat.features import Feature
from riskstrat.features.added import codelist_file
from riskstrat.study import AddedFeature, Study, parse_study
from riskstrat.training.artefact import build_index, read_artefact, write_artefact
from riskstrat.training.comparators import Comparator
from riskstrat.training.trees import CalibratedTrees

if TYPE_CHECKING:
    from riskstrat.features import FeatureMatrix

__all__ = ["RiskModel"]

ADMISSION, DEATH = "admission.txt", "death.txt"
COMPARATORS, STUDY, PEERS = "comparators.json", "study.toml", "peers.parquet"
CODELISTS = "codelists.csv"
"""The study's own codelists, copied so that the artefact can build features by itself; the codelist
of an added feature has the feature's name in that of its file."""


@dataclass(frozen=True)
class RiskModel:
    """A model of a study.

    Parameters
    ----------
    study : Study
    params : dict
        Parameters of the trees; see :class:`riskstrat.training.parameters.TreeParameters`.
    features : tuple of Feature
        In the order of the matrix.
    catalogue_hash : str
        What fixes the values of the features; a matrix with another hash is refused.
    admission : CalibratedTrees
        A: the outcome, mostly an admission, before death.
    death : CalibratedTrees or None
        B: death first, among those without the outcome; None where there were too few deaths, or
        death is part of the outcome.
    comparators : tuple of Comparator
    provenance : dict
        Library versions, counts, seed, calibration; names and numbers only.
    peers : DataFrame or None
        What is usual among peers, for reasons.
    read_version : str or None
        The version of the artefact it was read from; None for a model that was just trained.
    """

    study: Study
    params: dict[str, Any]
    features: tuple[Feature, ...] = field(repr=False)
    catalogue_hash: str
    admission: CalibratedTrees = field(repr=False)
    death: CalibratedTrees | None = field(repr=False)
    comparators: tuple[Comparator, ...] = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    peers: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    read_version: str | None = field(default=None, repr=False, compare=False)

    def predict(self, matrix: FeatureMatrix) -> pd.DataFrame:
        """Risks of every row of the matrix.

        Parameters
        ----------
        matrix : FeatureMatrix
            Built with the catalogue of the model.

        Returns
        -------
        DataFrame
            ``raw_score`` and ``log_odds`` of the outcome before death (before and after
            calibration), ``risk`` = a, and ``risk_death`` = (1 - a) b, the probability of death
            first (NaN without a model of death). Neither happens with probability
            (1 - a) (1 - b), or 1 - a where death is part of the outcome, so they add to 1.

        Raises
        ------
        ArtefactError
            When the matrix was built with another catalogue.
        """
        self.require_matrix(matrix)
        raw = self.admission.raw_score(matrix.values)
        log_odds = self.admission.intercept + self.admission.slope * raw
        risk = expit(log_odds)
        death_next = np.nan if self.death is None else self.death.risk(matrix.values)
        return pd.DataFrame(
            {
                "raw_score": raw,
                "log_odds": log_odds,
                "risk": risk,
                "risk_death": (1.0 - risk) * death_next,
            }
        )

    def require_matrix(self, matrix: FeatureMatrix) -> None:
        """Refuse a matrix whose values may mean something else.

        Raises
        ------
        ArtefactError
            When the catalogue hash or the order of the features differs; says how many features
            are missing from, and added to, the matrix.
        """
        own = tuple(feature.name for feature in self.features)
        names = tuple(matrix.names)
        if matrix.catalogue_hash == self.catalogue_hash and names == own:
            return
        missing, added = len(set(own) - set(names)), len(set(names) - set(own))
        raise ArtefactError(
            f"expected a matrix of the catalogue this model was trained with, but got another: "
            f"{missing} of {len(own)} features missing, {added} added, the rest may be defined "
            f"differently.",
            do="Build the features with the release of riskstrat and the study of the model, or "
            "train the model again.",
        )

    @cached_property
    def version(self) -> str:
        """Twelve hex digits that stand for everything in the artefact."""
        return self.read_version or str(build_index(self._description(), self._files())["version"])

    def save(self, folder: str | Path) -> None:
        """Write the artefact: text, JSON and Parquet only, all or nothing.

        Raises
        ------
        DataError
            When the place cannot be written, or the study's codelists cannot be read any more.
        """
        files = self._files()
        write_artefact(Path(folder), build_index(self._description(), files), files)

    @classmethod
    def load(cls, folder: str | Path) -> RiskModel:
        """Read an artefact.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        RiskModel

        Raises
        ------
        ArtefactError
            When a file is missing, damaged or foreign; it is named.
        """
        path = Path(folder)
        index, files = read_artefact(path)
        try:
            return _assembled(index, files, path)
        except (KeyError, TypeError, ValueError, lgb.basic.LightGBMError) as error:
            raise ArtefactError(
                f"'{path.name}' is not a complete model ({type(error).__name__}).",
                do="Train the model again with this release of riskstrat.",
            ) from error

    def _description(self) -> dict[str, Any]:
        trees = {"admission": self.admission, "death": self.death}
        added = [
            dataclasses.asdict(feature) | {"codelist": _codelist_name(feature)}
            for feature in self.study.features.added
        ]
        return {
            **({"added_features": added} if added else {}),
            "name": self.study.name,
            "catalogue_hash": self.catalogue_hash,
            "params": self.params,
            "features": [dataclasses.asdict(feature) for feature in self.features],
            "calibration": {
                name: {"slope": tree.slope, "intercept": tree.intercept}
                for name, tree in trees.items()
                if tree is not None
            },
            "provenance": self.provenance,
        }

    def _files(self) -> dict[str, bytes]:
        files = self._texts()
        if self.peers is not None:
            buffer = io.BytesIO()
            self.peers.to_parquet(buffer, index=False)
            files[PEERS] = buffer.getvalue()
        rules = self.study.features
        if rules.codelists is not None:
            files[CODELISTS] = _codelist((self.study.folder or Path()) / rules.codelists)
        for feature in rules.added:
            files[_codelist_name(feature)] = _codelist(codelist_file(self.study, feature))
        return files

    def _texts(self) -> dict[str, bytes]:
        comparators = [comparator.to_json() for comparator in self.comparators]
        text = json.dumps(comparators, indent=1, allow_nan=False) + "\n"
        files = {
            ADMISSION: self.admission.booster.model_to_string(),
            COMPARATORS: text,
            STUDY: self.study.text,
        }
        if self.death is not None:
            files[DEATH] = self.death.booster.model_to_string()
        return {name: content.encode() for name, content in files.items()}


def _assembled(index: Mapping[str, Any], files: Mapping[str, bytes], folder: Path) -> RiskModel:
    calibration = index["calibration"]
    features = (Feature(**{**f, "sources": tuple(f["sources"])}) for f in index["features"])
    death = _trees(files[DEATH], calibration["death"]) if DEATH in files else None
    return RiskModel(
        study=_study(files[STUDY].decode(), folder, index.get("added_features", [])),
        params=index["params"],
        features=tuple(features),
        catalogue_hash=index["catalogue_hash"],
        admission=_trees(files[ADMISSION], calibration["admission"]),
        death=death,
        comparators=tuple(Comparator.from_json(c) for c in json.loads(files[COMPARATORS])),
        provenance=index["provenance"],
        peers=pd.read_parquet(io.BytesIO(files[PEERS])) if PEERS in files else None,
        read_version=index["version"],
    )


def _trees(text: bytes, calibration: Mapping[str, float]) -> CalibratedTrees:
    booster = lgb.Booster(model_str=text.decode())
    return CalibratedTrees(booster, calibration["slope"], calibration["intercept"])


def _study(text: str, folder: Path, added: Sequence[Mapping[str, Any]]) -> Study:
    """The study, its codelists read from the copies in the artefact.

    Features that were added in Python are not in the text, so they are read from the index.
    """
    study = parse_study(text, folder=folder)
    codelists = None if study.features.codelists is None else CODELISTS
    own = tuple(AddedFeature(**feature) for feature in added)
    rules = dataclasses.replace(study.features, codelists=codelists, added=own)
    return dataclasses.replace(study, features=rules)


def _codelist_name(feature: AddedFeature) -> str:
    return f"codelist_{feature.name}.csv"


def _codelist(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f"expected the codelists '{file.name}' of the study, but they cannot be read "
            f"({type(error).__name__}).",
            do="Put the file back beside the study, then save the model again.",
        ) from error
