/* Where a notice goes and when: the policy's channels and the customer's wishes. */
#include "policy/policy_priv.h"

const char *aft__notice_refused(const aft__notice_plan *plan, const aft__wishes *wishes) {
  if (plan->off)
    return "off";
  return !plan->must && aft__words_have(wishes->no_topics, plan->topic) ? "opted_out" : NULL;
}

typedef struct route {
  const aft__notice_plan *plan;
  const aft__wishes *wishes;
  aft_str same;
  aft_str *out;
  uint32_t n;
} route;

static aft_str meant(const route *r, aft_str channel) {
  return aft__str_eq(channel, aft__cstr(AFT__NOTICE_SAME)) ? r->same : channel;
}

/* Which channels an event may take at all; without a list it may take any. */
static bool admitted(const route *r, aft_str channel) {
  for (uint32_t i = 0; i < r->plan->n_channels; i++)
    if (aft__str_eq(meant(r, r->plan->channels[i]), channel))
      return true;
  return r->plan->n_channels == 0;
}

static void add(route *r, aft_str channel) {
  bool refused = !r->plan->must && channel.len && aft__words_have(r->wishes->no_channels, channel);
  for (uint32_t i = 0; i < r->n; i++)
    if (aft__str_eq(r->out[i], channel))
      return;
  if (!refused && r->n < AFT__NOTICE_ROUTE)
    r->out[r->n++] = channel;
}

/* The customer's order comes first; what they did not name follows in the policy's. */
uint32_t aft__notice_route(const aft__notice_plan *plan, const aft__wishes *wishes, aft_str same,
                           aft_str out[AFT__NOTICE_ROUTE]) {
  route r = {plan, wishes, same, out, 0};
  aft_str rest = wishes->channels, word;
  while (aft__words_next(&rest, &word))
    if (admitted(&r, word))
      add(&r, word);
  for (uint32_t i = 0; i < plan->n_channels; i++)
    add(&r, meant(&r, plan->channels[i]));
  if (!plan->n_channels)
    add(&r, same);
  return r.n;
}

#define DAY_MINUTES 1440

/* What is not quiet is open: one stretch of the day, or two around quiet hours that do not pass midnight. */
aft_time aft__notice_awake(const aft__wishes *wishes, aft_time from) {
  aft__hours open[2];
  uint32_t n = 0, begin = (uint32_t)wishes->quiet_from, end = (uint32_t)wishes->quiet_until;
  aft__calendar calendar = {.zone = wishes->zone, .hours = open};
  aft_time start, until;
  if (begin == end)
    return from;
  if (begin < end && begin > 0)
    open[n++] = (aft__hours){0, (uint16_t)begin};
  if (begin < end && end < DAY_MINUTES)
    open[n++] = (aft__hours){(uint16_t)end, DAY_MINUTES};
  if (begin > end)
    open[n++] = (aft__hours){(uint16_t)end, (uint16_t)begin};
  for (int day = 0; day < 7; day++)
    calendar.week[day] = (aft__hours_of){0, n};
  return n && aft__calendar_next(&calendar, from, &start, &until) ? start : from;
}
