/* Which records belong to a person: what export gives and erasure goes through. */
#include "desk/person.h"

#define BRANCH(parent, child, index, key, way) \
  { AFT__KIND_##parent, AFT__KIND_##child, AFT__##index, AFT__##key, AFT__ERASE_##way }

/* One line for a kind below a parent; below the customer each kind once, by a number or by id. What its rows
 * call personal is blanked (BLANK), unless they need more than that. */
const aft__person_branch aft__person_branches[] = {
    BRANCH(CUSTOMER, IDENTITY, IDENTITY_BY_CUSTOMER, COL_ID, LAST),
    BRANCH(CUSTOMER, ATTRIBUTE, ATTRIBUTE_BY_SUBJECT, COL_ID, REMOVE),
    BRANCH(CUSTOMER, TAG, TAG_BY_SUBJECT, COL_ID, REMOVE),
    BRANCH(CUSTOMER, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(CUSTOMER, TICKET, TICKET_BY_CUSTOMER, COL_ID, TICKET),
    BRANCH(CUSTOMER, PARTICIPANT, PARTICIPANT_BY_CUSTOMER, PARTICIPANT_TICKET, BLANK),
    BRANCH(CUSTOMER, ORDER, ORDER_BY_CUSTOMER, COL_ID, BLANK),
    BRANCH(CUSTOMER, CASE, CASE_BY_CUSTOMER, COL_ID, BLANK),
    BRANCH(CUSTOMER, SURVEY, SURVEY_BY_ASKED, COL_ID, SURVEY),
    BRANCH(CUSTOMER, LINK, LINK_BY_CUSTOMER, COL_ID, LINK),
    BRANCH(CUSTOMER, ERASURE, ERASURE_BY_CUSTOMER, COL_ID, BLANK),
    BRANCH(TICKET, MESSAGE, MESSAGE_BY_TICKET, COL_ID, BLANK),
    BRANCH(TICKET, ATTRIBUTE, ATTRIBUTE_BY_SUBJECT, COL_ID, REMOVE),
    BRANCH(TICKET, TAG, TAG_BY_SUBJECT, COL_ID, BLANK),
    BRANCH(TICKET, CORRECTION, CORRECTION_BY_TICKET, COL_ID, REMOVE),
    BRANCH(TICKET, DECISION, DECISION_BY_TICKET, COL_ID, REMOVE),
    BRANCH(TICKET, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(TICKET, EFFECT, OB_BY_SUBJECT, COL_ID, EFFECT),
    BRANCH(PARTICIPANT, MESSAGE, MESSAGE_BY_TICKET, COL_ID, BLANK),
    BRANCH(PARTICIPANT, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(MESSAGE, PART, PART_BY_MESSAGE, COL_ID, PART),
    BRANCH(MESSAGE, REVISION, REVISION_BY_MESSAGE, COL_ID, BLANK),
    BRANCH(ORDER, LINE, LINE_BY_REF, COL_ID, BLANK),
    BRANCH(ORDER, SHARE, SHARE_BY_ORDER, COL_ID, BLANK),
    BRANCH(ORDER, PAYMENT, PAYMENT_BY_ORDER, COL_ID, BLANK),
    BRANCH(ORDER, FUND, FUND_BY_ORDER, COL_ID, BLANK),
    BRANCH(ORDER, PARCEL, PARCEL_BY_REF, COL_ID, BLANK),
    BRANCH(ORDER, ATTRIBUTE, ATTRIBUTE_BY_SUBJECT, COL_ID, REMOVE),
    BRANCH(ORDER, TAG, TAG_BY_SUBJECT, COL_ID, BLANK),
    BRANCH(ORDER, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(PARCEL, ITEM, ITEM_BY_PARCEL, COL_ID, BLANK),
    BRANCH(PARCEL, TRACK, TRACK_BY_PARCEL, COL_ID, BLANK),
    BRANCH(CASE, CASE_LINE, CASE_LINE_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, PROPOSAL, PROPOSAL_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, LEG, LEG_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, FINDING, FINDING_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, EVIDENCE, EVIDENCE_BY_CASE, COL_ID, EVIDENCE),
    BRANCH(CASE, APPOINTMENT, APPOINTMENT_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, INVOICE, INVOICE_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, SIGNAL, SIGNAL_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, MIRROR, MIRROR_BY_CASE, COL_ID, BLANK),
    BRANCH(CASE, DECISION, DECISION_BY_TICKET, COL_ID, REMOVE),
    BRANCH(CASE, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(CASE, EFFECT, OB_BY_SUBJECT, COL_ID, EFFECT),
    BRANCH(PROPOSAL, PROPOSAL_LINE, PROPOSAL_LINE_BY_PROPOSAL, COL_ID, BLANK),
    BRANCH(LEG, EFFECT, OB_BY_SUBJECT, COL_ID, EFFECT),
    BRANCH(SURVEY, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(LINK, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
    BRANCH(ERASURE, EVENT, EV_BY_SUBJECT, COL_ID, EVENT),
};

const size_t aft__person_branch_count = AFT__COUNT(aft__person_branches);

bool aft__person_owns(uint32_t kind) {
  for (size_t i = 0; i < AFT__COUNT(aft__person_branches); i++)
    if (aft__person_branches[i].parent == kind)
      return true;
  return false;
}

/* What others wrote in a ticket is theirs, and what happened in another's ticket is the person's as far as
 * they did it. */
bool aft__person_is_theirs(const aft__person_branch *branch, aft_id customer, const aft__value *row) {
  if (branch->child == AFT__KIND_MESSAGE)
    return aft__row_int(row, AFT__MESSAGE_CUSTOMER) == customer;
  if (branch->parent == AFT__KIND_PARTICIPANT && branch->child == AFT__KIND_EVENT)
    return aft__row_int(row, AFT__EV_ROLE) == AFT_ROLE_BUYER && aft__row_int(row, AFT__EV_ACTOR) == customer;
  return true;
}

aft__scan aft__person_rows(const aft__person_branch *branch, aft_id tenant, aft_id parent) {
  return (aft__scan){.table = aft__kind_get(branch->child)->table,
                     .index = branch->index,
                     .n_equal = 2,
                     .equal = {aft__int(tenant), aft__int(parent)}};
}
