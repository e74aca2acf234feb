/* Inside a day that is played. */
#ifndef AFT_PLAY_PRIV_H
#define AFT_PLAY_PRIV_H

#include "simulate/simulate.h"

/* What happens, in the order in which it happens at one moment. */
typedef enum aft__happening {
  AFT__HAPPENS_ANSWER,   /* id: the ticket */
  AFT__HAPPENS_GIVES_UP, /* likewise */
  AFT__HAPPENS_FURTHER,  /* likewise: the customer writes again */
  AFT__HAPPENS_ARRIVES,  /* likewise */
  AFT__HAPPENS_GOES,     /* id: the seat */
  AFT__HAPPENS_COMES,    /* likewise */
  AFT__HAPPENS_MAY_MORE, /* likewise: the policy's rate lets it have tickets again */
  AFT__HAPPENS_OPENS /* id: the ticket of which the place has passed, so that it is no longer its own agent's
                      */
} aft__happening;

/* A worker on this day. */
typedef struct aft__seat {
  const aft__worker *who;
  bool there, freed; /* freed: has had room for more since the last round */
  uint32_t working;  /* hands */
  uint32_t load;     /* tickets in work, those that wait for a hand too */
  uint32_t *load_of; /* by channel */
  int64_t *most_of;  /* by channel; -1: any number */
  aft__heap own;     /* what waits for a hand */
  uint32_t left;     /* how often it went */
  aft_time served, idle, rate_from, went;
  int64_t rate_count;
} aft__seat;

typedef struct aft__day {
  aft__lanes *lanes;
  const aft_demand *demand;
  const aft__rules *rules;
  aft__run *run;
  aft_env *env;
  aft__arena arena;
  aft__routing routing;
  aft__seat *seats;
  uint32_t n_seats, n_there;
  aft__heap events;
  aft__heap fresh; /* what came into lanes that give their tickets out, in this moment */
  aft__heap turns; /* of those who can take one now */
  aft_time now;
  uint32_t next, waiting, claims;
  bool freed;  /* somebody is */
  bool pushes; /* some queue gives its tickets out */
  bool failed; /* out of memory */
} aft__day;

/* ---- play.c ---- */

void aft__day_event(aft__day *day, aft_time at, aft__happening what, uint32_t id);
/* By what tickets stand: their place, or since when they wait. */
int64_t aft__day_key(const aft__day *day, uint32_t ticket);
void aft__day_enter(aft__day *day, uint32_t ticket); /* the lane */
void aft__day_begin(aft__day *day, uint32_t ticket); /* its agent's hand takes it */

/* ---- play_give.c ---- */

/* Everybody who can take something takes it, and what is given out is given. */
void aft__day_serve(aft__day *day);
/* Whether the seat may take a ticket of the lane now. */
bool aft__seat_may(const aft__day *day, uint32_t seat, uint32_t lane, uint32_t ticket);
/* The first ticket of a lane in which one waits. */
uint32_t aft__lane_head(const aft__day *day, aft__lane *lane);

/* ---- play_choice.c ---- */

/* Notes what stood at the heads of the seat's lanes when the ticket was chosen. */
void aft__day_explain(aft__day *day, uint32_t seat, uint32_t ticket);

#endif
