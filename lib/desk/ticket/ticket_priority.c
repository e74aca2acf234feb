/* What a ticket is about and how urgent it is: triage results and policy decisions taken over. */
#include "desk/desk_priv.h"

#define CLEAR_LEAD 200  /* over the next category, from which a label would teach little */
#define SURE       1000 /* behind all that are unsure */

/* The next best category: of an unsure ticket that is the best guess. */
static aft_str next_best(const aft__triage *triage) {
  if (!triage->unsure)
    return triage->runner_up;
  return aft__str_eq(triage->guess, triage->category) ? aft__cstr("") : triage->guess;
}

/* A person's label teaches most where triage is unsure, and then where two categories lie close together. */
static void take_doubt(aft__ticket *ticket, const aft__triage *triage) {
  int64_t lead = triage->confidence - triage->runner_up_confidence;
  lead = lead < 0 ? 0 : lead;
  aft__ticket_judged(ticket);
  if (!triage->unsure && lead >= CLEAR_LEAD)
    return;
  aft__ticket_set(ticket, AFT__TICKET_DOUBT, aft__int(triage->unsure ? lead : SURE + lead));
  aft__ticket_set(ticket, AFT__TICKET_JUDGED, aft__int(0));
}

void aft__ticket_judged(aft__ticket *ticket) {
  if (aft__row_null(ticket->row, AFT__TICKET_JUDGED))
    return;
  aft__ticket_set(ticket, AFT__TICKET_DOUBT, aft__null());
  aft__ticket_set(ticket, AFT__TICKET_JUDGED, aft__null());
}

static void take_category(aft__ticket *ticket, const aft__triage *triage) {
  aft__ticket_set(ticket, AFT__TICKET_CATEGORY, aft__text(triage->category));
  aft__ticket_set(ticket, AFT__TICKET_TOPIC, triage->topic.len ? aft__text(triage->topic) : aft__null());
  aft_str next = next_best(triage);
  aft__ticket_set(ticket, AFT__TICKET_RUNNER_UP, next.len ? aft__text(next) : aft__null());
  aft__ticket_set(ticket, AFT__TICKET_CONFIDENCE, aft__int(triage->confidence));
  aft__ticket_set(ticket, AFT__TICKET_UNSURE, aft__int(triage->unsure));
  take_doubt(ticket, triage);
}

bool aft__graver(aft_str before, aft_str now) {
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
  if (aft__graver(aft__ticket_str(ticket, AFT__TICKET_COMPLAINT), triage->complaint))
    aft__ticket_set(ticket, AFT__TICKET_COMPLAINT, aft__text(triage->complaint));
  if (strcmp(triage->language, "und") != 0)
    aft__ticket_set(ticket, AFT__TICKET_LANGUAGE, aft__text(aft__cstr(triage->language)));
}

aft_status aft__ticket_facts_said(aft__ticket *ticket, aft__facts *facts, aft_error *error) {
  const aft__triage *said = ticket->said;
  AFT__TRY(aft__ticket_facts(ticket, facts, error));
  if (!said)
    return AFT_OK;
  facts->number[AFT__FACT_URGENT] = said->urgent;
  facts->number[AFT__FACT_CHASER] = said->chaser;
  facts->number[AFT__FACT_HUMAN] = said->human;
  facts->number[AFT__FACT_ASKED] = said->asked;
  facts->text[AFT__FACT_ACT] = said->act;
  return AFT_OK;
}

aft_status aft__ticket_classify(aft__ticket *ticket, const aft__triage *triage, aft_error *error) {
  aft__facts facts;
  bool better = !triage->unsure && aft__triage_content(triage);
  bool fill = ticket->fresh || (aft__ticket_int(ticket, AFT__TICKET_UNSURE) && better);
  if (fill)
    take_category(ticket, triage);
  take_tone(ticket, triage);
  ticket->said = triage;
  AFT__TRY(aft__ticket_facts_said(ticket, &facts, error));
  AFT__TRY(aft__ticket_prioritise(ticket, &facts, !ticket->fresh, error));
  return aft__ticket_suggest(ticket, &facts, error);
}

/* A later look moves a ticket only to a queue that is asked earlier, so that it does not wander with every
 * message. */
static void take_queue(aft__ticket *ticket, const aft__facts *facts, bool only_up, aft__buf *reasons) {
  const aft_policy *policy = ticket->cmd->policy;
  aft_str now = aft__ticket_str(ticket, AFT__TICKET_QUEUE);
  size_t mark = reasons->len;
  aft_str next = aft__policy_queue(policy, facts, reasons);
  int32_t rank = aft__policy_queue_rank(policy, now);
  bool stays =
      aft__str_eq(now, next) || (only_up && rank >= 0 && rank <= aft__policy_queue_rank(policy, next));
  if (stays) {
    reasons->len = mark;
    return;
  }
  aft__ticket_set(ticket, AFT__TICKET_QUEUE, next.len ? aft__text(next) : aft__null());
}

static aft_status take_priority(aft__ticket *ticket, const aft__facts *facts, bool only_up,
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
    aft__ticket_set(ticket, AFT__TICKET_POINTS, aft__int(priority.points));
  }
  bool failed = reasons.failed;
  aft__buf_done(&reasons);
  if (failed)
    return aft__nomem(error);
  if (stays)
    return AFT_OK;
  AFT__TRY(aft__ticket_ranked(ticket, priority.name, known && priority.rank < before.rank, error));
  return ticket->fresh ? AFT_OK : aft__ticket_clocks(ticket, error);
}

aft_status aft__ticket_prioritise(aft__ticket *ticket, const aft__facts *facts, bool only_up,
                                  aft_error *error) {
  aft__facts now = *facts;
  AFT__TRY(take_priority(ticket, facts, only_up, error));
  now.text[AFT__FACT_PRIORITY] = aft__ticket_str(ticket, AFT__TICKET_PRIORITY);
  take_queue(ticket, &now, only_up, &ticket->reasons);
  return AFT_OK;
}

/* ---- by a person or a rule ---- */

aft_status aft__ticket_sort(aft__ticket *ticket, aft_str category, aft_str topic, const char *because,
                            aft_error *error) {
  aft__facts facts;
  aft__arg args[] = {{"category", category}};
  aft__reason_add(&ticket->reasons, "category", because, args, 1);
  aft__ticket_set(ticket, AFT__TICKET_RUNNER_UP,
                  aft__text_or_null(aft__ticket_str(ticket, AFT__TICKET_CATEGORY)));
  aft__ticket_set(ticket, AFT__TICKET_CATEGORY, aft__text(category));
  aft__ticket_set(ticket, AFT__TICKET_TOPIC, topic.len ? aft__text(topic) : aft__null());
  aft__ticket_set(ticket, AFT__TICKET_CONFIDENCE, aft__int(1000));
  aft__ticket_set(ticket, AFT__TICKET_UNSURE, aft__int(0));
  aft__ticket_judged(ticket);
  AFT__TRY(aft__ticket_facts_said(ticket, &facts, error));
  AFT__TRY(aft__ticket_prioritise(ticket, &facts, false, error));
  return aft__ticket_note(ticket, "ticket.classified", (aft_str){0}, (aft_str){0}, error);
}

aft_status aft__ticket_raise(aft__ticket *ticket, aft_str priority, aft_error *error) {
  const aft_policy *policy = ticket->cmd->policy;
  aft__priority wanted, now;
  if (!aft__policy_priority_find(policy, priority, &wanted))
    return aft__error(error, AFT_E_NOT_FOUND, "ticket.priority", "the policy has no priority '%.*s'",
                      (int)priority.len, priority.data);
  bool known = aft__policy_priority_find(policy, aft__ticket_str(ticket, AFT__TICKET_PRIORITY), &now);
  if (known && now.rank <= wanted.rank)
    return AFT_IGNORED;
  AFT__TRY(aft__ticket_ranked(ticket, wanted.name, known, error));
  if (aft__ticket_int(ticket, AFT__TICKET_POINTS) < wanted.points)
    aft__ticket_set(ticket, AFT__TICKET_POINTS, aft__int(wanted.points));
  return aft__ticket_clocks(ticket, error);
}

aft_status aft__ticket_requeue(aft__ticket *ticket, aft_str queue, aft_error *error) {
  if (aft__policy_queue_rank(ticket->cmd->policy, queue) < 0)
    return aft__error(error, AFT_E_NOT_FOUND, "ticket.queue", "the policy has no queue '%.*s'",
                      (int)queue.len, queue.len ? queue.data : "");
  if (aft__str_eq(aft__ticket_str(ticket, AFT__TICKET_QUEUE), queue))
    return AFT_IGNORED;
  aft__ticket_set(ticket, AFT__TICKET_QUEUE, aft__text(queue));
  return AFT_OK;
}
