/* Playing a day ahead: demand, a crew, and the desk's own decisions between them. Pure. */
#ifndef AFT_SIMULATE_H
#define AFT_SIMULATE_H

#include "base/base.h"
#include "policy/policy.h"
#include "text/text.h"
#include "value/value.h"

#include <aftersales/simulate.h>

#define AFT__MOST_SPAN         (92 * AFT__DAY)
#define AFT__MOST_CREW         1000u
#define AFT__MOST_SHIFTS       1000u /* of one worker */
#define AFT__MOST_DEMAND       1000000u
#define AFT__MOST_PIECES       20u /* answers of one ticket */
#define AFT__MOST_KINDS        100000u
#define AFT__MOST_DEMAND_TIERS 256u
#define AFT__NOBODY            UINT32_MAX

/* ---- crew.c: who works ---- */

typedef struct aft__span {
  aft_time from, until;
} aft__span;

typedef struct aft__worker {
  aft_str name;
  aft__taker taker;
  aft_str capacities; /* "chat=3" */
  int64_t capacity;   /* 0: any number */
  uint32_t hands;     /* at least one */
  uint32_t n_shifts;
  const aft__span *shifts; /* in order, none over another */
} aft__worker;

typedef struct aft__crew {
  aft__worker *list;
  uint32_t n;
} aft__crew;

/* Adds a shift that comes after the others. */
void aft__span_add(aft__span *list, uint32_t *n, aft_time from, aft_time until);
/* Copies into the arena what a caller says, checked against policy and demand. */
aft_status aft__crew_take(const aft_policy *policy, const aft_simulation_in *in, aft__arena *arena,
                          aft__crew *out, aft_error *error);
/* The crew with n more who are like one of them. */
aft_status aft__crew_extend(aft__crew *crew, uint32_t n, uint32_t like, aft__arena *arena, aft_error *error);
/* Times on which a day can be played. */
aft_status aft__crew_check(const aft__crew *crew, aft_time from, aft_time until, aft_error *error);

/* ---- demand_kinds.c: what tickets are about ---- */

/* All that tells one ticket from another when it is sorted. */
typedef struct aft__matter {
  aft_str category, topic, tier, channel, language;
  aft_str priority; /* empty: the policy decides */
  aft_str queue;    /* empty: likewise */
  int32_t tone;
  uint32_t tier_number; /* of the demand's tiers */
} aft__matter;

/* One message that is to be answered. */
typedef struct aft__exchange {
  int64_t gap_ms; /* after the answer before; 0 of the first */
  int64_t work_ms;
} aft__exchange;

typedef struct aft__arrival {
  aft_time at;
  uint64_t id;         /* what is drawn for it hangs on this */
  int64_t patience_ms; /* until the customer gives up; -1: never */
  uint32_t kind, first, pieces;
  uint32_t reserved0;
} aft__arrival;

struct aft_demand {
  aft_env *env; /* a reference */
  aft__arena arena;
  uint64_t seed;
  aft_time from, until;
  aft__arrival *list; /* by time and id */
  uint32_t n, cap;
  aft__exchange *pieces;
  uint32_t n_pieces, cap_pieces;
  aft__matter *kinds;
  uint32_t n_kinds, cap_kinds;
  aft__map numbers; /* key of a kind to its number */
  aft_str tiers[AFT__MOST_DEMAND_TIERS];
  uint32_t n_tiers;
  aft__crew crew; /* that came along; may be empty */
};

/* demand.c */
aft_status aft__demand_new(aft_env *env, aft_demand **out, aft_error *error);
aft_status aft__demand_add(aft_demand *demand, const aft__arrival *arrival, aft_error *error);
aft_status aft__demand_piece(aft_demand *demand, aft__exchange piece, aft_error *error);
void aft__demand_sort(aft_demand *demand);

/* The number of the kind, which is copied where it is new. */
aft_status aft__demand_kind(aft_demand *demand, const aft__matter *kind, uint32_t *out, aft_error *error);

/* ---- chance.c: draws that hang on a seed, a ticket and a purpose, and on nothing else ---- */

typedef enum aft__draw {
  AFT__DRAW_GAP,
  AFT__DRAW_KIND,
  AFT__DRAW_TIER,
  AFT__DRAW_CHANNEL,
  AFT__DRAW_LANGUAGE,
  AFT__DRAW_PRIORITY,
  AFT__DRAW_PATIENCE,
  AFT__DRAW_FURTHER, /* this and the next two: one each for every message of the ticket */
  AFT__DRAW_PAUSE,
  AFT__DRAW_WORK,
  AFT__DRAW_ASKED,
  AFT__DRAW_REPLY,
  AFT__DRAW_CONTENT
} aft__draw;

uint64_t aft__chance(uint64_t seed, uint64_t id, aft__draw purpose, uint32_t round);
uint32_t aft__chance_below(uint64_t chance, uint32_t n); /* 0 … n-1, all alike */
#define AFT__CHANCE_BITS 26
/* Exponential with mean 1, in units of 2^-26. The same on every machine: no floating point. */
int64_t aft__chance_exponential(uint64_t chance);

/* ---- heap.c: lists that grow, and the smallest first ---- */

/* The list with room for one more than n, perhaps elsewhere; NULL: out of memory, and the list stays. */
void *aft__room(const aft_env *env, void *list, uint32_t n, uint32_t *cap, size_t size);

typedef struct aft__item {
  int64_t key;
  uint32_t rank, id; /* what decides between equal keys */
} aft__item;

typedef struct aft__heap {
  aft__item *items;
  uint32_t n, cap;
} aft__heap;

bool aft__heap_push(aft__heap *heap, const aft_env *env, aft__item item); /* false: out of memory */
aft__item aft__heap_pop(aft__heap *heap);                                 /* of one that is not empty */
void aft__heap_done(aft__heap *heap, const aft_env *env);

/* ---- lanes.c: how the desk sorts each kind, and who may take what ---- */

typedef struct aft__sorted {
  aft_str priority, queue;
  uint32_t lane, channel; /* numbers */
} aft__sorted;

typedef struct aft__lane {
  aft_str queue, skills, channel, language;
  uint32_t channel_number;
  uint32_t own; /* the worker whose customers these are, or AFT__NOBODY */
  aft__assign assign;
  aft__heap heap;
  uint32_t waiting; /* the heap may hold others, who gave up */
} aft__lane;

typedef struct aft__lanes {
  const aft_policy *policy;
  const aft_demand *demand;
  aft__sorted *sorted; /* by kind */
  aft__lane *list;
  uint32_t n, n_channels;
  uint8_t *takes; /* worker by lane */
  bool asks;      /* levels have conditions on facts */
} aft__lanes;

aft_status aft__lanes_make(const aft_policy *policy, const aft_demand *demand, const aft__crew *crew,
                           aft__arena *arena, aft__lanes *out, aft_error *error);
void aft__lanes_done(aft__lanes *lanes);
/* What a ticket owes: *facts is filled where levels ask for them, and must live as long as *out. */
void aft__lanes_owed(const aft__lanes *lanes, uint32_t kind, aft__sla sla, aft_time began, aft__facts *facts,
                     aft__owed *out);

/* ---- play.c: the day ---- */

typedef enum aft__stage {
  AFT__STAGE_AHEAD, /* not there yet */
  AFT__STAGE_LANE,  /* waits for an agent */
  AFT__STAGE_HELD,  /* an agent has it, and it waits for a hand or is worked on */
  AFT__STAGE_REST,  /* waits for the customer */
  AFT__STAGE_GONE   /* the customer gave up, or nothing more comes */
} aft__stage;

typedef struct aft__played {
  aft_time since, place;      /* as the desk has them */
  aft_time asked;             /* when the customer wrote what is owed */
  aft_time due;               /* of the answer that is owed */
  aft_time claimed, answered; /* the first time; AFT_TIME_NONE: never */
  aft_time first_due;
  int64_t allowed_ms; /* for the first answer; -1: no target */
  uint32_t claim;     /* how many claims were before; AFT__NOBODY: never claimed */
  uint32_t agent;
  uint32_t piece; /* the message that is owed or worked on */
  uint32_t left;  /* how often the agent had left when it was answered */
  uint32_t state; /* aft__stage */
  uint32_t further, further_late;
} aft__played;

#define AFT__MOST_CANDIDATES 8u
#define AFT__MOST_CHOICES    66u

typedef struct aft__candidate {
  uint32_t ticket;
  aft_time since, place;
} aft__candidate;

/* Why a ticket was next: the heads of the lanes that the agent could take from. */
typedef struct aft__choice {
  aft_time at;
  int64_t lead; /* how telling it is */
  uint32_t agent, ticket;
  uint32_t n; /* 0: there was none */
  aft__candidate list[AFT__MOST_CANDIDATES];
} aft__choice;

/* The first two stand for themselves, the rest for the times that were asked for. */
#define AFT__CHOICE_PASSED 0u /* one that came later came first: its target is shorter */
#define AFT__CHOICE_HELD   1u /* one with a shorter target was left: it came too late */
#define AFT__CHOICE_ASKED  2u

typedef struct aft__hour {
  uint32_t arrived, answered, late, most;
  int64_t waiting_ms, staffed_ms; /* tickets and workers, over time */
} aft__hour;

typedef struct aft__rules {
  uint32_t order;
  aft_time until;
  const aft_time *explain;
  uint32_t n_explain;
} aft__rules;

/* Filled in by a run; all of it in the environment's memory, given back with aft__run_done. */
typedef struct aft__run {
  aft__played *played; /* by ticket */
  aft__hour *hours;
  uint32_t n_played, n_hours;
  aft_time from; /* of the first hour */
  aft__choice *choices;
  uint32_t n_choices;
  uint32_t most_waiting;
  int64_t busy_ms, staffed_ms;
} aft__run;

aft_status aft__play(aft__lanes *lanes, const aft__crew *crew, const aft__rules *rules, aft__run *run,
                     aft_error *error);
void aft__run_done(aft__run *run, const aft_env *env);

/* ---- figures.c ---- */

#define AFT__FIGURES (AFT_SIMULATED_MOST_WAITING + 1)

/* A ticket in a choice, with what people are told of it. */
typedef struct aft__named {
  aft_str tier, category, topic, priority, queue, channel, language;
} aft__named;

struct aft_simulated {
  aft_env *env; /* a reference */
  aft__arena arena;
  uint32_t order, n_agents;
  aft_time until;
  uint32_t n_tiers;
  const aft_str *tiers;
  int64_t (*figures)[AFT__FIGURES]; /* of all, then by tier */
  const aft_str *agents;            /* names */
  aft__run run;
  aft__named (*named)[AFT__MOST_CANDIDATES]; /* by choice and candidate */
};

typedef struct aft__opinions {
  uint32_t answers, content, content_late;
} aft__opinions;

/* Fills the figures from what was played. */
aft_status aft__figures(const aft__lanes *lanes, const aft__opinions *opinions, aft_simulated *out,
                        aft_error *error);

#endif
