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
# # Explain everyone
#
# Every person's risk divides exactly into contributions of what is recorded about them. This
# notebook explains everyone at one index date: by clinical group, for one person, in plots, as
# reasons in words and codes, and as a page that says whether the explanations can be trusted.
# **Everything here is synthetic.**

# %%
from math import exp
from pathlib import Path

import shap

import riskstrat as rs
from riskstrat.evaluation import explain_evaluation
from riskstrat.explanation import build_reasons, caveat, compared_with, percentage_points

# %%
rs.simulate(2500, 5, records="records")
records = rs.load_records("records")

STUDY = """
name = "tutorial_explain"

[index]
dates = [2022-01-01, 2023-01-01, 2024-01-01]

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
cohort = rs.build_cohort(records, study)
features = rs.build_features(records, cohort.keys, study)
model = rs.train(features, cohort)

# %% [markdown]
# ## 1. Everyone, exactly
#
# A contribution is a Shapley value in log-odds. With the baseline a row adds up to the person's
# calibrated risk, to rounding: nothing is sampled, nobody is left out.

# %%
is_evaluated = (cohort.frame["part"] == "evaluation").to_numpy()
people = cohort.frame[is_evaluated].reset_index(drop=True)
rows = features.take(is_evaluated)
explanations = rs.explain(model, rows)
print(explanations.describe())

risk = model.predict(rows)["risk"]
log_odds = explanations.baseline + explanations.contributions.sum(axis=1)
largest = max(abs(1 / (1 + exp(-x)) - p) for x, p in zip(log_odds, risk, strict=True))
print(f"largest difference from the model's own risk: {largest:.0e}")

# %% [markdown]
# ## 2. By clinical group
#
# Features that are recorded together share what they have in common, and another fit may share it
# differently. Their clinical group is the safer reading.

# %%
groups = explanations.by_group()
print(groups.abs().mean().sort_values(ascending=False).round(3))

# %% [markdown]
# ## 3. One person
#
# In percentage points: each group's share of the distance from the baseline risk to the person's
# own. The shares add up to that distance. They do not say what the risk would be without the fact.

# %%
one = int(risk.to_numpy().argmax())
points = percentage_points(groups.to_numpy()[[one]], explanations.baseline)[0]
for place in abs(points).argsort()[::-1][:5]:
    print(f"{groups.columns[place]:15} {points[place]:+6.1f} points")
print(f"together {points.sum():+.1f} points, to a risk of {risk[one]:.1%}")

# %% [markdown]
# ## 4. shap's plots
#
# `to_shap()` gives a `shap.Explanation`, which every plot of shap takes: also
# `shap.plots.beeswarm(values)` or `shap.plots.waterfall(values[0])`. Those show single people: keep
# them where patient data may be. A bar plot of means does not.

# %%
values = explanations.to_shap()
print(type(values).__name__, values.shape)
drawn = shap.plots.bar(values, max_display=10, show=False)
drawn.figure.savefig("features.png", bbox_inches="tight")
print("Open features.png:", Path("features.png").stat().st_size > 0)

# %% [markdown]
# ## 5. Reasons in words, and their codes
#
# What people read is never the vector: up to five facts that go with a higher risk than that of
# people of the same age and sex, and up to two that go with a lower one. Each has its value, date,
# feed and a code for machines; `docs/reference/reason-codes.md` lists every code.

# %%
reasons = build_reasons(model, rows, explanations, people)
theirs = reasons[reasons["patient_id"] == people["patient_id"][one]]
print("Compared with other", compared_with(model, people)[one])
for reason in theirs.to_dict("records"):
    worked_on = "could be worked on" if reason["workable"] else "background"
    print(f"- {reason['direction']}: {reason['text']} [{reason['code']}; {worked_on}]")
print(caveat())

# %%
print(reasons["code"].value_counts().head(8))

# %% [markdown]
# ## 6. Can the explanations be trusted?
#
# `riskstrat train` writes this page beside the report: what moves the scores, contribution by
# value, interactions, how often each reason is given by age, sex, deprivation and ethnicity, and
# how much of a risk the shown reasons cover. Groups of few people are withheld; no point of a
# figure is one person.

# %%
page = explain_evaluation(model, features, cohort)
page.write(".")
for band in page.found["coverage"]:
    print(f"risk {band['lower']:.0%} to {band['upper']:.0%}: reasons cover {band['median']:.0%}")
print("Open explanations.html:", Path("explanations.html").stat().st_size > 0)
