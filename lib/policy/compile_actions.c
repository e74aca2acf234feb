/* Compiling what rules and macros do: each action with its value, checked against what the policy has. */
#include "policy/policy_priv.h"

typedef enum aft__argument {
  CATEGORY,
  TOPIC,
  LEVEL,
  ATTRIBUTES,
  TAG,
  AGENT,
  QUEUE,
  TEAM,
  KEY, /* of a text "<word>.<key>" in the catalogue */
  FILING,
  TASK,
  NOTHING,
  RESOLUTION
} aft__argument;

static const struct {
  const char *word;
  aft__argument argument;
} known[AFT__ACTIONS] = {
#define AFT__ACTION(id, word, argument, raises, later) {word, argument},
#include "policy/actions.def"
#undef AFT__ACTION
};

static aft_str word_at(const void *list, uint32_t i) {
  (void)list;
  return aft__cstr(known[i].word);
}

static bool find_word(aft_str word, aft__action_kind *out) {
  for (uint32_t i = 0; i < AFT__ACTIONS; i++)
    if (aft__str_eq(word, aft__cstr(known[i].word))) {
      *out = (aft__action_kind)i;
      return true;
    }
  return false;
}

/* Whether a word takes a map of keys, as `set` does. */
static bool has_keys(aft_str word) {
  for (uint32_t i = 0; i < AFT__ACTIONS; i++) {
    const char *dot = strchr(known[i].word, '.');
    if (dot && aft__str_eq(word, aft__str(known[i].word, (size_t)(dot - known[i].word))))
      return true;
  }
  return false;
}

static void add(aft__compile *cx, aft__action_kind kind, aft_str name, aft_str value, int64_t number) {
  aft__action action = {.kind = kind, .number = number};
  action.name = aft__compile_text(cx, name);
  action.value = aft__compile_text(cx, value);
  aft__compile_add(cx, AFT__SECTION_ACTIONS, &action);
}

static void lacks(aft__compile *cx, const aft__node *at, const char *what, const aft__node *map) {
  bool listed = map && map->kind == AFT__NODE_MAP;
  aft__fault_node(
      cx->faults, AFT_E_POLICY, at, "the policy has no %s '%.*s'%s", what, (int)aft__utf8_cut(at->text, 60),
      at->text.data ? at->text.data : "",
      listed ? aft__did_you_mean(cx->faults, at->text, map->items, map->count, aft__item_key) : "");
}

static bool is_key_of(const aft__node *map, aft_str name) {
  return name.len && map && map->kind == AFT__NODE_MAP && aft__node_find(map, name.data);
}

/* A name that is a key of one of the policy's maps. */
static void add_name(aft__compile *cx, aft__action_kind kind, const aft__node *value, const char *what,
                     const aft__node *map) {
  if (!is_key_of(map, value->text))
    lacks(cx, value, what, map);
  add(cx, kind, (aft_str){0}, value->text, 0);
}

static void add_topic(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  if (!aft__topic_known(aft__node_get(cx->root, "categories"), value->text))
    lacks(cx, value, "topic", NULL);
  add(cx, kind, (aft_str){0}, value->text, 0);
}

static void add_tag(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  aft_str form = aft__compile_tag(cx, value->text);
  if (form.len == 0 || form.len > AFT__TAG_BYTES)
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "a tag has 1 to %d bytes", AFT__TAG_BYTES);
  add(cx, kind, (aft_str){0}, form, 0);
}

static void add_key(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  aft__notice_group group;
  const aft__node *texts = aft__node_get(aft__node_get(cx->root, "texts"), "en");
  const char *full = aft__arena_printf(cx->arena, "%s.%.*s", known[kind].word, (int)value->text.len,
                                       value->text.len ? value->text.data : "");
  cx->nomem |= !full;
  if (full && !aft__node_get(texts, full))
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "the catalogue has no text '%s'", full);
  if (kind == AFT__ACTION_NOTIFY &&
      (!aft__notice_group_of(value->text, &group) || group != AFT__NOTICES_OF_TICKET))
    aft__fault_node(cx->faults, AFT_E_POLICY, value,
                    "expected a notice of tickets, such as 'ticket.resolved', found '%.*s'",
                    (int)aft__utf8_cut(value->text, 60), value->text.len ? value->text.data : "");
  add(cx, kind, (aft_str){0}, value->text, 0);
}

static void add_team(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  const aft__node *teams = aft__node_get(cx->root, "teams");
  const aft__node *queues =
      value->text.len ? aft__node_get(aft__node_get(teams, value->text.data), "queues") : NULL;
  if (is_key_of(teams, value->text) && (!queues || !queues->count))
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "the team '%.*s' has no queue to wait in",
                    (int)value->text.len, value->text.data);
  add_name(cx, kind, value, "team", teams);
}

/* ---- attributes of the ticket ---- */

static void add_attribute(aft__compile *cx, aft__action_kind kind, const aft__item *item) {
  const aft__node *all = aft__node_get(aft__node_get(cx->root, "attributes"), "ticket");
  const aft__node *attribute = is_key_of(all, item->key) ? aft__node_get(all, item->key.data) : NULL;
  aft__value_type type = aft__attribute_type(attribute);
  int64_t key = 0;
  if (!attribute) {
    uint32_t n = all && all->kind == AFT__NODE_MAP ? all->count : 0;
    aft__fault_key(cx->faults, AFT_E_POLICY_KEY, item, "the policy has no attribute '%.*s' of a ticket%s",
                   (int)aft__utf8_cut(item->key, 60), item->key.data,
                   n ? aft__did_you_mean(cx->faults, item->key, all->items, n, aft__item_key) : "");
    return;
  }
  bool fits =
      item->value->kind == AFT__NODE_TEXT && aft__label_key(type, item->value->text, &key) &&
      (type != AFT__VALUE_CHOICE || aft__node_lists(aft__node_get(attribute, "choices"), item->value->text));
  if (!fits)
    aft__fault_node(cx->faults, AFT_E_POLICY, item->value, "the attribute '%.*s' is a %s, found '%.*s'",
                    (int)item->key.len, item->key.data, aft__value_types[type],
                    (int)aft__utf8_cut(item->value->text, 60),
                    item->value->text.len ? item->value->text.data : "");
  add(cx, kind, item->key, item->value->text, aft__value_is_number(type) ? key : 0);
}

static void add_attributes(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  if (value->kind != AFT__NODE_MAP || value->count == 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "expected a map of attributes such as {warranty: true}");
  for (uint32_t i = 0; value->kind == AFT__NODE_MAP && i < value->count; i++)
    add_attribute(cx, kind, &value->items[i]);
}

/* ---- cases ---- */

static void add_filing(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  const aft__node *of = aft__node_get(value, "kind"), *reason = aft__node_get(value, "reason");
  const aft__node *machines = aft__node_get(cx->root, "machines");
  const aft__node *reasons = aft__node_get(aft__node_get(cx->root, "cases"), "reasons");
  if (value->kind != AFT__NODE_MAP || value->count != 2 || !of || !reason) {
    aft__fault_node(cx->faults, AFT_E_POLICY, value,
                    "expected what to file, such as {kind: return, reason: quality}");
    return;
  }
  if (!is_key_of(machines, of->text) || aft__str_eq(of->text, aft__cstr("ticket")))
    lacks(cx, of, "kind of case", machines);
  if (!is_key_of(reasons, reason->text))
    lacks(cx, reason, "reason", reasons);
  add(cx, kind, of->text, reason->text, 0);
}

/* ---- one action ---- */

static void add_action(aft__compile *cx, aft__action_kind kind, const aft__node *value) {
  const aft__node *root = cx->root;
  aft__argument argument = known[kind].argument;
  bool map = argument == ATTRIBUTES || argument == FILING;
  if (!map && value->kind != AFT__NODE_TEXT) {
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "expected one word as the value of '%s'",
                    known[kind].word);
    return;
  }
  switch (argument) {
  case CATEGORY:
    return add_name(cx, kind, value, "category", aft__node_get(root, "categories"));
  case TOPIC:
    return add_topic(cx, kind, value);
  case LEVEL:
    return add_name(cx, kind, value, "priority", aft__node_get(aft__node_get(root, "priority"), "levels"));
  case ATTRIBUTES:
    return add_attributes(cx, kind, value);
  case TAG:
    return add_tag(cx, kind, value);
  case QUEUE:
    return add_name(cx, kind, value, "queue", aft__node_get(root, "queues"));
  case TEAM:
    return add_team(cx, kind, value);
  case KEY:
    return add_key(cx, kind, value);
  case TASK:
    return add_name(cx, kind, value, "task", aft__node_get(root, "tasks"));
  case FILING:
    return add_filing(cx, kind, value);
  default:
    if (value->text.len == 0)
      aft__fault_node(cx->faults, AFT_E_POLICY, value, "expected a value for '%s'", known[kind].word);
    add(cx, kind, (aft_str){0}, value->text, 0);
  }
}

static void unknown(aft__compile *cx, const aft__node *at, aft_str word) {
  aft__fault_node(cx->faults, AFT_E_POLICY_KEY, at, "there is no action '%.*s'%s",
                  (int)aft__utf8_cut(word, 60), word.len ? word.data : "",
                  aft__did_you_mean(cx->faults, word, known, AFT__ACTIONS, word_at));
}

/* {set: {priority: high, attribute: …}}, {assign: {queue: skilled}}: one action for each key. */
static void add_keys(aft__compile *cx, aft_str word, const aft__node *map) {
  for (uint32_t i = 0; i < map->count; i++) {
    aft__action_kind kind;
    char *full = aft__arena_printf(cx->arena, "%.*s.%.*s", (int)word.len, word.data,
                                   (int)aft__utf8_cut(map->items[i].key, 60), map->items[i].key.data);
    if (!full)
      cx->nomem = true;
    else if (find_word(aft__cstr(full), &kind))
      add_action(cx, kind, map->items[i].value);
    else
      unknown(cx, map->items[i].value, aft__cstr(full));
  }
}

static bool stands_alone(aft__action_kind kind) {
  return known[kind].argument == NOTHING || known[kind].argument == RESOLUTION;
}

static void read_action(aft__compile *cx, const aft__node *node) {
  aft__action_kind kind;
  if (node->kind == AFT__NODE_TEXT && find_word(node->text, &kind) && stands_alone(kind))
    return add(cx, kind, (aft_str){0}, (aft_str){0}, 0);
  if (node->kind != AFT__NODE_MAP || node->count != 1) {
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "expected an action such as {tag: urgent} or 'escalate'");
    return;
  }
  aft_str word = node->items[0].key;
  const aft__node *value = node->items[0].value;
  if (has_keys(word) && value->kind == AFT__NODE_MAP && value->count > 0)
    add_keys(cx, word, value);
  else if (aft__str_eq(word, aft__cstr("assign")) && value->kind == AFT__NODE_TEXT)
    add_action(cx, AFT__ACTION_AGENT, value);
  else if (has_keys(word))
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "expected a map of what to %.*s", (int)word.len,
                    word.data);
  else if (find_word(word, &kind) && known[kind].argument != NOTHING)
    add_action(cx, kind, value);
  else
    unknown(cx, value, word);
}

uint32_t aft__compile_actions(aft__compile *cx, const aft__node *map, uint32_t *first) {
  const aft__node *list = aft__node_get(map, "do");
  *first = aft__compile_count(cx, AFT__SECTION_ACTIONS);
  if (!list || list->kind != AFT__NODE_LIST || list->count == 0) {
    aft__fault_node(cx->faults, AFT_E_POLICY, list ? list : map, "expected a list of actions under 'do'");
    return 0;
  }
  for (uint32_t i = 0; i < list->count && !cx->nomem; i++)
    read_action(cx, list->items[i].value);
  uint32_t n = aft__compile_count(cx, AFT__SECTION_ACTIONS) - *first;
  if (n > AFT__MOST_ACTIONS)
    aft__fault_node(cx->faults, AFT_E_POLICY, list, "expected at most %u actions, found %u",
                    AFT__MOST_ACTIONS, n);
  return n;
}
