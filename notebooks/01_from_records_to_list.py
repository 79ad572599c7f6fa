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
# # From linked records to an explained risk list
#
# This notebook goes the whole path on a small simulated district: records, cohort, features, model,
# evaluation, scores, reasons, list. It imports `riskstrat` only. **Everything here is synthetic:**
# the figures show that the method runs, not how well it would do on real people.

# %%
from datetime import date
from pathlib import Path

import riskstrat as rs

# %% [markdown]
# ## 1. Linked records
#
# Real feeds come through `riskstrat link`. Here we simulate 3,000 people over six years. The store
# is a folder of Parquet files with a manifest; `describe` shows counts, never a patient value.

# %%
rs.simulate(3000, 7, records="records")
records = rs.load_records("records")
print(records.describe())

# %% [markdown]
# ## 2. The study
#
# What is predicted, for whom, when and from what stands in one file. Unknown keys and mistakes
# are refused, all of them at once. Development windows end before the first evaluation date.

# %%
STUDY = """
name = "tutorial_emergency_admission_12m"

[index]
dates = [2022-01-01, 2022-07-01, 2023-01-01, 2024-01-01]

[eligibility]
min_age = 18

[outcome]
kind = "emergency_admission"
window_days = 365

[split]
develop_to = 2023-01-01
evaluate_from = 2024-01-01
"""
Path("study.toml").write_text(STUDY, encoding="utf-8")
study = rs.load_study("study.toml")

# %% [markdown]
# ## 3. The cohort
#
# One row per person and index date. Every exclusion is counted. The outcome is what happened first:
# an emergency admission, death, or neither; people who leave the area weigh nothing and those who
# stay weigh a little more.

# %%
cohort = rs.build_cohort(records, study)
print(cohort.describe())
print(cohort.frame.groupby("part")["outcome"].value_counts().unstack())

# %% [markdown]
# ## 4. Features
#
# What was known before each index date, and nothing recorded on or after it. The builder sees the
# keys only, never an outcome.

# %%
features = rs.build_features(records, cohort.keys, study)
print(f"{len(features.names)} features, for example {features.names[:5]}")

# %% [markdown]
# ## 5. Train and judge
#
# LightGBM with affine calibration on the log-odds, with a penalised logistic regression and the
# Charlson index and HFRS on the same rows. The evaluation rows are a year that the model never saw.

# %%
model = rs.train(features, cohort)
report = rs.evaluate(model, features, cohort)
print(report.describe())

# %% [markdown]
# ## 6. Score and explain everyone
#
# Contributions are exact Shapley values in log-odds on the calibrated scale: with the baseline they
# add up to each person's risk.

# %%
scores = rs.score(model, records, date(2025, 1, 1))
print(scores.scores[["age", "sex", "risk", "rank_in_practice"]].describe().round(3))

# %%
numbers = scores.contributions.drop(columns=["patient_id", "index_date"])
print(numbers.abs().mean().sort_values(ascending=False).round(3))

# %% [markdown]
# ## 7. The list
#
# The people a team of a given capacity can review, with reasons in words. A list is a prompt for
# review: in the randomised trial of practice risk lists (PRISMATIC) emergency admissions went up.

# %%
risk_list = rs.make_risk_list(scores, capacity=20)
for _, person in risk_list.frame.head(3).iterrows():
    print(person["rank"], person["risk_text"])
    print("   ", person["reasons"])
