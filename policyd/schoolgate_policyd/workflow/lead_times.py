"""How long before something is due people are told of it, on pages as in alerts, and why."""

from datetime import timedelta

# Governors meet once or twice a term: a meeting must lie between the notice and the review.
POLICY_REVIEW = timedelta(days=60)
# To be asked for, checked and signed anew takes three people, and holidays lie between.
STANDING_REVIEW = timedelta(days=30)
# A session for staff is planned within the weeks before it.
TRAINING = timedelta(days=21)
# Online safety education has the last three weeks of a term to be given and put on record.
EDUCATION = timedelta(days=21)
# Whoever has a grant for days asks for another on the day before it ends.
GRANT_END = timedelta(days=1)

LONGEST = max(POLICY_REVIEW, STANDING_REVIEW, TRAINING, EDUCATION, GRANT_END)
