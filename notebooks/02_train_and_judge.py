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
# # Train a model and judge it
#
# From linked records to a report that three readers can use: who pays, who treats, who counts.
# Notebook 01 explains the steps before; here the point is whether to believe the result.
# **Everything here is synthetic:** the figures show that the method runs, nothing else.

# %%
from pathlib import Path

import riskstrat as rs
from riskstrat.pipeline import run_study

# %%
rs.simulate(4000, 11, records="records")
records = rs.load_records("records")

# %% [markdown]
# ## 1. Settings of the trees, beside the study
#
# Leave `[model] params` out for the defaults. Class weights are refused: they would undo the
# calibration. `riskstrat tune` searches for better settings within a time you give it.

# %%
Path("params.toml").write_text(
    """
learning_rate = 0.05
max_depth = 4
num_leaves = 12
min_child_samples = 100
""",
    encoding="utf-8",
)
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
seed = 1

[model]
params = "params.toml"

[report]
capacities = [0.01, 0.05]
subgroups = ["age_band", "sex", "imd_quintile", "ethnic_category"]
""",
    encoding="utf-8",
)
study = rs.load_study("study.toml")

# %% [markdown]
# ## 2. One call trains, judges and writes everything
#
# The folder holds the artefact (text and numbers, no pickle), `report.html`, `model_card.md` and
# `metrics.json`. It appears whole or not at all.

# %%
run = run_study(records, study, "runs/tutorial", capacity=40)
print(run.report.describe())
print(sorted(path.name for path in run.folder.iterdir()))

# %% [markdown]
# ## 3. Findings first
#
# Each has a code, what is wrong and what to do: leakage, drift, miscalibration, too few events.

# %%
metrics = run.report.metrics
for finding in metrics["findings"]:
    print(f"{finding['code']} {finding['level']}: {finding['message']}")

# %% [markdown]
# ## 4. Beside simpler scores, on the same people
#
# Differences are paired: both scores are judged on the same draws of people. A complicated model
# that is no better than a published index is not worth its upkeep.

# %%
for row in metrics["everyone"]["differences"]:
    auroc = row["auroc"]
    print(f"{row['label']:<50} {auroc['value']:+.3f} ({auroc['low']:+.3f} to {auroc['high']:+.3f})")

# %% [markdown]
# ## 5. Are the risks right, and for whom?
#
# Observed/expected and slope should be 1. Small groups are withheld; intervals allow for the number
# of groups.

# %%
for name, division in metrics["subgroups"].items():
    for row in division["groups"]:
        if not row["withheld"]:
            ratio = row["observed_expected"]
            limits = f"{ratio['low']:.2f} to {ratio['high']:.2f}"
            print(f"{name:<16} {row['group']:<24} {ratio['value']:.2f} ({limits})")

# %% [markdown]
# ## 6. What a list of a given length holds
#
# People reviewed, people found, people missed. The list is a prompt for review: in the randomised
# trial of practice risk lists (PRISMATIC) emergency admissions went up, not down.

# %%
for section in metrics["workload"]:
    row = section["scores"][0]
    if not row["withheld"]:
        print(
            f"capacity {section['capacity']:g}: {row['ppv']['value']:.0%} of those listed were "
            f"admitted, {row['sensitivity']['value']:.0%} of all admitted were listed"
        )

# %% [markdown]
# ## 7. Was there enough to learn from?
#
# The sample that a regression of this size would need (Riley 2020) is a lower bound for trees.

# %%
print(run.model.provenance.get("sample_size"))
print(run.model.provenance["rows"])
