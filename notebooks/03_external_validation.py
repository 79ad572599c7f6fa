# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Would the model hold elsewhere?
#
# A model that does well where it was made may fail in the next town: other practices, other feeds,
# other coding, another level of risk. Here a second simulated district, with another seed and
# stronger interactions, stands for the other place. **Everything here is synthetic.**

# %%
from pathlib import Path

import riskstrat as rs
from riskstrat.pipeline import evaluate_on
from riskstrat.simulation import Setting
from riskstrat.validation import Subject, ValidationRules, recalibrate_on, validate

# %%
rs.simulate(4000, 11, records="ours")
rs.simulate(4000, 12, records="theirs", setting=Setting(interactions=3.0))
ours, theirs = rs.load_records("ours"), rs.load_records("theirs")

# %%
Path("study.toml").write_text(
    """
name = "tutorial_12m"

[index]
dates = [2022-01-01, 2022-07-01, 2023-01-01, 2024-01-01]

[outcome]
kind = "emergency_admission"
window_days = 365

[split]
develop_to = 2023-01-01
evaluate_from = 2024-01-01
""",
    encoding="utf-8",
)
study = rs.load_study("study.toml")
cohort = rs.build_cohort(ours, study)
features = rs.build_features(ours, cohort.keys, study)
model = rs.train(features, cohort)

# %% [markdown]
# ## 1. Practices that the model has never seen, and the other place
#
# Practices are dealt into groups; the model is fitted without a group and judged on it. Then it is
# taken to the other place as it is. `riskstrat validate` does the same and writes a page.

# %%
rules = ValidationRules(parts=("practices",), groups=3, resamples=200)
validated = validate(Subject(study, ours, model), rules, external=theirs)
validated.write("validated")
for line in validated.describe():
    print(line)

# %% [markdown]
# ## 2. The other place, in full
#
# The same report as at home, for their people: subgroups, findings, workload.

# %%
report = evaluate_on(model, theirs)
print(report.describe())

# %% [markdown]
# ## 3. Recalibrate in the large
#
# Where ranks hold and the level does not, the intercept is fitted again on a cohort whose outcomes
# are known. Nobody's rank changes, and reasons stay exact. The model says where it came from.

# %%
changed = recalibrate_on(model, theirs)
print(changed.model.version, "from", model.version)
print("intercept", round(model.admission.intercept, 3), round(changed.model.admission.intercept, 3))

# %% [markdown]
# Observed over expected is now 1 on those people by arithmetic; only a later year can show that it
# holds. A wrong slope needs `method="affine"`, a wrong ranking another model.
