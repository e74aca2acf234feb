/* From a begin to the time that is due: stretches of open time, what is on hold between them, and both in
 * words. */
#include "policy/policy_priv.h"

#include <stdio.h>

#define MOST_SHOWN 10u /* stretches and holds that an explanation lists */

typedef struct chain {
  const aft__calendar *calendar; /* NULL: round the clock */
  aft__buf *reasons;
  aft_time start, end; /* of the stretch that the next one may go on from; equal: of none */
  uint32_t n;
} chain;

/* On the clock of the calendar; without one whoever asks for the reasons says which clock to read. */
static void text_of(const chain *c, aft_time at, char out[AFT__CLOCK_TEXT]) {
  if (c->calendar)
    aft__clock_text(at, aft_zone_offset(c->calendar->zone, at), out);
  else
    snprintf(out, AFT__CLOCK_TEXT, AFT__REASON_MOMENT "%lld", (long long)at);
}

static void show(chain *c, const char *key, aft_time start, aft_time end) {
  char from[AFT__CLOCK_TEXT], to[AFT__CLOCK_TEXT];
  if (++c->n > MOST_SHOWN)
    return;
  text_of(c, start, from);
  text_of(c, end, to);
  aft__arg args[] = {{"from", aft__cstr(from)}, {"to", aft__cstr(to)}};
  aft__reason_add(c->reasons, "due", key, args, AFT__COUNT(args));
}

static void end_stretch(chain *c) {
  if (c->start < c->end)
    show(c, "explain.due.stretch", c->start, c->end);
  c->start = c->end = 0;
}

/* Days that follow each other without a pause are one stretch. */
static void add_stretch(void *user, aft_time start, aft_time end) {
  chain *c = user;
  bool goes_on = c->start < c->end && start == c->end;
  if (!goes_on) {
    end_stretch(c);
    c->start = start;
  }
  c->end = end;
}

static void show_hold(chain *c, aft_time from, aft_time to) {
  end_stretch(c);
  show(c, "explain.due.held", from, to);
}

static void show_end(chain *c, aft_time due) {
  char at[AFT__CLOCK_TEXT], more[16];
  end_stretch(c);
  if (c->n > MOST_SHOWN) {
    snprintf(more, sizeof more, "%u", (unsigned)(c->n - MOST_SHOWN));
    aft__arg args[] = {{"n", aft__cstr(more)}};
    aft__reason_add(c->reasons, "due", "explain.due.more", args, AFT__COUNT(args));
  }
  text_of(c, due, at);
  aft__arg args[] = {{"at", aft__cstr(at)}};
  aft__reason_add(c->reasons, "due", "explain.due.at", args, AFT__COUNT(args));
}

static aft_time later(chain *c, aft_time from, int64_t ms) {
  aft_time at;
  if (c->calendar)
    return aft__calendar_add(c->calendar, from, ms, c->reasons ? add_stretch : NULL, c);
  if (aft__add_i64(from, ms, &at))
    return AFT_TIME_NONE;
  if (c->reasons && ms > 0)
    add_stretch(c, from, at);
  return at;
}

static int64_t between(const chain *c, aft_time from, aft_time to) {
  return c->calendar ? aft__calendar_between(c->calendar, from, to) : to - from;
}

/* What is held after the time is due changes nothing any more. */
aft_time aft__chain_due(const aft__calendar *calendar, aft_time began, int64_t span_ms,
                        const aft__hold *holds, uint32_t n, aft__buf *reasons) {
  chain c = {.calendar = calendar, .reasons = reasons};
  aft_time t = began;
  for (uint32_t i = 0; i < n; i++) {
    if (holds[i].to <= t)
      continue;
    aft_time from = holds[i].from > t ? holds[i].from : t;
    int64_t open = between(&c, t, from);
    if (open >= span_ms)
      break;
    if (reasons) {
      (void)later(&c, t, open);
      show_hold(&c, from, holds[i].to);
    }
    span_ms -= open;
    t = holds[i].to;
  }
  aft_time due = later(&c, t, span_ms);
  if (reasons && due != AFT_TIME_NONE)
    show_end(&c, due);
  return due;
}
