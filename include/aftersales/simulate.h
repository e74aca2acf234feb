/* A day played ahead: who waits how long, in which order, and with two more agents. */
#ifndef AFTERSALES_SIMULATE_H
#define AFTERSALES_SIMULATE_H

#include <aftersales/actor.h>
#include <aftersales/policy.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what comes in ---- */

/*
 * Tickets that arrive, and the work that each of them takes. Immutable. Every way of playing
 * a day is played on the same ones, so two results differ by what was changed alone.
 */
typedef struct aft_demand aft_demand;

/* How many tickets arrive while; where several count at once they add up. */
typedef struct aft_rate_in {
  size_t size;
  aft_time from, until; /* required */
  int64_t per_hour;     /* required; on average, 0 to 1000000 */
} aft_rate_in;

/* What tickets are about, and how long an agent works on each message of them. */
typedef struct aft_work_in {
  size_t size;
  aft_str category;  /* required; of the policy */
  aft_str topic;     /* below it; may be empty */
  int32_t tone;      /* -1000 furious to 1000 delighted */
  uint32_t permille; /* required; how many of a thousand tickets */
  int64_t mean_ms;   /* required; 1 to 86400000 */
  int64_t spread_ms; /* the standard deviation, 0 to mean_ms: so much is drawn, the rest is the least */
} aft_work_in;

/* A name, and how many of a thousand have it. */
typedef struct aft_share_in {
  size_t size;
  aft_str name;      /* required; of tiers "" for none */
  uint32_t permille; /* required */
  uint32_t reserved0;
} aft_share_in;

/* Demand that is drawn. Each list of shares adds up to 1000. */
typedef struct aft_demand_in {
  size_t size;
  uint64_t seed;
  const aft_rate_in *rates; /* required, up to 1000 */
  size_t n_rates;
  const aft_work_in *work; /* required, up to 64 */
  size_t n_work;
  const aft_share_in *tiers; /* of the policy, "" for none; absent: none. Up to 64 of each list */
  size_t n_tiers;
  const aft_share_in *channels; /* absent: "web" */
  size_t n_channels;
  const aft_share_in *languages; /* absent: "und", everybody's */
  size_t n_languages;
  const aft_share_in *priorities; /* of the policy; absent: its rules decide */
  size_t n_priorities;
  uint32_t further; /* of a thousand answers, how many the customer writes again after; 0 to 900 */
  uint32_t reserved0;
  int64_t further_ms;  /* how long after, on average; required where further is set */
  aft_str live;        /* a channel whose customers give up: "chat" */
  int64_t patience_ms; /* after so long on average; required where live is set */
} aft_demand_in;

/*
 * Draws demand from a seed: arrivals of a Poisson process, everything else ticket by
 * ticket. The same input gives the same demand on every machine; what is drawn for
 * one purpose does not move what is drawn for another.
 *
 * policy: names categories, tiers and priorities; not kept.
 * in: read during the call.
 * out: receives the demand, which the caller frees with aft_demand_free.
 * Threads: any.
 * Errors: AFT_E_INVALID (a rate below 0, a time that ends before it begins, shares that do not add up, a
 *   name that the policy lacks); AFT_E_TOO_LARGE (more than 1000000 tickets, more than 92 days, too long a
 *   list); AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_ABI, AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_demand_draw(const aft_policy *policy, const aft_demand_in *in, aft_demand **out,
                                   aft_error *error);

/* Which tickets of a store. */
typedef struct aft_demand_span {
  size_t size;
  aft_time from, until; /* when they were opened; required, 92 days at most */
  aft_id shop;          /* required */
  int64_t longest_ms;   /* work that seems to last longer was interrupted, and counts so much; 0: an hour */
} aft_demand_span;

/*
 * Takes demand from a shop's own records: each ticket with its tier, channel, language,
 * category, priority and queue, when the customer wrote and how long agents worked on
 * each answer. An agent works on an answer from when the ticket was the agent's, the message
 * was there and the agent's answer before was given. The shop's agents with their shifts come
 * along: aft_simulate takes them where it is given none.
 *
 * in: read during the call.
 * out: receives the demand, which the caller frees with aft_demand_free. It holds no name
 *   and no text of a customer.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_TOO_LARGE (more than 100000 tickets, or 1000 agents). Not for
 *   buyers; an agent's own shops alone.
 * Since: 0.1
 */
AFT_API aft_status aft_demand_record(aft_session *session, const aft_call *call, const aft_demand_span *in,
                                     aft_demand **out, aft_error *error);

/*
 * How many tickets there are.
 *
 * Returns: the count; 0 for NULL.
 * Threads: any.
 * Since: 0.1
 */
AFT_API size_t aft_demand_count(const aft_demand *demand);

/*
 * Frees demand. NULL is allowed.
 *
 * Threads: any, once no call uses it.
 * Since: 0.1
 */
AFT_API void aft_demand_free(aft_demand *demand);

/* ---- who works ---- */

/* When somebody works. */
typedef struct aft_span_in {
  size_t size;
  aft_time from, until; /* required */
} aft_span_in;

/* Somebody who works. Words stand with one space between, as in aft_agent_in. */
typedef struct aft_worker_in {
  size_t size;
  aft_str name;              /* required, each once; the tier's own agent is found by it */
  aft_str languages;         /* empty: all */
  aft_str skills;            /* beside those of the teams */
  aft_str teams;             /* of the policy */
  aft_str capacities;        /* by channel: "chat=3 email=20" */
  int64_t capacity;          /* tickets in work at most; 0: any number */
  const aft_span_in *shifts; /* required, in order, up to 1000 */
  size_t n_shifts;
  uint32_t hands; /* tickets worked on at the same time, none slower for it; 0: one */
  uint32_t reserved0;
} aft_worker_in;

/* Which ticket comes next. */
#define AFT_NEXT_BY_PLACE   0u /* the smallest place, as aft_ticket_claim gives them */
#define AFT_NEXT_FIRST_COME 1u /* the one that has waited longest */

/* One way of playing a day. */
typedef struct aft_simulation_in {
  size_t size;
  const aft_worker_in *agents; /* up to 1000; absent: those of the demand */
  size_t n_agents;
  uint32_t order;        /* AFT_NEXT_… */
  uint32_t extra_agents; /* so many more, each like one of the agents; 1000 with them */
  uint32_t extra_like;   /* like which: its number, from 0 */
  uint32_t answers;      /* of a thousand customers who are asked, how many answer a survey; 0: 250 */
  uint32_t content;      /* of a thousand who were answered in time, how many are content; 0: 900 */
  uint32_t content_late; /* of a thousand who waited three times as long as they may; 0: 300 */
  const aft_time
      *explain; /* why was this one next: for the first choice from each of these times on; up to 64 */
  size_t n_explain;
  aft_time until; /* when the day is over; 0: when the last shift has ended, and nothing more comes */
} aft_simulation_in;

/* What came of it. Immutable. */
typedef struct aft_simulated aft_simulated;

/*
 * Plays demand with a crew. Tickets are sorted, timed, kept in lanes, claimed and given out
 * as the desk does it, by the same functions of the policy. No store is needed, no clock is
 * read and nothing is drawn: the same input gives the same result.
 *
 * policy, demand: not kept.
 * in: read during the call.
 * out: receives the result, which the caller frees with aft_simulated_free.
 * Threads: any.
 * Errors: AFT_E_INVALID (nobody works, a shift outside of 92 days around the demand or before the one
 *   before it, a name twice, a team that the policy lacks, an order that does not exist); AFT_E_TOO_LARGE;
 *   AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_ABI, AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_simulate(const aft_policy *policy, const aft_demand *demand,
                                const aft_simulation_in *in, aft_simulated **out, aft_error *error);

/* Figures of a tier or of all, for aft_simulated_number. Times are milliseconds, shares permille. */
#define AFT_SIMULATED_TICKETS      1u  /* that arrived */
#define AFT_SIMULATED_ANSWERED     2u  /* at least once */
#define AFT_SIMULATED_ABANDONED    3u  /* whose customer gave up */
#define AFT_SIMULATED_UNANSWERED   4u  /* that still wait when the day is over */
#define AFT_SIMULATED_OWED         5u  /* that have a target for the first answer */
#define AFT_SIMULATED_IN_TIME      6u  /* of those, answered by then */
#define AFT_SIMULATED_BREACHES     7u  /* of those, past it: answered later, or not when the day is over */
#define AFT_SIMULATED_WITHIN       8u  /* share of those owed that were answered in time */
#define AFT_SIMULATED_MEAN         9u  /* wait for the first answer */
#define AFT_SIMULATED_P50          10u /* likewise; the nearest rank of those that were answered */
#define AFT_SIMULATED_P90          11u
#define AFT_SIMULATED_P99          12u
#define AFT_SIMULATED_MOST         13u
#define AFT_SIMULATED_FURTHER      14u /* further answers that were given */
#define AFT_SIMULATED_FURTHER_LATE 15u /* of those, past their target */
#define AFT_SIMULATED_ASKED        16u /* in a survey */
#define AFT_SIMULATED_REPLIES      17u /* of those asked */
#define AFT_SIMULATED_CONTENT      18u /* of those who replied */

/* Figures of all alone. */
#define AFT_SIMULATED_AGENTS       19u
#define AFT_SIMULATED_UTILISATION  20u /* share of the time on shift that hands were at work */
#define AFT_SIMULATED_MOST_WAITING 21u

/*
 * A figure.
 *
 * tier: a tier of the demand ("" is one, of customers without any); NULL: all.
 * field: AFT_SIMULATED_….
 * Returns: the figure; 0 for NULL, an unknown tier and an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int64_t aft_simulated_number(const aft_simulated *simulated, const char *tier, uint32_t field);

/*
 * The result as a JSON object: figures of all and by tier, what waited hour by hour, and why
 * tickets came next.
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_simulated_json(const aft_simulated *simulated, aft_buf **out, aft_error *error);

/*
 * Frees a result. NULL is allowed.
 *
 * Threads: any, once no call uses it.
 * Since: 0.1
 */
AFT_API void aft_simulated_free(aft_simulated *simulated);

#ifdef __cplusplus
}
#endif

#endif
