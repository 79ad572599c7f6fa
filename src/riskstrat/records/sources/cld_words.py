"""Values of the client-level data of adult social care, and what each means in these records.

References
----------
NHS England, adult social care client-level data, specification releases 1 and 2: the wordings of
both, compared without casing and punctuation. NHS Data Dictionary, ETHNIC CATEGORY.
"""

from __future__ import annotations

__all__ = [
    "ACCOMMODATION",
    "ASSESSMENTS",
    "CLIENTS",
    "COMPONENTS",
    "ETHNICITIES",
    "EVENTS",
    "FREQUENCIES",
    "REVIEWS",
    "ROUTES",
    "SERVICE_TYPES",
]

CLIENTS = {
    "Service User": "service_user",
    "Carer": "carer",
    "Unpaid carer": "carer",
    "Carer known by association": "associated",
    "Unpaid carer known by association": "associated",
}
"""Whom a row is about. All of it, the number too, is about the carer where the client is one."""

EVENTS = {
    "Request": "request",
    "Assessment": "assessment",
    "Service": "service",
    "Review": "review",
}

SERVICE_TYPES = {
    "Long Term Support: Nursing Care": "nursing_care",
    "Long Term Support: Residential Care": "residential_care",
    "Short Term Support: ST-Max": "reablement",
    "Carer Support: Direct to Carer": "carer_support",
    "Unpaid carer support: Direct to unpaid carer": "carer_support",
}
"""Types that say which service it is; the others leave that to the component."""

COMPONENTS = {
    "Home Support": "home_care",
    "Home support or domiciliary care": "home_care",
    "Direct Payment": "direct_payment",
    "Day Support": "day_care",
    "Reablement": "reablement",
    "Long Term Residential Care": "residential_care",
    "Long Term Nursing Care": "nursing_care",
}
"""Components that are a service of their own; any other is part of a social care package. A short
stay in a care home is not living in one."""

FREQUENCIES = {
    "Hourly": "hourly",
    "Daily": "each",
    "Per session": "each",
    "Weekly": "1",
    "Fortnightly": "0.5",
    "4-weekly": "0.25",
    "Monthly": "0.23076923076923078",
    "Quarterly": "0.07692307692307693",
    "Annually": "0.019230769230769232",
}
"""Units a week of costs that are due at fixed times (12, 4 and 1 in 52 weeks), whatever is planned:
the two fields often disagree, and the Department of Health and Social Care trusts this one (its
client-level data dashboards, costs). A cost that is paid once is no cost a week."""

ROUTES = {
    "Discharge from Hospital": "hospital_discharge",
    "Diversion from Hospital Services": "hospital_diversion",
    "Planned Entry (Transition)": "transition",
    "Community / Other route": "community",
    "Self-funder with depleted funds": "depleted_funds",
}
"""Routes of requests. That somebody came from prison is not kept."""

ASSESSMENTS = {
    "Short Term Assessment": "short_term",
    "Long Term Assessment": "long_term",
    "Carer Assessment": "carer",
    "Unpaid carer assessment": "carer",
    "Financial Assessment": "financial",
}

REVIEWS = {
    "Planned": "planned",
    "Unplanned - Hospital (planned episode)": "unplanned",
    "Unplanned - Hospital (unplanned episode)": "unplanned",
    "Unplanned - Carer related": "unplanned",
    "Unplanned - Provider failure": "unplanned",
    "Unplanned - Change in residential setting": "unplanned",
    "Unplanned - Safeguarding concern": "unplanned",
    "Unplanned - Other reason": "unplanned",
}
"""Why an unplanned review took place is not kept: a stay in hospital comes from its own feed, and
safeguarding is for social workers only."""

ACCOMMODATION = {
    "Owner occupier or shared ownership scheme": "owner_occupier",
    "Tenant": "tenant",
    "Tenant - private landlord": "private_tenant",
    "Settled mainstream housing with family / friends": "with_family_or_friends",
    "Supported accommodation / supported lodgings / supported group home": "supported",
    "Shared Lives scheme": "shared_lives",
    "Sheltered housing / extra care housing / other sheltered housing": "sheltered_or_extra_care",
    "Mobile accommodation for Gypsy / Roma and Traveller communities": "mobile",
    "Rough sleeper / squatting": "rough_sleeper",
    "Night shelter / emergency hostel / direct access hostel": "hostel",
    "Refuge": "temporary",
    "Placed in temporary accommodation by the council (inc. homelessness resettlement)": (
        "temporary"
    ),
    "Staying with family / friends as a short-term guest": "short_term_guest",
    "Acute / long-term healthcare residential facility or hospital": "hospital_or_healthcare",
    "Registered care home": "care_home",
    "Registered nursing home": "nursing_home",
    "Other temporary accommodation": "temporary",
}
"""Accommodation status. A refuge is not told from other temporary homes; prison, probation and
'unknown' are not kept."""

ETHNICITIES = {
    "English / Welsh / Scottish / Northern Irish / British": "A",
    "English, Welsh, Scottish, Northern Irish or British": "A",
    "British": "A",
    "White British": "A",
    "Irish": "B",
    "White Irish": "B",
    "Any other White background": "C",
    "White and Black Caribbean": "D",
    "White and Black African": "E",
    "White and Asian": "F",
    "Any other mixed background": "G",
    "Any other Mixed / multiple ethnic background": "G",
    "Any other Mixed or multiple ethnic background": "G",
    "Indian": "H",
    "Pakistani": "J",
    "Bangladeshi": "K",
    "Any other Asian background": "L",
    "Caribbean": "M",
    "African": "N",
    "Any other Black background": "P",
    "Any other Black / African / Caribbean background": "P",
    "Any other Black, Black British or Caribbean background": "P",
    "Chinese": "R",
    "Any other ethnic group": "S",
}
"""Wording to NHS ethnic category, after the name of the group and its colon. What has no category
of its own there (Arab, Gypsy or Irish Traveller, Roma) has none here."""
