/* What a ticket is about and how urgent it is: triage results and policy decisions taken over. */
#include "desk/desk_priv.h"

static void take_category(aft__ticket *ticket, const aft__triage *triage) {
  aft__ticket_set(ticket, AFT__TICKET_CATEGORY, aft__text(triage->category));
  aft__ticket_set(ticket, AFT__TICKET_TOPIC, triage->topic.len ? aft__text(triage->topic) : aft__null());
  aft__ticket_set(ticket, AFT__TICKET_RUNNER_UP,
                  triage->runner_up.len ? aft__text(triage->runner_up) : aft__null());
  aft__ticket_set(ticket, AFT__TICKET_CONFIDENCE, aft__int(triage->confidence));
  aft__ticket_set(ticket, AFT__TICKET_UNSURE, aft__int(triage->unsure));
}

static bool graver(aft_str before, aft_str now) {
  static const char *const order[] = {"none", "service", "regulator", "media"};
  int rank[2] = {0, 0};
  for (int i = 0; i < 4; i++) {
    rank[0] = aft__str_eq(before, aft__cstr(order[i])) ? i : rank[0];
    rank[1] = aft__str_eq(now, aft__cstr(order[i])) ? i : rank[1];
  }
  return rank[1] > rank[0];
}

static void take_tone(aft__ticket *ticket, const aft__triage *triage) {
  aft__ticket_set(ticket, AFT__TICKET_TONE, aft__int(triage->tone));
  aft__ticket_set(ticket, AFT__TICKET_QUESTION, aft__int(triage->question));
  if (graver(aft__ticket_str(ticket, AFT__TICKET_COMPLAINT), triage->complaint))
    aft__ticket_set(ticket, AFT__TICKET_COMPLAINT, aft__text(triage->complaint));
  if (strcmp(triage->language, "und") != 0)
    aft__ticket_set(ticket, AFT__TICKET_LANGUAGE, aft__text(aft__cstr(triage->language)));
}

aft_status aft__ticket_classify(aft__ticket *ticket, const aft__triage *triage, aft_error *error) {
  aft__facts facts;
  bool fill = ticket->fresh || (aft__ticket_int(ticket, AFT__TICKET_UNSURE) && !triage->unsure);
  if (fill)
    take_category(ticket, triage);
  take_tone(ticket, triage);
  AFT__TRY(aft__ticket_facts(ticket, &facts, error));
  facts.number[AFT__FACT_URGENT] = triage->urgent;
  facts.number[AFT__FACT_CHASER] = triage->chaser;
  facts.number[AFT__FACT_HUMAN] = triage->human;
  facts.text[AFT__FACT_ACT] = triage->act;
  return aft__ticket_prioritise(ticket, &facts, !ticket->fresh, error);
}

aft_status aft__ticket_prioritise(aft__ticket *ticket, const aft__facts *facts, bool only_up,
                                  aft_error *error) {
  aft__priority priority, before;
  aft__buf reasons;
  aft__buf_init(&reasons, ticket->cmd->env);
  aft__policy_priority(ticket->cmd->policy, facts, &priority, &reasons);
  aft_str name = aft__ticket_str(ticket, AFT__TICKET_PRIORITY);
  bool known = name.len && aft__policy_priority_find(ticket->cmd->policy, name, &before);
  bool stays = known && (priority.rank == before.rank || (only_up && priority.rank > before.rank));
  if (!stays) {
    aft__buf_str(&ticket->reasons, aft__buf_view(&reasons));
    aft__ticket_set(ticket, AFT__TICKET_PRIORITY, aft__text(priority.name));
    aft__ticket_set(ticket, AFT__TICKET_POINTS, aft__int(priority.points));
  }
  bool failed = reasons.failed;
  aft__buf_done(&reasons);
  if (failed)
    return aft__nomem(error);
  return stays || ticket->fresh ? AFT_OK : aft__ticket_clocks(ticket, error);
}
