"""Look for better parameters of the trees, within a time, and keep them only if they are better.

Optuna proposes parameters; each is judged by the log-loss of people who were not seen, on the same
patient-grouped folds of the development rows as :func:`riskstrat.training.fit` uses. Classes are
never weighted, and nothing but parameters and losses reaches Optuna's storage.

References
----------
Bergstra J, Bardenet R, Bengio Y, Kegl B. Algorithms for hyper-parameter optimization. Advances in
Neural Information Processing Systems 2011;24:2546-2554 (tree-structured Parzen estimator).
Golovin D, Solnik B, Moitra S, et al. Google Vizier: a service for black-box optimization. KDD
2017:1487-1495 (median stopping, here after each fold).
Breiman L, Friedman JH, Olshen RA, Stone CJ. Classification and regression trees. Wadsworth 1984,
section 3.4.3 (a difference within one standard error is none).
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from riskstrat.errors import MissingExtraError, UsageError
from riskstrat.training.parameters import MAX_DEPTH, TreeParameters
from riskstrat.training.trees import TrainingRows, fold_losses

if TYPE_CHECKING:
    import optuna

__all__ = ["FIRST_RANDOM", "MARK", "SearchRules", "Tuned", "params_text", "tune"]

FIRST_RANDOM = 10
"""Trials drawn at random, the default among them, before the estimator proposes (Optuna's own)."""

NEVER_PRUNED = 5
"""Trials that run through all folds before any is compared with their median (Optuna's own)."""

STUDY_NAME, IDENTITY = "riskstrat", "identity"
HASHED_AT_ONCE = 65_536
"""Rows of the table that are hashed together: bounds the copies."""

SECONDS_A_MINUTE = 60

SQLITE_HEADER = b"SQLite format 3\0"

MARK = "# Written by riskstrat tune"
"""How a file of found parameters begins."""

Told = Callable[[int, float | None, float], None]
"""Called after each trial with its number, its loss (None when it was cut short), and the best."""

RANGES: Mapping[str, tuple[float, float, bool]] = {
    "num_leaves": (7, 127, True),
    "max_depth": (3, MAX_DEPTH, False),
    "min_child_samples": (20, 500, True),
    "lambda_l2": (0.1, 100.0, True),
    "feature_fraction": (0.2, 1.0, False),
    "bagging_fraction": (0.5, 1.0, False),
    "learning_rate": (0.02, 0.2, True),
}
"""Lowest and highest value, and whether it is drawn on a log scale [judgement]: the defaults lie
inside, and depth is bounded so that exact Shapley tables stay small."""


@dataclass(frozen=True)
class SearchRules:
    """How long to search, from which seed, and where trials are kept.

    Parameters
    ----------
    seed : int
        Of the folds, of the trees and of the search.
    minutes : float
        No trial begins, and no fold, after this time; the first trial is always finished.
    trials : int, optional
        Most trials, those of an earlier call with the same storage among them.
    storage : Path, optional
        SQLite file that a broken-off search goes on from; in memory when not given.
    """

    seed: int
    minutes: float
    trials: int | None = None
    storage: Path | None = None

    def require_usable(self) -> None:
        """Refuse no time, no trials, and a file that is something else.

        Raises
        ------
        UsageError
        """
        if self.minutes <= 0 or (self.trials is not None and self.trials < 1):
            raise UsageError("expected a positive number of minutes and of trials.")
        file = self.storage
        if file is None:
            return
        is_other = file.exists() and not (file.is_file() and _begins_as_database(file))
        if is_other or not file.resolve().parent.is_dir():
            raise UsageError(
                f"expected a new file in an existing folder, or the trials of an earlier search, "
                f"but '{file.name}' is neither.",
                do="Choose another file with --study-db.",
            )


def _begins_as_database(file: Path) -> bool:
    """Whether a file is empty or has the header of SQLite (its file format, section 1.3)."""
    with file.open("rb") as opened:
        return opened.read(len(SQLITE_HEADER)) in {b"", SQLITE_HEADER}


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Parameters
    ----------
    parameters : TreeParameters
        To be used: those found, or the given ones where nothing was clearly better.
    is_better : bool
        Whether they beat the given ones by more than the paired standard error over the folds.
    trials : int
        Finished trials, those cut short among them.
    best_loss, default_loss : float
        Out-of-fold log-loss of the best trial and of the given parameters.
    difference, standard_error : float
        Default minus best over the folds, paired: mean and its standard error.
    seed : int
    """

    parameters: TreeParameters
    is_better: bool
    trials: int
    best_loss: float
    default_loss: float
    difference: float
    standard_error: float
    seed: int


@dataclass(frozen=True)
class _Search:
    """One search: what is judged, until when, and where trials are kept."""

    rows: TrainingRows = field(repr=False)
    dataset: lgb.Dataset = field(repr=False)
    default: TreeParameters
    study: optuna.Study
    seed: int
    deadline: float

    @property
    def finished(self) -> list[optuna.trial.FrozenTrial]:
        """Trials that were judged, in the order they were begun."""
        return [trial for trial in self.study.trials if trial.state.name in {"COMPLETE", "PRUNED"}]


def tune(
    rows: TrainingRows, default: TreeParameters, rules: SearchRules, *, told: Told | None = None
) -> Tuned:
    """Search for better parameters of the trees.

    Parameters
    ----------
    rows : TrainingRows
        Of development; see :func:`riskstrat.training.fitting.outcome_rows`.
    default : TreeParameters
        The first trial, always judged in full; settings that are not searched stay as here.
    rules : SearchRules
    told : callable, optional
        Called after each trial.

    Returns
    -------
    Tuned

    Raises
    ------
    UsageError
        When the storage holds a search on other rows, or a number is not positive.
    MissingExtraError
        When Optuna is not installed.

    Notes
    -----
    The best of many trials looks better on their folds than it is. The standard error keeps what is
    chance out, not all of that: the evaluation rows, which are not read here, have the last word.

    With a number of trials and time enough, the same rows, seed and libraries give the same
    parameters, also when the search was broken off: each proposal is seeded by its own number.
    """
    rules.require_usable()
    deadline = time.monotonic() + SECONDS_A_MINUTE * rules.minutes
    study = _opened(rules.storage, _identity(rows, default, rules.seed))
    dataset = rows.binned(default, seed=rules.seed)
    search = _Search(rows, dataset, default, study, rules.seed, deadline)
    while _goes_on(search, rules.trials):
        loss = _try_one(search, number=len(search.finished))
        if told is not None:
            told(len(search.finished), loss, search.study.best_value)
    return _chosen(search)


def _goes_on(search: _Search, trials: int | None) -> bool:
    done = len(search.finished)
    has_time = done == 0 or time.monotonic() < search.deadline
    return has_time and (trials is None or done < trials)


def _opened(storage: Path | None, identity: Mapping[str, Any]) -> optuna.Study:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("tune", "searches for parameters") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=None if storage is None else f"sqlite:///{storage}",
        study_name=STUDY_NAME,
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=NEVER_PRUNED),
    )
    before = study.user_attrs.get(IDENTITY, identity)
    if before != identity:
        differ = sorted(key for key in identity if before.get(key) != identity[key])
        raise UsageError(
            f"the search in '{Path(storage or '').name}' was made with another "
            f"{', '.join(differ)}.",
            do="Give another file with --study-db, or leave it out for a new search.",
        )
    study.set_user_attr(IDENTITY, identity)
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _identity(rows: TrainingRows, default: TreeParameters, seed: int) -> dict[str, Any]:
    """What must be the same for trials to be comparable; the data as a hash."""
    digest = hashlib.sha256(repr((rows.values.shape, rows.names, rows.monotone)).encode())
    for values in (rows.values, rows.positions, rows.outcome, rows.weight, rows.groups):
        for start in range(0, len(values), HASHED_AT_ONCE):
            digest.update(values[start : start + HASHED_AT_ONCE].tobytes())
    return {"data": digest.hexdigest(), "seed": seed, "default": dataclasses.asdict(default)}


def _try_one(search: _Search, *, number: int) -> float | None:
    """Judge one set of parameters; its loss, or None when it was cut short."""
    import optuna

    search.study.sampler = optuna.samplers.TPESampler(
        seed=_seed(search.seed, number), n_startup_trials=FIRST_RANDOM
    )
    is_waiting = any(trial.state.name == "WAITING" for trial in search.study.trials)
    if number == 0 and not is_waiting:
        search.study.enqueue_trial({name: search.default[name] for name in RANGES})
    trial = search.study.ask()
    proposed = _proposed(trial, search.default)
    parameters = dataclasses.replace(search.default, **(proposed if number else {}))
    curves: list[NDArray[np.float64]] = []
    grown = fold_losses(search.rows, parameters, search.dataset, seed=search.seed)
    for fold, curve in enumerate(grown):
        curves.append(curve)
        trial.report(_losses(curves).mean(), fold)
        is_last = fold == parameters.folds - 1
        if number and not is_last and time.monotonic() >= search.deadline:
            search.study.tell(trial, state=optuna.trial.TrialState.FAIL)
            return None
        if number and not is_last and trial.should_prune():
            search.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return None
    losses = _losses(curves)
    trial.set_user_attr("fold_losses", losses.tolist())
    search.study.tell(trial, float(losses.mean()))
    return float(losses.mean())


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _proposed(trial: optuna.Trial, default: TreeParameters) -> dict[str, Any]:
    """A value of each setting; ranges are widened to hold the default."""
    found: dict[str, Any] = {}
    for name, (lowest, highest, is_log) in RANGES.items():
        low, high = min(lowest, default[name]), max(highest, default[name])
        if isinstance(default[name], int):
            found[name] = trial.suggest_int(name, int(low), int(high), log=is_log)
        else:
            found[name] = trial.suggest_float(name, low, high, log=is_log and low > 0)
    return _readable(found)


def _readable(found: Mapping[str, Any]) -> dict[str, Any]:
    """Shares and rates to three figures: what is judged is what a file can show."""
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value
        for name, value in found.items()
    }


def _losses(curves: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The loss of each fold at the number of trees where their mean is lowest, as in training."""
    common = min(curve.size for curve in curves)
    cut = np.stack([curve[:common] for curve in curves])
    return np.asarray(cut[:, int(cut.mean(axis=0).argmin())])


def _chosen(search: _Search) -> Tuned:
    best, first = search.study.best_trial, search.finished[0]
    losses = [np.array(trial.user_attrs["fold_losses"]) for trial in (first, best)]
    by_fold = losses[0] - losses[1]
    difference = float(by_fold.mean())
    error = float(by_fold.std(ddof=1) / np.sqrt(by_fold.size))
    is_better = difference > error
    found = dataclasses.replace(search.default, **_readable(best.params))
    return Tuned(
        parameters=found if is_better else search.default,
        is_better=is_better,
        trials=len(search.finished),
        best_loss=float(losses[1].mean()),
        default_loss=float(losses[0].mean()),
        difference=difference,
        standard_error=error,
        seed=search.seed,
    )


def params_text(tuned: Tuned) -> str:
    """The parameters as a ``params.toml``, with how they were found.

    Parameters
    ----------
    tuned : Tuned
    """
    gain = f"{tuned.difference:.6f} (standard error over folds {tuned.standard_error:.6f})"
    if tuned.is_better:
        verdict = f"# Better than the defaults by {gain}."
    else:
        verdict = (
            "# These are the defaults: nothing found was better by more than the standard error.\n"
            f"# The best was better by {gain}."
        )
    settings = "\n".join(f"{name} = {value}" for name, value in vars(tuned.parameters).items())
    return (
        f"{MARK}: {tuned.trials} trials, best out-of-fold log-loss {tuned.best_loss:.6f} "
        f"(defaults {tuned.default_loss:.6f}), seed {tuned.seed}.\n{verdict}\n{settings}\n"
    )
