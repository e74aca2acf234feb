/* A played day as JSON: figures, hours, and why tickets were next. */
#include "simulate/simulate.h"

static void number(aft__json *json, const char *key, int64_t value) {
  aft__json_key(json, key);
  aft__json_i64(json, value);
}

static void text(aft__json *json, const char *key, aft_str value) {
  aft__json_key(json, key);
  aft__json_str(json, value);
}

/* ---- figures ---- */

static const struct {
  const char *name;
  uint32_t field;
} figures[] = {{"tickets", AFT_SIMULATED_TICKETS},
               {"answered", AFT_SIMULATED_ANSWERED},
               {"abandoned", AFT_SIMULATED_ABANDONED},
               {"unanswered", AFT_SIMULATED_UNANSWERED},
               {"owed", AFT_SIMULATED_OWED},
               {"in_time", AFT_SIMULATED_IN_TIME},
               {"breaches", AFT_SIMULATED_BREACHES},
               {"within", AFT_SIMULATED_WITHIN},
               {"mean_ms", AFT_SIMULATED_MEAN},
               {"p50_ms", AFT_SIMULATED_P50},
               {"p90_ms", AFT_SIMULATED_P90},
               {"p99_ms", AFT_SIMULATED_P99},
               {"most_ms", AFT_SIMULATED_MOST},
               {"further", AFT_SIMULATED_FURTHER},
               {"further_late", AFT_SIMULATED_FURTHER_LATE},
               {"asked", AFT_SIMULATED_ASKED},
               {"replies", AFT_SIMULATED_REPLIES},
               {"content", AFT_SIMULATED_CONTENT}};

static void tell_figures(aft__json *json, const int64_t *of) {
  for (size_t i = 0; i < AFT__COUNT(figures); i++)
    number(json, figures[i].name, of[figures[i].field]);
}

static void tell_groups(aft__json *json, const aft_simulated *s) {
  aft__json_key(json, "all");
  aft__json_open(json, '{');
  tell_figures(json, s->figures[0]);
  aft__json_close(json, '}');
  aft__json_key(json, "tiers");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < s->n_tiers; i++) {
    aft__json_open(json, '{');
    text(json, "tier", s->tiers[i]);
    tell_figures(json, s->figures[1 + i]);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

/* ---- hours ---- */

static void tell_hour(aft__json *json, const aft_simulated *s, uint32_t i) {
  const aft__hour *hour = &s->run.hours[i];
  aft_time from = s->run.from + i * AFT__HOUR;
  int64_t span = s->until - from < AFT__HOUR ? s->until - from : AFT__HOUR;
  aft__json_open(json, '{');
  number(json, "from", from);
  number(json, "arrived", hour->arrived);
  number(json, "answered", hour->answered);
  number(json, "late", hour->late);
  number(json, "most_waiting", hour->most);
  aft__json_key(json, "waiting");
  aft__json_share(json, span > 0 ? (double)hour->waiting_ms / (double)span : 0);
  aft__json_key(json, "agents");
  aft__json_share(json, span > 0 ? (double)hour->staffed_ms / (double)span : 0);
  aft__json_close(json, '}');
}

static void tell_hours(aft__json *json, const aft_simulated *s) {
  aft__json_key(json, "hours");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < s->run.n_hours; i++)
    tell_hour(json, s, i);
  aft__json_close(json, ']');
}

/* ---- why ---- */

static void tell_candidate(aft__json *json, const aft__candidate *c, const aft__named *named, bool chosen) {
  aft__json_open(json, '{');
  number(json, "ticket", c->ticket);
  aft__json_key(json, "chosen");
  aft__json_bool(json, chosen);
  number(json, "since", c->since);
  number(json, "may_wait_ms", c->place - c->since);
  number(json, "place", c->place);
  text(json, "tier", named->tier);
  text(json, "priority", named->priority);
  text(json, "category", named->category);
  text(json, "topic", named->topic);
  text(json, "queue", named->queue);
  text(json, "channel", named->channel);
  text(json, "language", named->language);
  aft__json_close(json, '}');
}

static void tell_choice(aft__json *json, const aft_simulated *s, uint32_t i) {
  static const char *const kinds[] = {"passed", "held", "asked"};
  const aft__choice *choice = &s->run.choices[i];
  aft__json_open(json, '{');
  text(json, "why", aft__cstr(kinds[i < AFT__CHOICE_ASKED ? i : AFT__CHOICE_ASKED]));
  number(json, "at", choice->at);
  text(json, "agent", s->agents[choice->agent]);
  aft__json_key(json, "candidates");
  aft__json_open(json, '[');
  for (uint32_t k = 0; k < choice->n; k++)
    tell_candidate(json, &choice->list[k], &s->named[i][k], choice->list[k].ticket == choice->ticket);
  aft__json_close(json, ']');
  aft__json_close(json, '}');
}

static void tell_choices(aft__json *json, const aft_simulated *s) {
  aft__json_key(json, "choices");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < s->run.n_choices; i++)
    if (s->run.choices[i].n)
      tell_choice(json, s, i);
  aft__json_close(json, ']');
}

static void tell(const aft_simulated *s, aft_buf *buf) {
  aft__json json;
  aft__json_init(&json, buf);
  aft__json_open(&json, '{');
  text(&json, "order", aft__cstr(s->order == AFT_NEXT_BY_PLACE ? "policy" : "first_come"));
  number(&json, "from", s->run.from);
  number(&json, "until", s->until);
  number(&json, "agents", s->n_agents);
  number(&json, "utilisation", s->figures[0][AFT_SIMULATED_UTILISATION]);
  number(&json, "most_waiting", s->figures[0][AFT_SIMULATED_MOST_WAITING]);
  tell_groups(&json, s);
  tell_hours(&json, s);
  tell_choices(&json, s);
  aft__json_close(&json, '}');
}

aft_status aft_simulated_json(const aft_simulated *simulated, aft_buf **out, aft_error *error) {
  if (!simulated || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, simulated ? "out" : "simulated",
                      "expected a handle, found NULL");
  aft_buf *buf = aft__buf_new(simulated->env);
  if (!buf)
    return aft__nomem(error);
  tell(simulated, buf);
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}
