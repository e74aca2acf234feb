/* Why a ticket was next: what else stood at the heads of the lanes that its agent could take from. */
#include "simulate/play_priv.h"

typedef struct heads {
  aft__choice choice;
  int64_t earliest; /* when the first of the others was asked */
  int64_t latest;   /* when the last of those was asked who may wait less than the chosen one */
  bool others, less;
} heads;

/* The nearest to their turn, should there be more. */
static void note(aft__choice *choice, aft__candidate found) {
  uint32_t at = choice->n < AFT__MOST_CANDIDATES ? choice->n++ : AFT__MOST_CANDIDATES;
  for (; at && aft__place_before(found.place, found.ticket, choice->list[at - 1].place,
                                 choice->list[at - 1].ticket);
       at--)
    if (at < AFT__MOST_CANDIDATES)
      choice->list[at] = choice->list[at - 1];
  if (at < AFT__MOST_CANDIDATES)
    choice->list[at] = found;
}

static void look(aft__day *day, uint32_t seat, heads *h) {
  const aft__played *chosen = &day->run->played[h->choice.ticket];
  for (uint32_t i = 0; i < day->lanes->n; i++) {
    aft__lane *lane = &day->lanes->list[i];
    if (!lane->waiting)
      continue;
    uint32_t ticket = aft__lane_head(day, lane);
    if (!aft__seat_may(day, seat, i, ticket))
      continue;
    const aft__played *p = &day->run->played[ticket];
    note(&h->choice, (aft__candidate){ticket, p->since, p->place});
    if (ticket == h->choice.ticket)
      continue;
    h->earliest = h->others && h->earliest < p->since ? h->earliest : p->since;
    h->others = true;
    if (p->place - p->since >= chosen->place - chosen->since)
      continue;
    h->latest = h->less && h->latest > p->since ? h->latest : p->since;
    h->less = true;
  }
}

static void keep_most_telling(aft__choice *kept, const aft__choice *choice, int64_t lead) {
  if (lead <= 0 || lead <= kept->lead)
    return;
  *kept = *choice;
  kept->lead = lead;
}

/* However many stand before it. */
static void keep_chosen(aft__choice *choice, const aft__played *p) {
  for (uint32_t i = 0; i < choice->n; i++)
    if (choice->list[i].ticket == choice->ticket)
      return;
  choice->list[choice->n - 1] = (aft__candidate){choice->ticket, p->since, p->place};
}

void aft__day_explain(aft__day *day, uint32_t seat, uint32_t ticket) {
  aft__choice *choices = day->run->choices;
  const aft__played *chosen = &day->run->played[ticket];
  heads h = {.choice = {.at = day->now, .agent = seat, .ticket = ticket}};
  if (chosen->claimed != AFT_TIME_NONE)
    return;
  look(day, seat, &h);
  keep_chosen(&h.choice, chosen);
  if (h.others)
    keep_most_telling(&choices[AFT__CHOICE_PASSED], &h.choice, chosen->since - h.earliest);
  if (h.less)
    keep_most_telling(&choices[AFT__CHOICE_HELD], &h.choice, h.latest - chosen->since);
  for (uint32_t i = 0; i < day->rules->n_explain && h.others; i++) {
    aft__choice *asked = &choices[AFT__CHOICE_ASKED + i];
    if (!asked->n && day->now >= day->rules->explain[i])
      *asked = h.choice;
  }
}
