"""Codes that the community and the mental health data sets share, or have one list each of.

A team type says which kind of support a referral asks for. The names of support are those that
``service_families.csv`` of the reference tables groups; what is none of them is
:data:`OTHER_SERVICE`, which no feature counts.

References
----------
NHS Data Dictionary: SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE), SERVICE OR TEAM TYPE
REFERRED TO (MENTAL HEALTH), CONSULTATION MECHANISM, ATTENDANCE STATUS.
"""

from __future__ import annotations

__all__ = ["ATTENDANCE", "COMMUNITY_TEAMS", "MECHANISMS", "MENTAL_HEALTH_TEAMS", "OTHER_SERVICE"]

OTHER_SERVICE = "other_community_service"
"""A team of the community or mental health data set whose support has no name of its own here."""

ATTENDANCE = {
    "2": "cancelled",
    "3": "did_not_attend",
    "4": "cancelled",
    "5": "attended",
    "6": "attended",
    "7": "did_not_attend",
}
"""Attendance status: 5 and 6 were seen, on time and late; 7 came too late to be seen; 2 and 4 were
cancelled, by the patient and by the provider."""

MECHANISMS = {
    "01": "Face to face",
    "02": "Telephone",
    "04": "Talk type",
    "05": "Email",
    "09": "Text message",
    "10": "Instant messaging",
    "11": "Video",
    "12": "Message board",
    "13": "Chat room",
    "98": "Other",
}
"""Consultation mechanism, in both data sets."""

_NURSING = "community_nursing"
_REABLEMENT = "reablement"
_INTERMEDIATE = "intermediate_care"

COMMUNITY_TEAMS: dict[str, tuple[str, str]] = {
    "01": ("Appliances", OTHER_SERVICE),
    "02": ("Arts therapy", OTHER_SERVICE),
    "03": ("Cancer", OTHER_SERVICE),
    "04": ("Cardiac", OTHER_SERVICE),
    "05": ("Community dental", OTHER_SERVICE),
    "06": ("Community paediatrics", OTHER_SERVICE),
    "07": ("Continence", _NURSING),
    "09": ("Counselling", OTHER_SERVICE),
    "10": ("Dermatology", OTHER_SERVICE),
    "11": ("Diabetes", OTHER_SERVICE),
    "12": ("District nursing", _NURSING),
    "13": ("Ear, nose and throat", OTHER_SERVICE),
    "14": ("End of life care", OTHER_SERVICE),
    "15": ("Gastrointestinal", OTHER_SERVICE),
    "16": ("Health visiting", OTHER_SERVICE),
    "17": ("Hearing", OTHER_SERVICE),
    "19": ("Long-term conditions case management", "community_matron"),
    "20": ("Musculoskeletal", OTHER_SERVICE),
    "21": ("Neurology", OTHER_SERVICE),
    "23": ("Occupational therapy", "occupational_therapy"),
    "24": ("Orthoptist", OTHER_SERVICE),
    "25": ("Pain management", OTHER_SERVICE),
    "26": ("Physiotherapy", "physiotherapy"),
    "27": ("Podiatry", OTHER_SERVICE),
    "29": ("Rehabilitation", "falls_service"),
    "30": ("Respiratory", OTHER_SERVICE),
    "31": ("Rheumatology", OTHER_SERVICE),
    "32": ("School nursing", OTHER_SERVICE),
    "33": ("Speech and language therapy", OTHER_SERVICE),
    "34": ("Vulnerable children", OTHER_SERVICE),
    "35": ("Vulnerable adults", OTHER_SERVICE),
    "36": ("Respite care", OTHER_SERVICE),
    "37": ("Clinical psychology", OTHER_SERVICE),
    "38": ("Children's community nursing", _NURSING),
    "39": ("Diagnostic", OTHER_SERVICE),
    "40": ("Treatment room nursing", _NURSING),
    "41": ("Haematology", OTHER_SERVICE),
    "42": ("Phlebotomy", OTHER_SERVICE),
    "43": ("Tissue viability", _NURSING),
    "44": ("Family support", OTHER_SERVICE),
    "45": ("Integrated multidisciplinary team", "case_management"),
    "46": ("Prosthetic", OTHER_SERVICE),
    "47": ("Specialist palliative care", OTHER_SERVICE),
    "48": ("Enablement", _REABLEMENT),
    "49": ("Urgent care", OTHER_SERVICE),
    "50": ("Wheelchair", OTHER_SERVICE),
    "51": ("Crisis response intermediate care", "virtual_ward"),
    "52": ("Reablement intermediate care", _REABLEMENT),
    "53": ("Home-based intermediate care", _INTERMEDIATE),
    "54": ("Community bed-based intermediate care", _INTERMEDIATE),
    "55": ("Children's weight management", OTHER_SERVICE),
    "56": ("Adults' weight management", OTHER_SERVICE),
    "57": ("Public health and lifestyle", OTHER_SERVICE),
    "58": ("Nutrition and dietetics", OTHER_SERVICE),
}
"""Team types of the community data set: what each is called, and the support it gives. There is no
type for a programme of early help: multidisciplinary teams (45) read as case management, crisis
response (51) as a virtual ward and rehabilitation (29) as a falls service. That is an assumption,
and no feature counts programmes."""

_MENTAL_HEALTH = "community_mental_health"

MENTAL_HEALTH_TEAMS: dict[str, tuple[str, str]] = {
    "A01": ("Day care", _MENTAL_HEALTH),
    "A02": ("Crisis resolution or home treatment", _MENTAL_HEALTH),
    "A03": ("Crisis resolution", _MENTAL_HEALTH),
    "A04": ("Home treatment", _MENTAL_HEALTH),
    "A05": ("Primary care mental health", _MENTAL_HEALTH),
    "A06": ("Community mental health, functional", _MENTAL_HEALTH),
    "A07": ("Community mental health, organic", _MENTAL_HEALTH),
    "A08": ("Assertive outreach", _MENTAL_HEALTH),
    "A09": ("Community rehabilitation", _MENTAL_HEALTH),
    "A10": ("General psychiatry", _MENTAL_HEALTH),
    "A11": ("Psychiatric liaison", OTHER_SERVICE),
    "A12": ("Psychotherapy", _MENTAL_HEALTH),
    "A13": ("Psychological therapy", _MENTAL_HEALTH),
    "A14": ("Early intervention in psychosis", _MENTAL_HEALTH),
    "A15": ("Young onset dementia", _MENTAL_HEALTH),
    "A16": ("Personality disorder", _MENTAL_HEALTH),
    "A17": ("Memory service", _MENTAL_HEALTH),
    "A18": ("Single point of access", OTHER_SERVICE),
    "A19": ("24/7 crisis line", OTHER_SERVICE),
    "A20": ("Health based place of safety", OTHER_SERVICE),
    "A21": ("Crisis cafe or safe haven", _MENTAL_HEALTH),
    "A22": ("Walk-in crisis assessment", _MENTAL_HEALTH),
    "A23": ("Psychiatric decision unit", OTHER_SERVICE),
    "A24": ("Acute day service", _MENTAL_HEALTH),
    "A25": ("Crisis house", _MENTAL_HEALTH),
    "B01": ("Forensic mental health", _MENTAL_HEALTH),
    "B02": ("Forensic learning disability", OTHER_SERVICE),
    "C01": ("Autism", OTHER_SERVICE),
    "C02": ("Specialist perinatal", _MENTAL_HEALTH),
    "C04": ("Neurodevelopment", OTHER_SERVICE),
    "C05": ("Paediatric liaison", OTHER_SERVICE),
    "C06": ("Looked after children", _MENTAL_HEALTH),
    "C07": ("Youth offending", _MENTAL_HEALTH),
    "C08": ("Acquired brain injury", OTHER_SERVICE),
    "C10": ("Community eating disorder", _MENTAL_HEALTH),
    "D01": ("Substance misuse", _MENTAL_HEALTH),
    "D02": ("Criminal justice liaison", OTHER_SERVICE),
    "D03": ("Prison inreach", OTHER_SERVICE),
    "D04": ("Asylum", _MENTAL_HEALTH),
    "D05": ("Individual placement and support", _MENTAL_HEALTH),
    "D06": ("Mental health in education", _MENTAL_HEALTH),
    "D07": ("Problem gambling", _MENTAL_HEALTH),
    "D08": ("Rough sleeping", _MENTAL_HEALTH),
    "E01": ("Community learning disability team", OTHER_SERVICE),
    "E02": ("Epilepsy or neurological", OTHER_SERVICE),
    "E03": ("Specialist parenting", OTHER_SERVICE),
    "E04": ("Enhanced or intensive support", OTHER_SERVICE),
    "F01": ("Mental health support team in education", _MENTAL_HEALTH),
    "F02": ("Maternal mental health", _MENTAL_HEALTH),
    "F03": ("Services for deaf people", _MENTAL_HEALTH),
    "F04": ("Veterans complex treatment", _MENTAL_HEALTH),
    "F05": ("Enhanced care in care homes", _MENTAL_HEALTH),
    "F06": ("Mental health and wellbeing hubs", _MENTAL_HEALTH),
    "Z01": ("Other, in tariff scope", _MENTAL_HEALTH),
    "Z02": ("Other, outside tariff scope", OTHER_SERVICE),
}
"""Team types of the mental health data set: what each is called, and the support it gives. Teams of
hospitals, of prisons and courts, crisis lines and places of assessment, and teams for learning
disability and neurodevelopment are no community mental health support (a judgement)."""
