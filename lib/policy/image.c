/* Checking a compiled policy from outside: nothing in it may point out of it. */
#include "policy/policy_priv.h"

size_t aft__section_item(aft__section_id id) {
  static const uint32_t items[AFT__SECTIONS] = {
      [AFT__SECTION_TEXTS] = 1,
      [AFT__SECTION_SETTINGS] = sizeof(aft__settings),
      [AFT__SECTION_CATEGORIES] = sizeof(aft__category),
      [AFT__SECTION_TOPICS] = sizeof(aft__topic),
      [AFT__SECTION_RULES] = sizeof(aft__rule),
      [AFT__SECTION_WORDS] = sizeof(aft__word),
      [AFT__SECTION_MARKS] = sizeof(aft__mark),
      [AFT__SECTION_MATCHER] = 1,
      [AFT__SECTION_CONDITIONS] = sizeof(aft__condition),
      [AFT__SECTION_LEVELS] = sizeof(aft__level),
      [AFT__SECTION_CAUSES] = sizeof(aft__cause),
      [AFT__SECTION_FORMS] = sizeof(aft__form),
      [AFT__SECTION_FIELDS] = sizeof(aft__form_field),
      [AFT__SECTION_CHOICES] = sizeof(uint32_t),
      [AFT__SECTION_MACHINES] = sizeof(aft__machine),
      [AFT__SECTION_STATES] = sizeof(aft__flow_state),
      [AFT__SECTION_EVENTS] = sizeof(aft__flow_event),
      [AFT__SECTION_MOVES] = sizeof(aft__flow_move),
      [AFT__SECTION_EFFECTS] = sizeof(aft__flow_effect),
      [AFT__SECTION_CATALOGUE] = sizeof(aft__entry),
      [AFT__SECTION_SOURCE] = 1,
      [AFT__SECTION_ATTRIBUTES] = sizeof(aft__attribute),
      [AFT__SECTION_TAGS] = sizeof(aft__known_tag),
      [AFT__SECTION_QUEUES] = sizeof(aft__queue),
      [AFT__SECTION_LANGUAGES] = sizeof(uint32_t),
      [AFT__SECTION_SUGGESTIONS] = sizeof(aft__suggestion),
      [AFT__SECTION_CASES] = sizeof(aft__case_settings),
      [AFT__SECTION_REASONS] = sizeof(aft__case_reason),
      [AFT__SECTION_WINDOWS] = sizeof(aft__window),
      [AFT__SECTION_EXCEPTIONS] = sizeof(aft__exception),
      [AFT__SECTION_CLAUSES] = sizeof(aft__clause),
      [AFT__SECTION_CASE_RULES] = sizeof(aft__case_rule),
      [AFT__SECTION_PAIRS] = sizeof(aft__pair),
      [AFT__SECTION_CALENDARS] = sizeof(aft__calendar_row),
      [AFT__SECTION_HOURS] = sizeof(aft__hours),
      [AFT__SECTION_DAYS] = sizeof(aft__special_day),
      [AFT__SECTION_TARGETS] = sizeof(aft__target),
      [AFT__SECTION_TEAMS] = sizeof(aft__team),
      [AFT__SECTION_TIERS] = sizeof(aft__tier),
      [AFT__SECTION_TRIGGERS] = sizeof(uint32_t),
      [AFT__SECTION_AUTOMATIONS] = sizeof(aft__automation),
      [AFT__SECTION_MACROS] = sizeof(aft__macro),
      [AFT__SECTION_ACTIONS] = sizeof(aft__action),
      [AFT__SECTION_SURVEYS] = sizeof(aft__survey_row),
      [AFT__SECTION_QUESTIONS] = sizeof(aft__question_row),
      [AFT__SECTION_TASKS] = sizeof(aft__task_row),
      [AFT__SECTION_COLLABORATION] = sizeof(aft__collaboration),
      [AFT__SECTION_CHANNELS] = sizeof(aft__channel),
      [AFT__SECTION_NOTICES] = sizeof(aft__notice_rule),
  };
  return items[id];
}

typedef struct view {
  const char *base;
  const aft__image *image;
  uint32_t texts; /* bytes of the block of texts */
} view;

static const void *items(const view *v, aft__section_id id) {
  return v->base + v->image->sections[id].offset;
}
static uint32_t count(const view *v, aft__section_id id) { return v->image->sections[id].count; }

/* A text begins with a character, so it is valid UTF-8 to its end. */
static bool text(const view *v, uint32_t offset) {
  const char *block = items(v, AFT__SECTION_TEXTS);
  return offset < v->texts && ((uint8_t)block[offset] & 0xC0) != 0x80;
}

static bool range(uint32_t first, uint32_t n, uint32_t most) { return n <= most && first <= most - n; }

static bool sections_inside(const view *v, uint64_t size) {
  for (int i = 0; i < AFT__SECTIONS; i++) {
    const aft__section *s = &v->image->sections[i];
    size_t item = aft__section_item((aft__section_id)i);
    if (s->item != item || (item > 1 && s->offset % 8 != 0) || s->offset < sizeof(aft__image) ||
        s->offset > size || (uint64_t)s->count * item > size - s->offset)
      return false;
  }
  return true;
}

static bool texts_valid(view *v) {
  v->texts = count(v, AFT__SECTION_TEXTS);
  const char *block = items(v, AFT__SECTION_TEXTS);
  if (v->texts == 0 || block[0] != '\0' || block[v->texts - 1] != '\0')
    return false;
  for (size_t at = 0, n = 0; at < v->texts; at += n + 1) {
    aft_status status = aft__utf8_check(aft__str(block + at, v->texts - at), &n);
    if (status != AFT_E_NUL_BYTE)
      return status == AFT_OK;
  }
  return true;
}

static bool quiet_valid(const aft__quiet *quiet) {
  return quiet->from >= 0 && quiet->from < 1440 && quiet->until >= 0 && quiet->until < 1440 &&
         quiet->of_shop <= 1;
}

static bool settings_valid(const view *v) {
  const aft__settings *s = items(v, AFT__SECTION_SETTINGS);
  for (int i = 0; count(v, AFT__SECTION_SETTINGS) == 1 && i < AFT__RETAINS; i++)
    if (s->retain[i] != AFT__RETAIN_NEVER && s->retain[i] <= 0)
      return false;
  if (count(v, AFT__SECTION_SETTINGS) != 1 || !text(v, s->other))
    return false;
  bool fusion = s->model_weight >= 0 && s->model_weight <= 10000 && s->rule_weight >= 0 &&
                s->rule_weight <= 10000 && s->other_prior >= -10000 && s->other_prior <= 10000;
  bool reading = s->least >= 0 && s->least <= 1000 && s->disagreement >= 0 && s->disagreement <= 1000 &&
                 s->tone_clear >= 1 && s->tone_clear <= 1000 && s->pause_ms > 0;
  bool flood = s->flood_messages >= 0 && s->flood_messages <= 1000 && s->flood_within_ms >= 0;
  return fusion && reading && flood && quiet_valid(&s->quiet) && s->threshold >= 0 && s->threshold <= 1000 &&
         s->damp >= 1 && s->damp <= 1000 && s->label_points >= 0 && s->label_points <= 1000 &&
         s->more_words >= 0 && s->more_words <= 1000 && s->most_level >= 0 && s->most_level <= 9 &&
         s->thread_window_ms >= 0;
}

static bool categories_valid(const view *v) {
  const aft__category *categories = items(v, AFT__SECTION_CATEGORIES);
  const aft__topic *topics = items(v, AFT__SECTION_TOPICS);
  uint32_t n = count(v, AFT__SECTION_CATEGORIES);
  for (uint32_t i = 0; i < n; i++)
    if (!text(v, categories[i].name))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_TOPICS); i++)
    if (topics[i].category >= n || !text(v, topics[i].name))
      return false;
  return n > 0;
}

static bool rules_valid(const view *v) {
  const aft__rule *rules = items(v, AFT__SECTION_RULES);
  uint32_t categories = count(v, AFT__SECTION_CATEGORIES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_RULES); i++)
    if (!text(v, rules[i].name) || !text(v, rules[i].topic) || rules[i].category >= categories ||
        rules[i].weight < 0 || rules[i].weight > 1000 ||
        (rules[i].condition != AFT__FLOW_NONE && rules[i].condition >= count(v, AFT__SECTION_CONDITIONS)))
      return false;
  return true;
}

/* The part before a part has the mark before its mark. */
static bool mark_valid(const view *v, uint32_t i) {
  const aft__mark *mark = (const aft__mark *)items(v, AFT__SECTION_MARKS) + i;
  const aft__word *words = items(v, AFT__SECTION_WORDS);
  if (mark->kind != AFT__MARK_RULE)
    return mark->kind < AFT__MARKS && mark->value <= 2 * AFT__WEIGHT_MOST;
  return mark->value < count(v, AFT__SECTION_WORDS) && mark->part < words[mark->value].parts &&
         mark->part <= i;
}

static bool words_valid(const view *v) {
  const aft__word *words = items(v, AFT__SECTION_WORDS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_WORDS); i++)
    if (words[i].rule >= count(v, AFT__SECTION_RULES) || !text(v, words[i].text) ||
        words[i].role > AFT__WORD_UNLESS || words[i].parts == 0 || words[i].parts > AFT__WORD_PARTS)
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_MARKS); i++)
    if (!mark_valid(v, i))
      return false;
  return true;
}

/* Children stand behind their parent and behind the children of every earlier condition: so a condition
 * is a tree, and going through it ends. */
static bool conditions_valid(const view *v) {
  const aft__condition *list = items(v, AFT__SECTION_CONDITIONS);
  uint32_t n = count(v, AFT__SECTION_CONDITIONS), taken = 0;
  for (uint32_t i = 0; i < n; i++) {
    const aft__condition *c = &list[i];
    if (c->op >= AFT__OPS || c->fact >= AFT__FACTS || !text(v, c->text) || !text(v, c->name))
      return false;
    if (c->op > AFT__OP_NOT || c->count == 0)
      continue;
    if (c->first <= i || c->first < taken || !range(c->first, c->count, n))
      return false;
    taken = c->first + c->count;
  }
  return true;
}

static bool decisions_valid(const view *v) {
  const aft__level *levels = items(v, AFT__SECTION_LEVELS);
  const aft__cause *causes = items(v, AFT__SECTION_CAUSES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_LEVELS); i++)
    if (!text(v, levels[i].name) || (i > 0 && levels[i].points >= levels[i - 1].points))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CAUSES); i++)
    if (!text(v, causes[i].name) || causes[i].condition >= count(v, AFT__SECTION_CONDITIONS) ||
        causes[i].points < -1000000 || causes[i].points > 1000000)
      return false;
  return count(v, AFT__SECTION_LEVELS) > 0;
}

static bool condition_valid(const view *v, uint32_t condition) {
  return condition == AFT__FLOW_NONE || condition < count(v, AFT__SECTION_CONDITIONS);
}

static bool hours_valid(const view *v, aft__hours_of of) {
  const aft__hours *hours = items(v, AFT__SECTION_HOURS);
  if (!range(of.first, of.count, count(v, AFT__SECTION_HOURS)))
    return false;
  for (uint32_t i = of.first; i < of.first + of.count; i++)
    if (hours[i].from >= hours[i].to || hours[i].to > 1440 ||
        (i > of.first && hours[i].from < hours[i - 1].to))
      return false;
  return true;
}

static bool calendars_valid(const view *v) {
  const aft__calendar_row *rows = items(v, AFT__SECTION_CALENDARS);
  const aft__special_day *days = items(v, AFT__SECTION_DAYS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CALENDARS); i++) {
    const aft__calendar_row *row = &rows[i];
    if (!text(v, row->name) || !text(v, row->zone) ||
        !range(row->first_day, row->n_days, count(v, AFT__SECTION_DAYS)))
      return false;
    for (int d = 0; d < 7; d++)
      if (!hours_valid(v, row->week[d]))
        return false;
    for (uint32_t d = row->first_day; d < row->first_day + row->n_days; d++)
      if (!hours_valid(v, days[d].hours) || (d > row->first_day && days[d].day <= days[d - 1].day))
        return false;
  }
  return true;
}

static bool targets_valid(const view *v) {
  const aft__target *targets = items(v, AFT__SECTION_TARGETS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_TARGETS); i++) {
    const aft__target *t = &targets[i];
    if (!text(v, t->name) || !condition_valid(v, t->condition) ||
        (t->calendar != AFT__FLOW_NONE && t->calendar >= count(v, AFT__SECTION_CALENDARS)))
      return false;
    for (int s = 0; s < AFT__SLAS; s++)
      if (t->ms[s] < -1 || t->warn_ms < 0)
        return false;
  }
  return true;
}

static bool labels_valid(const view *v) {
  const aft__attribute *attributes = items(v, AFT__SECTION_ATTRIBUTES);
  const aft__known_tag *tags = items(v, AFT__SECTION_TAGS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_ATTRIBUTES); i++)
    if (attributes[i].kind >= AFT__LABEL_KINDS || attributes[i].type >= AFT__VALUE_TYPES ||
        !text(v, attributes[i].name) ||
        !range(attributes[i].first, attributes[i].count, count(v, AFT__SECTION_CHOICES)))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_TAGS); i++)
    if (tags[i].kind >= AFT__LABEL_KINDS || !text(v, tags[i].tag))
      return false;
  return true;
}

static bool names_valid(const view *v, aft__names names) {
  return range(names.first, names.count, count(v, AFT__SECTION_CHOICES));
}

static bool queues_valid(const view *v) {
  const aft__queue *queues = items(v, AFT__SECTION_QUEUES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_QUEUES); i++)
    if (!text(v, queues[i].name) ||
        (queues[i].condition != AFT__FLOW_NONE && queues[i].condition >= count(v, AFT__SECTION_CONDITIONS)) ||
        queues[i].assign >= AFT__ASSIGNS || queues[i].then >= AFT__ASSIGNS ||
        !names_valid(v, queues[i].skills))
      return false;
  return true;
}

static bool teams_valid(const view *v) {
  const aft__team *teams = items(v, AFT__SECTION_TEAMS);
  const aft__routing *r = &((const aft__settings *)items(v, AFT__SECTION_SETTINGS))->routing;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_TEAMS); i++)
    if (!text(v, teams[i].name) || !names_valid(v, teams[i].queues) || !names_valid(v, teams[i].skills))
      return false;
  return r->patience_ms > 0 && (r->away_after_ms == -1 || r->away_after_ms > 0) && r->rate_claims >= 0 &&
         r->rate_within_ms >= 0 && r->hand_back < AFT__HAND_BACKS;
}

static bool tiers_valid(const view *v) {
  const aft__tier *tiers = items(v, AFT__SECTION_TIERS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_TIERS); i++)
    if (!text(v, tiers[i].name) || !text(v, tiers[i].agent) || !text(v, tiers[i].currency) ||
        tiers[i].targets < 1 || tiers[i].targets > 1000)
      return false;
  return true;
}

static bool questions_valid(const view *v) {
  const aft__question_row *list = items(v, AFT__SECTION_QUESTIONS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_QUESTIONS); i++) {
    const aft__question_row *q = &list[i];
    if (!text(v, q->name) || q->type >= AFT__QUESTION_TYPES || q->from < 0 || q->to > 100 ||
        !names_valid(v, q->choices) || !names_valid(v, q->lowest) || q->choices.count > AFT__MOST_QUESTIONS)
      return false;
  }
  return true;
}

static bool survey_valid(const view *v, const aft__survey_row *s) {
  bool hours = s->hours == AFT__FLOW_NONE || s->hours < count(v, AFT__SECTION_CALENDARS);
  bool spans = s->after_ms >= 0 && s->expires_ms > 0 && s->fatigue_ms >= -1 && s->reminder_ms >= -1 &&
               s->edit_ms >= -1;
  bool figures = s->sample >= 0 && s->sample <= 1000 && s->low >= 0 && s->low <= 10;
  return hours && spans && figures && text(v, s->name) && s->about < AFT__ABOUTS && s->kind <= AFT__SCORES &&
         condition_valid(v, s->condition) && s->count <= AFT__MOST_QUESTIONS &&
         range(s->first, s->count, count(v, AFT__SECTION_QUESTIONS));
}

static bool surveys_valid(const view *v) {
  const aft__survey_row *list = items(v, AFT__SECTION_SURVEYS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_SURVEYS); i++)
    if (!survey_valid(v, &list[i]))
      return false;
  return count(v, AFT__SECTION_SURVEYS) > 0 && questions_valid(v);
}

static bool task_valid(const view *v, const aft__task_row *t) {
  const uint32_t texts[] = {t->name, t->party, t->team, t->script};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    if (!text(v, texts[i]))
      return false;
  return t->kind < AFT__TASK_KINDS && condition_valid(v, t->condition) && names_valid(v, t->skills) &&
         (t->calendar == AFT__FLOW_NONE || t->calendar < count(v, AFT__SECTION_CALENDARS)) &&
         t->attempts >= 1 && t->most_open >= 1 && t->warn_ms >= 0 && t->target_ms > t->warn_ms &&
         t->target_ms <= AFT__TASK_SPAN && t->again_ms > 0 && t->again_ms <= AFT__TASK_SPAN;
}

static bool tasks_valid(const view *v) {
  const aft__task_row *tasks = items(v, AFT__SECTION_TASKS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_TASKS); i++)
    if (!task_valid(v, &tasks[i]))
      return false;
  return true;
}

static bool notices_valid(const view *v) {
  const aft__channel *channels = items(v, AFT__SECTION_CHANNELS);
  const aft__notice_rule *rules = items(v, AFT__SECTION_NOTICES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CHANNELS); i++)
    if (!text(v, channels[i].name) || !text(v, channels[i].subject) || channels[i].format >= AFT__MARKUPS)
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_NOTICES); i++)
    if (!text(v, rules[i].pattern) || !text(v, rules[i].topic) || rules[i].says > AFT__NOTICE_SAYS ||
        rules[i].coalesce_ms < 0 || !names_valid(v, rules[i].channels) ||
        rules[i].channels.count > AFT__NOTICE_CHANNELS)
      return false;
  return true;
}

static bool collaboration_valid(const view *v) {
  const aft__collaboration *c = items(v, AFT__SECTION_COLLABORATION);
  return count(v, AFT__SECTION_COLLABORATION) == 1 && c->follow_on_mention <= 1;
}

static bool suggestions_valid(const view *v) {
  const aft__suggestion *list = items(v, AFT__SECTION_SUGGESTIONS);
  const uint32_t *languages = items(v, AFT__SECTION_LANGUAGES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_SUGGESTIONS); i++)
    if (!text(v, list[i].name) || list[i].condition >= count(v, AFT__SECTION_CONDITIONS))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_LANGUAGES); i++)
    if (!text(v, languages[i]))
      return false;
  return true;
}

static bool actions_valid(const view *v, uint32_t first, uint32_t n) {
  return n > 0 && n <= AFT__MOST_ACTIONS && range(first, n, count(v, AFT__SECTION_ACTIONS));
}

static bool automations_valid(const view *v) {
  const aft__automation *rules = items(v, AFT__SECTION_AUTOMATIONS);
  const aft__macro *macros = items(v, AFT__SECTION_MACROS);
  const aft__action *actions = items(v, AFT__SECTION_ACTIONS);
  const uint32_t *triggers = items(v, AFT__SECTION_TRIGGERS);
  uint32_t n = count(v, AFT__SECTION_TRIGGERS);
  uint64_t known = n < AFT__MOST_TRIGGERS ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
  for (uint32_t i = 0; i < n; i++)
    if (!text(v, triggers[i]))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_ACTIONS); i++)
    if (actions[i].kind >= AFT__ACTIONS || !text(v, actions[i].name) || !text(v, actions[i].value))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_AUTOMATIONS); i++)
    if (!text(v, rules[i].name) || !condition_valid(v, rules[i].condition) || rules[i].on & ~known ||
        rules[i].flags > AFT__AUTOMATION_FLAGS || !actions_valid(v, rules[i].first, rules[i].count))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_MACROS); i++)
    if (!text(v, macros[i].name) || !condition_valid(v, macros[i].condition) ||
        !actions_valid(v, macros[i].first, macros[i].count))
      return false;
  return n <= AFT__MOST_TRIGGERS && count(v, AFT__SECTION_AUTOMATIONS) <= AFT__MOST_RULES;
}

static bool windows_valid(const view *v) {
  const aft__window *list = items(v, AFT__SECTION_WINDOWS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_WINDOWS); i++) {
    const aft__window *w = &list[i];
    if (!text(v, w->name) || !text(v, w->law) || w->source >= AFT__SOURCES || w->start >= AFT__STARTS ||
        w->unit >= AFT__SPAN_UNITS || w->refund_unit >= AFT__SPAN_UNITS || w->n == 0 ||
        w->n > AFT__SPAN_MOST || w->refund_n > AFT__SPAN_MOST || w->flags > AFT__WINDOW_FLAGS ||
        !condition_valid(v, w->condition) || !names_valid(v, w->kinds))
      return false;
  }
  const aft__exception *exceptions = items(v, AFT__SECTION_EXCEPTIONS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_EXCEPTIONS); i++)
    if (!text(v, exceptions[i].name) || !text(v, exceptions[i].law) ||
        !condition_valid(v, exceptions[i].condition) || !names_valid(v, exceptions[i].excludes))
      return false;
  return true;
}

static bool clauses_valid(const view *v) {
  const aft__case_reason *reasons = items(v, AFT__SECTION_REASONS);
  const aft__clause *clauses = items(v, AFT__SECTION_CLAUSES);
  const aft__case_rule *rules = items(v, AFT__SECTION_CASE_RULES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_REASONS); i++)
    if (!text(v, reasons[i].name) || !text(v, reasons[i].liable) || !names_valid(v, reasons[i].kinds) ||
        !names_valid(v, reasons[i].evidence) || reasons[i].undelivered > 1)
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CLAUSES); i++)
    if (!text(v, clauses[i].name) || clauses[i].verdict >= AFT__DECISIONS ||
        !condition_valid(v, clauses[i].condition) || !names_valid(v, clauses[i].kinds))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CASE_RULES); i++)
    if (!text(v, rules[i].name) || rules[i].flags > AFT__CASE_RULE_FLAGS ||
        !condition_valid(v, rules[i].condition))
      return false;
  return true;
}

static bool cases_valid(const view *v) {
  const aft__case_settings *s = items(v, AFT__SECTION_CASES);
  const aft__pair *pairs = items(v, AFT__SECTION_PAIRS);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_PAIRS); i++) {
    const aft__pair *p = &pairs[i];
    if (p->list >= AFT__PAIR_LISTS || !text(v, p->key) || !text(v, p->other) || !text(v, p->kind) ||
        !text(v, p->value) || !condition_valid(v, p->condition) || p->unit >= AFT__SPAN_UNITS ||
        p->number < 0 || (p->list == AFT__PAIRS_PLATFORM && p->number > 2) ||
        (p->list == AFT__PAIRS_ARRIVES && p->number > AFT__SPAN_MOST) ||
        (p->list == AFT__PAIRS_PERMILLE && p->number > 1000))
      return false;
  }
  if (count(v, AFT__SECTION_CASES) == 0)
    return true;
  return count(v, AFT__SECTION_CASES) == 1 && text(v, s->compensation_instrument) &&
         (s->calendar == AFT__FLOW_NONE || s->calendar < count(v, AFT__SECTION_CALENDARS)) &&
         text(v, s->season) && s->season_ms >= 0 && names_valid(v, s->season_kinds) &&
         names_valid(v, s->season_states) && s->reconcile_ms > 0 && s->retries >= 0 && s->rounds >= 0 &&
         s->link_ms > 0 && s->coupon_full <= 1 && s->coupon_part <= 1 && s->points_spent < AFT__EXTRAS &&
         s->gift_kept < AFT__EXTRAS;
}

static bool forms_valid(const view *v) {
  const aft__form *forms = items(v, AFT__SECTION_FORMS);
  const aft__form_field *fields = items(v, AFT__SECTION_FIELDS);
  const uint32_t *choices = items(v, AFT__SECTION_CHOICES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_FORMS); i++)
    if (!text(v, forms[i].name) || !range(forms[i].first, forms[i].count, count(v, AFT__SECTION_FIELDS)))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_FIELDS); i++)
    if (!text(v, fields[i].name) || !text(v, fields[i].meaning) || fields[i].type >= AFT__FIELD_TYPES ||
        !range(fields[i].first, fields[i].count, count(v, AFT__SECTION_CHOICES)))
      return false;
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CHOICES); i++)
    if (!text(v, choices[i]))
      return false;
  return true;
}

static bool machine_valid(const view *v, const aft__machine *m) {
  if (!text(v, m->name) || !range(m->first_state, m->n_states, count(v, AFT__SECTION_STATES)) ||
      !range(m->first_event, m->n_events, count(v, AFT__SECTION_EVENTS)) ||
      !range(m->first_move, m->n_moves, count(v, AFT__SECTION_MOVES)) ||
      !range(m->first_effect, m->n_effects, count(v, AFT__SECTION_EFFECTS)))
    return false;
  aft__flow flow = {0};
  flow.texts = items(v, AFT__SECTION_TEXTS);
  flow.name = flow.texts + m->name;
  flow.states = (const aft__flow_state *)items(v, AFT__SECTION_STATES) + m->first_state;
  flow.events = (const aft__flow_event *)items(v, AFT__SECTION_EVENTS) + m->first_event;
  flow.moves = (const aft__flow_move *)items(v, AFT__SECTION_MOVES) + m->first_move;
  flow.effects = (const aft__flow_effect *)items(v, AFT__SECTION_EFFECTS) + m->first_effect;
  flow.n_states = m->n_states;
  flow.n_events = m->n_events;
  flow.n_moves = m->n_moves;
  flow.n_effects = m->n_effects;
  flow.initial = m->initial;
  for (uint32_t i = 0; i < flow.n_moves; i++)
    if (flow.moves[i].guard != AFT__FLOW_NONE && flow.moves[i].guard >= count(v, AFT__SECTION_CONDITIONS))
      return false;
  return aft__flow_valid(&flow, v->texts);
}

static bool machines_valid(const view *v) {
  const aft__machine *machines = items(v, AFT__SECTION_MACHINES);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_MACHINES); i++)
    if (!machine_valid(v, &machines[i]))
      return false;
  return true;
}

static bool catalogue_valid(const view *v) {
  const aft__entry *entries = items(v, AFT__SECTION_CATALOGUE);
  for (uint32_t i = 0; i < count(v, AFT__SECTION_CATALOGUE); i++) {
    if (!text(v, entries[i].key))
      return false;
    for (uint32_t l = 0; l < AFT__LOCALES; l++)
      if (!text(v, entries[i].text[l]))
        return false;
  }
  return true;
}

static bool content_valid(view *v) {
  return texts_valid(v) && settings_valid(v) && categories_valid(v) && rules_valid(v) && words_valid(v) &&
         conditions_valid(v) && decisions_valid(v) && forms_valid(v) && labels_valid(v) && queues_valid(v) &&
         teams_valid(v) && tiers_valid(v) && surveys_valid(v) && tasks_valid(v) && collaboration_valid(v) &&
         notices_valid(v) && suggestions_valid(v) && automations_valid(v) && windows_valid(v) &&
         clauses_valid(v) && calendars_valid(v) && targets_valid(v) && cases_valid(v) && machines_valid(v) &&
         catalogue_valid(v) &&
         aft__matcher_valid(items(v, AFT__SECTION_MATCHER), count(v, AFT__SECTION_MATCHER));
}

static const char where[] = "policy image";

static aft_status head_check(const void *image, size_t size, aft_error *error) {
  const aft__image *head = image;
  if (size < offsetof(aft__image, sections) ||
      memcmp(head->magic, AFT__IMAGE_MAGIC, sizeof(head->magic)) != 0)
    return aft__error(error, AFT_E_POLICY_IMAGE, where, "the bytes are not a compiled policy");
  if (head->order != AFT__IMAGE_ORDER)
    return aft__error(error, AFT_E_POLICY_IMAGE, where, "it was compiled on a machine of another byte order");
  if (head->version < AFT__IMAGE_OLDEST || head->version > AFT__IMAGE_VERSION)
    return aft__error(error, AFT_E_POLICY_IMAGE, where,
                      "it has version %u, this library reads versions %u to %u", head->version,
                      AFT__IMAGE_OLDEST, AFT__IMAGE_VERSION);
  if (head->size != size)
    return aft__error(error, AFT_E_POLICY_IMAGE, where, "it should have %llu bytes, found %zu",
                      (unsigned long long)head->size, size);
  size_t from = offsetof(aft__image, hash);
  if (aft__hash64((const char *)image + from, size - from, 0) != head->checksum)
    return aft__error(error, AFT_E_POLICY_IMAGE, where, "its checksum is wrong");
  return AFT_OK;
}

static aft_status unfit(aft_error *error) {
  return aft__error(error, AFT_E_POLICY_IMAGE, where, "its parts do not fit together");
}

aft_status aft__image_source(const void *image, size_t size, aft__buf *out, aft_error *error) {
  const aft__image *head = image;
  AFT__TRY(head_check(image, size, error));
  if (size < offsetof(aft__image, sections) + (AFT__SECTION_SOURCE + 1) * sizeof(aft__section))
    return unfit(error);
  const aft__section *s = &head->sections[AFT__SECTION_SOURCE];
  if (s->item != 1 || s->offset > size || s->count > size - s->offset)
    return unfit(error);
  aft_str source = aft__str((const char *)image + s->offset, s->count);
  bool whole = true;
  if (head->version <= AFT__IMAGE_JSON)
    aft__buf_str(out, source);
  else
    whole = aft__source_read(source, out);
  if (out->failed)
    return aft__nomem(error);
  return whole ? AFT_OK : unfit(error);
}

aft_status aft__image_check(const void *image, size_t size, aft_error *error) {
  const aft__image *head = image;
  AFT__TRY(head_check(image, size, error));
  if (size < sizeof(*head) || head->version != AFT__IMAGE_VERSION)
    return unfit(error);
  view v = {image, head, 0};
  if (memchr(head->hash, '\0', sizeof(head->hash)) != head->hash + 64 || !sections_inside(&v, size) ||
      !content_valid(&v))
    return unfit(error);
  return AFT_OK;
}
