/* Compiling conditions: all, any, not and tests of facts, checked against facts.def, and of a record's tags
 * and attributes, checked against what the policy declares. */
#include "policy/policy_priv.h"

typedef enum fact_type {
  TEXT,
  NUMBER,
  FLAG,
  TAGS,
  VALUES
} fact_type;

typedef struct fact {
  const char *name;
  fact_type type;
} fact;

static const fact facts[AFT__FACTS] = {
#define AFT__FACT(id, name, type) {name, type},
#include "policy/facts.def"
#undef AFT__FACT
};

/* What a test compares: a fact, or one attribute of a fact that has many. */
typedef struct target {
  uint32_t fact;
  const char *what;           /* "the fact 'tone'", "the attribute 'warranty'" */
  const aft__node *attribute; /* its declaration */
  aft__value_type type;       /* of an attribute */
  uint32_t name;              /* text: of an attribute */
  bool bounded, text;
} target;

/* A condition that still has to be written: node tells what, index where. */
typedef struct job {
  struct job *next;
  const aft__node *node; /* the map of tests */
  const aft__item *item; /* one test of a map; NULL for a whole condition */
  uint32_t index;
} job;

typedef struct queue {
  aft__compile *cx;
  job *first, **last;
} queue;

static aft_str fact_name(const void *list, uint32_t i) { return aft__cstr(((const fact *)list)[i].name); }

static aft__condition *at(aft__compile *cx, uint32_t index) {
  return (aft__condition *)(void *)cx->section[AFT__SECTION_CONDITIONS].data + index;
}

static uint32_t reserve(aft__compile *cx, uint32_t n) {
  uint32_t first = aft__compile_count(cx, AFT__SECTION_CONDITIONS);
  aft__condition empty = {AFT__OP_ALL, 0, 0, 0, 0, 0, 0};
  for (uint32_t i = 0; i < n; i++)
    aft__compile_add(cx, AFT__SECTION_CONDITIONS, &empty);
  return first;
}

static void push(queue *q, uint32_t index, const aft__node *node, const aft__item *item) {
  job *j = aft__arena_alloc(q->cx->arena, sizeof(*j));
  if (!j) {
    q->cx->nomem = true;
    return;
  }
  j->index = index;
  j->node = node;
  j->item = item;
  *q->last = j;
  q->last = &j->next;
}

static void set_group(queue *q, uint32_t index, aft__op op, uint32_t n, uint32_t *first) {
  *first = reserve(q->cx, n);
  if (q->cx->nomem)
    return;
  aft__condition *c = at(q->cx, index);
  c->op = op;
  c->first = n > 0 ? *first : 0;
  c->count = n;
}

static aft_str category_key(const void *items, uint32_t i) { return ((const aft__item *)items)[i].key; }

bool aft__node_lists(const aft__node *list, aft_str text) {
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++)
    if (aft__str_eq(list->items[i].value->text, text))
      return true;
  return false;
}

bool aft__topic_known(const aft__node *categories, aft_str name) {
  bool map = categories && categories->kind == AFT__NODE_MAP;
  for (uint32_t i = 0; map && i < categories->count; i++)
    if (aft__node_lists(aft__node_get(categories->items[i].value, "topics"), name))
      return true;
  return false;
}

static bool state_known(const aft__node *machines, aft_str name) {
  for (uint32_t i = 0; i < machines->count; i++)
    if (aft__node_get(aft__node_get(machines->items[i].value, "states"), name.data))
      return true;
  return false;
}

static bool one_of(const char *const *list, aft_str name) {
  for (; *list; list++)
    if (aft__str_eq(aft__cstr(*list), name))
      return true;
  return false;
}

/* Texts of facts whose values the policy or the library lists must be one of them. */
static void check_value(aft__compile *cx, uint32_t id, const aft__node *value) {
  static const char *const complaints[] = {"none", "service", "regulator", "media", NULL};
  static const char *const acts[] = {"request",  "question", "answer",  "acknowledgement",
                                     "greeting", "human",    "closing", NULL};
  const aft__node *map = NULL;
  bool ok = true;
  const char *expected = NULL;
  if (value->text.len == 0)
    return;
  if (id == AFT__FACT_CATEGORY || id == AFT__FACT_LABEL || id == AFT__FACT_TOPIC)
    map = aft__node_get(cx->root, "categories");
  else if (id == AFT__FACT_PRIORITY)
    map = aft__node_get(aft__node_get(cx->root, "priority"), "levels");
  else if (id == AFT__FACT_STATE)
    map = aft__node_get(cx->root, "machines");
  else if (id == AFT__FACT_QUEUE)
    map = aft__node_get(cx->root, "queues");
  else if (id == AFT__FACT_REASON)
    map = aft__node_get(aft__node_get(cx->root, "cases"), "reasons");
  if (map && map->kind == AFT__NODE_MAP) {
    ok = id == AFT__FACT_TOPIC   ? aft__topic_known(map, value->text)
         : id == AFT__FACT_STATE ? state_known(map, value->text)
                                 : aft__node_find(map, value->text.data) != NULL;
  } else if (id == AFT__FACT_COMPLAINT) {
    ok = one_of(complaints, value->text);
    expected = "none, service, regulator or media";
  } else if (id == AFT__FACT_ACT) {
    ok = one_of(acts, value->text);
    expected = "request, question, answer, acknowledgement, greeting, human or closing";
  }
  if (ok)
    return;
  if (expected) {
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "%s must be %s, found '%.*s'", facts[id].name, expected,
                    (int)aft__utf8_cut(value->text, 60), value->text.data);
    return;
  }
  bool keys = id != AFT__FACT_TOPIC && id != AFT__FACT_STATE;
  aft__fault_node(
      cx->faults, AFT_E_POLICY, value, "the policy has no %s '%.*s'%s",
      id == AFT__FACT_LABEL ? "category" : facts[id].name, (int)aft__utf8_cut(value->text, 60),
      value->text.data,
      keys ? aft__did_you_mean(cx->faults, value->text, map->items, map->count, category_key) : "");
}

/* ---- one comparison ---- */

static const char *expected_of(const target *t) {
  static const char *const attributes[AFT__VALUE_TYPES] = {
      [AFT__VALUE_TEXT] = "a text",
      [AFT__VALUE_CHOICE] = "one of its choices",
      [AFT__VALUE_DATE] = "a date such as 2026-11-23",
      [AFT__VALUE_NUMBER] = "a whole number",
      [AFT__VALUE_FLAG] = "true or false",
      [AFT__VALUE_TIME] = "a time such as 2026-11-23T09:30:00+08:00"};
  static const char *const types[] = {"a text", "a whole number", "true or false", "a tag", "a map"};
  return t->attribute ? attributes[t->type] : types[facts[t->fact].type];
}

static void unfit(aft__compile *cx, const target *t, const aft__node *value) {
  aft__fault_node(cx->faults, AFT_E_POLICY, value, "%s is %s, found '%.*s'", t->what, expected_of(t),
                  (int)aft__utf8_cut(value->text, 60), value->text.len ? value->text.data : "");
}

static bool number_of(const target *t, const aft__node *value, int64_t *out) {
  bool flag = false;
  if (t->attribute)
    return aft__label_key(t->type, value->text, out);
  if (facts[t->fact].type == NUMBER)
    return aft__node_int(value, out);
  if (!aft__node_bool(value, &flag))
    return false;
  *out = flag;
  return true;
}

static bool is_choice(const target *t, const aft__node *value) {
  return t->type != AFT__VALUE_CHOICE || aft__node_lists(aft__node_get(t->attribute, "choices"), value->text);
}

static void test_scalar(aft__compile *cx, uint32_t index, const target *t, const aft__node *value) {
  aft__condition c = {AFT__OP_EQUAL, t->fact, 0, 0, 0, t->name, 0};
  if (facts[t->fact].type == TAGS) {
    c.op = AFT__OP_TEXT;
    c.text = aft__compile_text(cx, aft__compile_tag(cx, value->text));
    if (!c.text)
      unfit(cx, t, value);
  } else if (t->text) {
    c.op = AFT__OP_TEXT;
    c.text = aft__compile_text(cx, value->text);
    if (!t->attribute)
      check_value(cx, t->fact, value);
    else if (!is_choice(t, value))
      unfit(cx, t, value);
  } else if (!number_of(t, value, &c.number)) {
    unfit(cx, t, value);
  }
  if (!cx->nomem)
    *at(cx, index) = c;
}

static bool bound_op(aft_str name, uint32_t *op) {
  static const char *const names[] = {"above", "below", "at_least", "at_most"};
  for (uint32_t i = 0; i < AFT__COUNT(names); i++) {
    if (aft__str_eq(aft__cstr(names[i]), name)) {
      *op = AFT__OP_ABOVE + i;
      return true;
    }
  }
  return false;
}

/* {above: 10, at_most: 20}: all of the bounds. */
static void test_bounds(queue *q, uint32_t index, const target *t, const aft__node *bounds) {
  aft__compile *cx = q->cx;
  if (!t->bounded) {
    aft__fault_node(cx->faults, AFT_E_POLICY, bounds, "only numbers have bounds, and %s is %s", t->what,
                    expected_of(t));
    return;
  }
  uint32_t first = 0;
  set_group(q, index, AFT__OP_ALL, bounds->count, &first);
  for (uint32_t i = 0; i < bounds->count; i++) {
    const aft__item *item = &bounds->items[i];
    aft__condition c = {AFT__OP_EQUAL, t->fact, 0, 0, 0, t->name, 0};
    if (!bound_op(item->key, &c.op))
      aft__fault_key(cx->faults, AFT_E_POLICY_KEY, item,
                     "expected above, below, at_least or at_most, found '%.*s'",
                     (int)aft__utf8_cut(item->key, 60), item->key.data);
    if (item->value->kind != AFT__NODE_TEXT || !number_of(t, item->value, &c.number))
      aft__fault_node(cx->faults, AFT_E_POLICY, item->value, "expected %s", expected_of(t));
    if (!cx->nomem)
      *at(cx, first + i) = c;
  }
}

static void test_target(queue *q, uint32_t index, const target *t, const aft__node *value) {
  if (value->kind == AFT__NODE_TEXT) {
    test_scalar(q->cx, index, t, value);
  } else if (value->count == 0) {
    aft__fault_node(q->cx->faults, AFT_E_POLICY, value, "expected something to compare %s with", t->what);
  } else if (value->kind == AFT__NODE_MAP) {
    test_bounds(q, index, t, value);
  } else if (value->kind == AFT__NODE_LIST) {
    uint32_t first = 0;
    set_group(q, index, AFT__OP_ANY, value->count, &first);
    for (uint32_t i = 0; i < value->count && !q->cx->nomem; i++) {
      if (value->items[i].value->kind == AFT__NODE_TEXT)
        test_scalar(q->cx, first + i, t, value->items[i].value);
      else
        aft__fault_node(q->cx->faults, AFT_E_POLICY, value->items[i].value,
                        "expected a list of plain values");
    }
  }
}

/* ---- facts, tags and attributes ---- */

static const char *named(aft__compile *cx, const char *kind, aft_str name) {
  char *text = aft__arena_printf(cx->arena, "the %s '%.*s'", kind, (int)aft__utf8_cut(name, 60), name.data);
  if (!text)
    cx->nomem = true;
  return text ? text : kind;
}

static void test_attribute(queue *q, uint32_t index, uint32_t id, const aft__item *item) {
  aft__compile *cx = q->cx;
  const aft__node *all =
      aft__node_get(aft__node_get(cx->root, "attributes"), aft__label_kinds[id - AFT__FACT_ATTRIBUTE]);
  const aft__node *attribute = aft__node_get(all, item->key.data);
  if (!attribute) {
    uint32_t n = all && all->kind == AFT__NODE_MAP ? all->count : 0;
    aft__fault_key(cx->faults, AFT_E_POLICY_KEY, item, "the policy has no attribute '%.*s' of a %s%s",
                   (int)aft__utf8_cut(item->key, 60), item->key.data,
                   aft__label_kinds[id - AFT__FACT_ATTRIBUTE],
                   n ? aft__did_you_mean(cx->faults, item->key, all->items, n, category_key) : "");
    return;
  }
  target t = {.fact = id, .attribute = attribute, .type = aft__attribute_type(attribute)};
  t.what = named(cx, "attribute", item->key);
  t.name = aft__compile_text(cx, item->key);
  t.text = t.type == AFT__VALUE_TEXT || t.type == AFT__VALUE_CHOICE;
  t.bounded = !t.text && t.type != AFT__VALUE_FLAG;
  test_target(q, index, &t, item->value);
}

/* {attribute: {warranty: true, amount: {above: 100}}}: all of them. */
static void test_attributes(queue *q, uint32_t index, uint32_t id, const aft__node *value) {
  if (value->kind != AFT__NODE_MAP || value->count == 0) {
    aft__fault_node(q->cx->faults, AFT_E_POLICY, value,
                    "expected a map of attributes such as {amount: {above: 100}}");
    return;
  }
  uint32_t first = 0;
  set_group(q, index, AFT__OP_ALL, value->count, &first);
  for (uint32_t i = 0; i < value->count && !q->cx->nomem; i++)
    test_attribute(q, first + i, id, &value->items[i]);
}

static void test_fact(queue *q, uint32_t index, uint32_t id, const aft__node *value) {
  fact_type type = facts[id].type;
  q->cx->tests |= aft__fact_bit((aft__fact_id)id);
  if (type == VALUES) {
    test_attributes(q, index, id, value);
    return;
  }
  target t = {.fact = id, .text = type == TEXT, .bounded = type == NUMBER};
  t.what = named(q->cx, "fact", aft__cstr(facts[id].name));
  test_target(q, index, &t, value);
}

/* all, any: a list of conditions; not: one condition or a list of which none may hold. */
static void group(queue *q, uint32_t index, aft__op op, const aft__item *item) {
  const aft__node *value = item->value;
  uint32_t first = 0;
  if (value->kind == AFT__NODE_LIST) {
    set_group(q, index, op, value->count, &first);
    for (uint32_t i = 0; i < value->count && !q->cx->nomem; i++)
      push(q, first + i, value->items[i].value, NULL);
  } else if (value->kind == AFT__NODE_MAP && op == AFT__OP_NOT) {
    set_group(q, index, op, 1, &first);
    push(q, first, value, NULL);
  } else {
    aft__fault_node(q->cx->faults, AFT_E_POLICY, value, "expected a list of conditions");
  }
}

static void test(queue *q, uint32_t index, const aft__item *item) {
  static const char *const groups[] = {"all", "any", "not"};
  for (uint32_t i = 0; i < AFT__COUNT(groups); i++) {
    if (aft__str_eq(aft__cstr(groups[i]), item->key)) {
      group(q, index, (aft__op)(AFT__OP_ALL + i), item);
      return;
    }
  }
  for (uint32_t id = 0; id < AFT__FACTS; id++) {
    if (aft__str_eq(aft__cstr(facts[id].name), item->key)) {
      test_fact(q, index, id, item->value);
      return;
    }
  }
  aft__fault_key(q->cx->faults, AFT_E_POLICY_KEY, item, "there is no fact '%.*s' to test%s",
                 (int)aft__utf8_cut(item->key, 60), item->key.data,
                 aft__did_you_mean(q->cx->faults, item->key, facts, AFT__FACTS, fact_name));
}

/* Several tests of one map: all of them. One test needs no group. */
static void whole(queue *q, const job *j) {
  const aft__node *node = j->node;
  if (node->kind != AFT__NODE_MAP || node->count == 0) {
    aft__fault_node(q->cx->faults, AFT_E_POLICY, node,
                    "expected a condition such as {category: logistics}, found %s",
                    node->kind == AFT__NODE_MAP ? "an empty map" : "something else");
    return;
  }
  if (node->count == 1) {
    test(q, j->index, &node->items[0]);
    return;
  }
  uint32_t first = 0;
  set_group(q, j->index, AFT__OP_ALL, node->count, &first);
  for (uint32_t i = 0; i < node->count && !q->cx->nomem; i++)
    push(q, first + i, node, &node->items[i]);
}

/* Breadth first, so that the children of later conditions stand behind those of earlier ones: the check
 * of an image relies on it. */
uint32_t aft__compile_condition(aft__compile *cx, const aft__node *when) {
  queue q = {cx, NULL, NULL};
  q.last = &q.first;
  uint32_t root = reserve(cx, 1);
  push(&q, root, when, NULL);
  for (const job *j = q.first; j && !cx->nomem; j = j->next) {
    if (j->item)
      test(&q, j->index, j->item);
    else
      whole(&q, j);
  }
  return root;
}
