/* Routing: what services ask a policy about queues, teams and the agents who take them. */
#include "policy/policy_priv.h"

const char *const aft__assigns[] = {"claim",           "round_robin", "least_loaded",
                                    "longest_waiting", "sticky",      NULL};
const char *const aft__hand_backs[] = {"unanswered", "all", "never", NULL};

void aft__policy_routing_of(const aft_policy *policy, aft__routing *out) { *out = policy->settings->routing; }

static const aft__queue *queue_of(const aft_policy *policy, aft_str name) {
  uint32_t n = 0;
  const aft__queue *queues = aft__section_data(policy, AFT__SECTION_QUEUES, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, queues[i].name), name))
      return &queues[i];
  return NULL;
}

aft_str aft__policy_queue_name(const aft_policy *policy, uint32_t index) {
  uint32_t n = 0;
  const aft__queue *queues = aft__section_data(policy, AFT__SECTION_QUEUES, &n);
  return index < n ? aft__policy_str(policy, queues[index].name) : (aft_str){0};
}

aft__assign aft__policy_assign(const aft_policy *policy, aft_str queue, aft__assign *then) {
  const aft__queue *found = queue_of(policy, queue);
  *then = found ? (aft__assign)found->then : AFT__ASSIGN_CLAIM;
  return found ? (aft__assign)found->assign : AFT__ASSIGN_CLAIM;
}

bool aft__policy_pushes(const aft_policy *policy) {
  uint32_t n = 0;
  const aft__queue *queues = aft__section_data(policy, AFT__SECTION_QUEUES, &n);
  for (uint32_t i = 0; i < n; i++)
    if (queues[i].assign != AFT__ASSIGN_CLAIM)
      return true;
  return false;
}

static aft_str name_at(const aft_policy *policy, aft__names names, uint32_t i) {
  uint32_t n = 0;
  const uint32_t *texts = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  return aft__policy_str(policy, texts[names.first + i]);
}

static bool has_name(const aft_policy *policy, aft__names names, aft_str name) {
  for (uint32_t i = 0; i < names.count; i++)
    if (aft__str_eq(name_at(policy, names, i), name))
      return true;
  return false;
}

void aft__policy_queue_skills(const aft_policy *policy, aft_str queue, aft__buf *out) {
  const aft__queue *found = queue_of(policy, queue);
  for (uint32_t i = 0; found && i < found->skills.count; i++) {
    if (i)
      aft__buf_char(out, ' ');
    aft__buf_str(out, name_at(policy, found->skills, i));
  }
}

bool aft__policy_team_find(const aft_policy *policy, aft_str name) {
  uint32_t n = 0;
  const aft__team *teams = aft__section_data(policy, AFT__SECTION_TEAMS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, teams[i].name), name))
      return true;
  return false;
}

/* A queue that no team names is everybody's. */
bool aft__policy_team_takes(const aft_policy *policy, aft_str teams, aft_str queue) {
  uint32_t n = 0;
  bool claimed = false;
  const aft__team *list = aft__section_data(policy, AFT__SECTION_TEAMS, &n);
  for (uint32_t i = 0; i < n; i++) {
    if (!has_name(policy, list[i].queues, queue))
      continue;
    claimed = true;
    if (aft__words_have(teams, aft__policy_str(policy, list[i].name)))
      return true;
  }
  return !claimed;
}

bool aft__policy_team_has(const aft_policy *policy, aft_str team, aft_str queue) {
  uint32_t n = 0;
  const aft__team *teams = aft__section_data(policy, AFT__SECTION_TEAMS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, teams[i].name), team))
      return has_name(policy, teams[i].queues, queue);
  return false;
}

static bool team_gives(const aft_policy *policy, aft_str teams, aft_str skill) {
  uint32_t n = 0;
  const aft__team *list = aft__section_data(policy, AFT__SECTION_TEAMS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (has_name(policy, list[i].skills, skill) &&
        aft__words_have(teams, aft__policy_str(policy, list[i].name)))
      return true;
  return false;
}

bool aft__policy_skilled(const aft_policy *policy, const aft__taker *taker, aft_str needed) {
  aft_str word;
  while (aft__words_next(&needed, &word))
    if (!aft__words_have(taker->skills, word) && !team_gives(policy, taker->teams, word))
      return false;
  return true;
}

bool aft__policy_takes(const aft_policy *policy, const aft__taker *taker, aft_str queue, aft_str skills) {
  return aft__policy_team_takes(policy, taker->teams, queue) && aft__policy_skilled(policy, taker, skills);
}

/* Nobody would ever read a text whose language is not known, if that counted. */
bool aft__policy_speaks(const aft__taker *taker, aft_str language) {
  return !taker->languages.len || !language.len || aft__str_eq(language, aft__cstr("und")) ||
         aft__words_have(taker->languages, language);
}

bool aft__capacities_next(aft_str *words, aft_str *channel, int64_t *most) {
  aft_str word;
  size_t at = 0;
  if (!aft__words_next(words, &word))
    return false;
  while (at < word.len && word.data[at] != '=')
    at++;
  *most = 0;
  for (size_t i = at + 1; i < word.len; i++)
    *most = *most * 10 + (word.data[i] - '0');
  *channel = aft__str(word.data, at);
  return true;
}

/* A span begins with the first ticket after the one before has passed. */
bool aft__routing_lets(const aft__routing *routing, aft_time from, int64_t count, aft_time now) {
  return !routing->rate_claims || from == AFT_TIME_NONE || now - from >= routing->rate_within_ms ||
         count < routing->rate_claims;
}
