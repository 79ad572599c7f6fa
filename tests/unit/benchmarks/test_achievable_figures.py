import numpy as np
import pandas as pd
import pytest
from benchmarks.achievable import joined
from benchmarks.achievable_figures import calibration_rows, log_loss_share, shares
from sklearn.metrics import log_loss, roc_auc_score


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(1)
    best = rng.uniform(0.01, 0.6, 3000)
    return pd.DataFrame(
        {
            "age": rng.integers(40, 95, 3000),
            "sex": rng.choice(["female", "male"], 3000),
            "imd_decile": np.nan,
            "ethnic_category": pd.Series(rng.choice(["A", None], 3000), dtype="object"),
            "event": rng.random(3000) < best,
            "recent_risk": best,
            "best_risk": best,
        }
    )


def test_the_best_risk_itself_has_the_whole_gain(judged):
    found = shares(judged, {"best": judged["recent_risk"].to_numpy()}, resamples=20)["best"]
    for group in found.values():
        for measure in ("auroc", "auroc_of_whole_record", "log_loss"):
            assert group[measure] == {"value": 100.0, "low": 100.0, "high": 100.0}


def test_shares_are_those_of_scikit_learn(judged):
    event, best = judged["event"].to_numpy(float), judged["recent_risk"].to_numpy()
    vague = np.clip(best + 0.1 * np.sin(np.arange(len(best))), 0.01, 0.9)
    told = shares(judged, {"vague": vague}, resamples=50)["vague"]["everybody"]
    gain = (roc_auc_score(event, vague) - 0.5) / (roc_auc_score(event, best) - 0.5)
    assert told["auroc"]["value"] == pytest.approx(100 * gain, abs=0.01)
    assert told["auroc"]["low"] < told["auroc"]["value"] < told["auroc"]["high"]
    alone = log_loss(event, np.full(len(event), event.mean()))
    saved = (alone - log_loss(event, vague)) / (alone - log_loss(event, best))
    share = log_loss_share(event, vague, best, resamples=50)
    assert share["value"] == pytest.approx(100 * saved, abs=0.01)


def test_every_known_group_is_judged_and_none_that_nobody_is_in(judged):
    rows = calibration_rows(judged, judged["recent_risk"].to_numpy())
    divisions = {row["division"] for row in rows}
    assert divisions == {"everybody", "age", "sex", "ethnic category"}
    assert {row["group"] for row in rows if row["division"] == "ethnic category"} == {
        "A",
        "not recorded",
    }
    assert sum(row["events"] for row in rows if row["division"] == "sex") == judged["event"].sum()


def test_districts_are_added_to_those_of_an_earlier_run() -> None:
    same = {"people": 100, "linked": True, "fingerprint": "f"}
    first = {"setting": "standard", "seed": 1, "judged": 5}
    second = {"setting": "standard", "seed": 2, "judged": 6}
    earlier = {**same, "command": "a", "commit": "c", "districts": [first, second]}
    now = {**same, "districts": [{**second, "judged": 7}]}
    assert joined(earlier, now) == [
        {"command": "a", "commit": "c", **first},
        {**second, "judged": 7},
    ]
    with pytest.raises(SystemExit, match="same people"):
        joined(earlier, {**now, "people": 200})
