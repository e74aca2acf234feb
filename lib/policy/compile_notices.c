/* Compiling how customers are told: channels, and rules for events. */
#include "policy/policy_priv.h"

const char *const aft__markups[] = {"plain", "html", "json", NULL};

/* ---- channels ---- */

typedef struct heading {
  aft__compile *cx;
  const aft__node *text;
} heading;

/* A subject stands over notices of all events, so it has places for what all of them have. */
static void check_common(void *user, const aft__slot *place) {
  const heading *s = user;
  for (uint32_t g = 0; g < AFT__NOTICE_GROUPS; g++) {
    const aft__notice_field *fields = aft__notice_fields((aft__notice_group)g);
    while (fields->name && !aft__str_eq(aft__cstr(fields->name), place->name))
      fields++;
    if (fields->name)
      continue;
    aft__fault_node(s->cx->faults, AFT_E_POLICY, s->text,
                    "it is the subject of all events, and those of '%s' have no field '%.*s'",
                    aft__notice_groups[g], (int)aft__utf8_cut(place->name, 60), place->name.data);
    return;
  }
}

static void check_subject(aft__compile *cx, const aft__node *key) {
  const aft__node *texts = aft__node_get(cx->root, "texts");
  for (uint32_t l = 0; l < AFT__LOCALES; l++) {
    heading s = {cx, aft__node_get(aft__node_get(texts, aft__locales[l]), key->text.data)};
    if (s.text && s.text->kind == AFT__NODE_TEXT)
      aft__template_places(s.text->text, check_common, &s, NULL);
    else
      aft__fault_node(cx->faults, AFT_E_POLICY, key, "the catalogue has no text '%.*s' in %s",
                      (int)aft__utf8_cut(key->text, 60), key->text.data, aft__locales[l]);
  }
}

static void compile_channel(aft__compile *cx, const aft__item *item) {
  const aft__node *format = aft__node_get(item->value, "format"),
                  *subject = aft__node_get(item->value, "subject"),
                  *most = aft__node_get(item->value, "most");
  aft__channel channel = {.name = aft__compile_text(cx, item->key)};
  int64_t n = 0;
  for (uint32_t i = 0; format && i < AFT__MARKUPS; i++)
    if (aft__str_eq(format->text, aft__cstr(aft__markups[i])))
      channel.format = i;
  if (aft__node_int(most, &n))
    channel.most = (uint32_t)n;
  if (most && channel.format != AFT__MARKUP_PLAIN)
    aft__fault_node(cx->faults, AFT_E_POLICY, most, "only plain text can be cut short");
  if (aft__str_eq(item->key, aft__cstr(AFT__NOTICE_SAME)))
    aft__fault_key(cx->faults, AFT_E_POLICY, item,
                   "'" AFT__NOTICE_SAME "' stands for the channel that a matter came on");
  if (subject && subject->kind == AFT__NODE_TEXT) {
    channel.subject = aft__compile_text(cx, subject->text);
    check_subject(cx, subject);
  }
  aft__compile_add(cx, AFT__SECTION_CHANNELS, &channel);
}

/* ---- rules ---- */

static const struct {
  const char *key;
  uint32_t flag;
} flags[] = {{"off", AFT__NOTICE_OFF},
             {"urgent", AFT__NOTICE_URGENT},
             {"must", AFT__NOTICE_MUST},
             {"awaited", AFT__NOTICE_AWAITED},
             {"record", AFT__NOTICE_RECORD}};

/* "default", a group and ".*", or an event whose text the catalogue has. */
static bool pattern_fits(aft__compile *cx, aft_str pattern) {
  const aft__node *texts = aft__node_get(aft__node_get(cx->root, "texts"), "en");
  if (aft__str_eq(pattern, aft__cstr("default")))
    return true;
  for (uint32_t g = 0; g < AFT__NOTICE_GROUPS; g++) {
    size_t n = strlen(aft__notice_groups[g]);
    if (pattern.len == n + 2 && memcmp(pattern.data, aft__notice_groups[g], n) == 0 &&
        memcmp(pattern.data + n, ".*", 2) == 0)
      return true;
  }
  char *key = aft__arena_printf(cx->arena, AFT__NOTICE_PREFIX "%.*s", (int)pattern.len, pattern.data);
  if (!key)
    cx->nomem = true;
  return !key || (!memchr(pattern.data, '@', pattern.len) && aft__node_get(texts, key));
}

/* Events of the catalogue, for what was probably meant. */
typedef struct event_names {
  aft_str *names;
  uint32_t n;
} event_names;

static aft_str name_at(const void *names, uint32_t i) { return ((const event_names *)names)->names[i]; }

static event_names all_events(aft__compile *cx) {
  const aft__node *texts = aft__node_get(aft__node_get(cx->root, "texts"), "en");
  event_names all = {0};
  if (!texts || texts->kind != AFT__NODE_MAP)
    return all;
  all.names = aft__arena_alloc(cx->arena, (texts->count + 1) * sizeof *all.names);
  for (uint32_t i = 0; all.names && i < texts->count; i++) {
    aft__notice_key key = aft__notice_key_of(texts->items[i].key);
    if (key.event.len && !key.channel.len)
      all.names[all.n++] = key.event;
  }
  cx->nomem |= !all.names;
  return all;
}

static void unknown_event(aft__compile *cx, const aft__item *item) {
  event_names all = all_events(cx);
  aft__fault_key(
      cx->faults, AFT_E_POLICY_KEY, item,
      "no event is called so: expected one of the texts notify.…, all of a kind such as 'case.*', or "
      "'default'%s",
      aft__did_you_mean(cx->faults, item->key, &all, all.n, name_at));
}

static aft__names channels_of(aft__compile *cx, const aft__node *map) {
  const aft__node *list = aft__node_get(map, "channels");
  const aft__node *known = aft__node_get(aft__node_get(cx->root, "notifications"), "channels");
  bool any = known && known->kind == AFT__NODE_MAP;
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++) {
    const aft__node *name = list->items[i].value;
    if (i == AFT__NOTICE_CHANNELS)
      aft__fault_node(cx->faults, AFT_E_POLICY_LIMIT, name, "an event has at most %u channels",
                      AFT__NOTICE_CHANNELS);
    if (aft__str_eq(name->text, aft__cstr(AFT__NOTICE_SAME)) ||
        (any && name->text.len && aft__node_get(known, name->text.data)))
      continue;
    aft__fault_node(cx->faults, AFT_E_POLICY, name, "the policy has no channel '%.*s'%s",
                    (int)aft__utf8_cut(name->text, 60), name->text.data ? name->text.data : "",
                    aft__did_you_mean(cx->faults, name->text, any ? known->items : NULL,
                                      any ? known->count : 0, aft__item_key));
  }
  return aft__compile_names(cx, map, "channels", NULL, "channel");
}

static void compile_rule(aft__compile *cx, const aft__item *item) {
  const aft__node *map = item->value, *topic = aft__node_get(map, "topic");
  aft__notice_rule rule = {.pattern = aft__compile_text(cx, item->key)};
  bool set;
  if (!pattern_fits(cx, item->key))
    unknown_event(cx, item);
  for (size_t i = 0; i < AFT__COUNT(flags); i++)
    if (aft__node_bool(aft__node_get(map, flags[i].key), &set)) {
      rule.says |= flags[i].flag;
      rule.flags |= set ? flags[i].flag : 0;
    }
  if (topic)
    rule.topic = aft__compile_text(cx, topic->text);
  if (aft__node_get(map, "channels")) {
    rule.says |= AFT__NOTICE_LISTS;
    rule.channels = channels_of(cx, map);
  }
  if (aft__node_duration(aft__node_get(map, "coalesce"), &rule.coalesce_ms))
    rule.says |= AFT__NOTICE_JOINS;
  if ((rule.flags & AFT__NOTICE_MUST) && rule.coalesce_ms)
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "what must be sent is never made one with others");
  if ((rule.flags & AFT__NOTICE_MUST) && (rule.flags & AFT__NOTICE_OFF))
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "what must be sent cannot be off");
  aft__compile_add(cx, AFT__SECTION_NOTICES, &rule);
}

/* ---- events that the desk itself sends ---- */

/* The part of the policy without which the desk never sends it. */
static bool may_be_sent(const aft__compile *cx, aft_str event) {
  aft__notice_group group;
  if (!aft__notice_group_of(event, &group) || group == AFT__NOTICES_OF_TICKET)
    return true;
  return aft__node_get(cx->root, group == AFT__NOTICES_OF_CASE ? "cases" : "survey") != NULL;
}

static void check_own(aft__compile *cx) {
  const aft__node *texts = aft__node_get(aft__node_get(cx->root, "texts"), "en");
  for (uint32_t i = 0; texts && aft__notice_own(i); i++) {
    char *key = aft__arena_printf(cx->arena, AFT__NOTICE_PREFIX "%s", aft__notice_own(i));
    if (!key)
      cx->nomem = true;
    else if (may_be_sent(cx, aft__cstr(aft__notice_own(i))) && !aft__node_get(texts, key))
      aft__fault_node(cx->faults, AFT_E_POLICY, texts, "the catalogue has no text '%s', which the desk sends",
                      key);
  }
}

static void each_item(aft__compile *cx, const aft__node *map,
                      void (*fn)(aft__compile *cx, const aft__item *item)) {
  for (uint32_t i = 0; map && map->kind == AFT__NODE_MAP && i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    if (map->items[i].value->kind == AFT__NODE_MAP)
      fn(cx, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
}

void aft__compile_notices(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "notifications");
  size_t section = aft__path_push(cx->faults, aft__cstr("notifications"));
  size_t mark = aft__path_push(cx->faults, aft__cstr("channels"));
  each_item(cx, aft__node_get(map, "channels"), compile_channel);
  aft__path_pop(cx->faults, mark);
  aft__compile_quiet(cx);
  mark = aft__path_push(cx->faults, aft__cstr("events"));
  each_item(cx, aft__node_get(map, "events"), compile_rule);
  aft__path_pop(cx->faults, mark);
  aft__path_pop(cx->faults, section);
  if (!cx->again)
    check_own(cx);
}
