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
# # Compare two models and promote one
#
# A challenger is trained every year; whether it replaces the champion is a decision of people, with
# a reason that stays with the version. **Everything here is synthetic.**

# %%
from pathlib import Path

import riskstrat as rs
from riskstrat.pipeline import compare_on, run_study
from riskstrat.tracking import log_run, promote, registered_versions, registry_uri

# %%
rs.simulate(4000, 11, records="records")
records = rs.load_records("records")

# %% [markdown]
# ## 1. Two models of one outcome
#
# The first looks back a year, the second also at the last month and three years. MLflow keeps both
# as versions of one registered model, named after the study: parameters, figures, report and a
# fingerprint of the data, no patient's value.

# %%
STUDY = """
name = "tutorial_12m"

[index]
dates = [2022-01-01, 2022-07-01, 2023-01-01, 2024-01-01]

[outcome]
kind = "emergency_admission"
window_days = 365

[features]
windows_days = {windows}

[split]
develop_to = 2023-01-01
evaluate_from = 2024-01-01
"""
runs = []
for name, windows in (("first", [365]), ("second", [30, 365, 1095])):
    Path(f"{name}.toml").write_text(STUDY.format(windows=windows), encoding="utf-8")
    run = run_study(records, rs.load_study(f"{name}.toml"), f"runs/{name}")
    log_run(run.folder, run.model, run.report.metrics)
    runs.append(run)

# %% [markdown]
# ## 2. Judge both on the same people and dates
#
# Only rows that are for evaluation in both studies count, so neither has learnt from them. The
# difference is second minus first, on the same draws of people.

# %%
first, second = (run.model for run in runs)
found = compare_on(first, second, records)
for measure in ("auroc", "average_precision"):
    change = found[measure]["difference"]
    print(f"{measure}: {change['value']:+.4f} ({change['low']:+.4f} to {change['high']:+.4f})")
for row in found["lists"]:
    change = row["sensitivity"]["difference"]
    print(
        f"{row['label']}: {row['shared']:.0%} of the list is the same; found "
        f"{change['value']:+.1%} ({change['low']:+.1%} to {change['high']:+.1%})"
    )

# %% [markdown]
# An interval that holds 0 says that this data cannot tell the two apart. Then the simpler model, or
# the one already in use, should stay.

# %% [markdown]
# ## 3. Promote, with a reason
#
# On the command line: `riskstrat promote tutorial_12m 1 --reason "..."`.

# %%
store = registry_uri("runs")
promote(
    "tutorial_12m",
    "1",
    reason="Baseline of the tutorial; the longer look-back was not shown to be better.",
    uri=store,
)
for version in registered_versions("tutorial_12m", uri=store):
    print(version.version, version.aliases, [told.reason for told in version.promotions])
