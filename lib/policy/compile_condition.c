/* Compiling conditions: all, any, not and tests of facts, checked against facts.def. */
#include "policy/policy_priv.h"

typedef enum fact_type {
  TEXT,
  NUMBER,
  FLAG
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

static bool listed(const aft__node *list, aft_str name) {
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++)
    if (aft__str_eq(list->items[i].value->text, name))
      return true;
  return false;
}

static bool topic_known(const aft__node *categories, aft_str name) {
  for (uint32_t i = 0; i < categories->count; i++)
    if (listed(aft__node_get(categories->items[i].value, "topics"), name))
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
  static const char *const acts[] = {"request", "question", "acknowledgement", "greeting", "closing",
                                     "answer",  NULL};
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
  if (map && map->kind == AFT__NODE_MAP) {
    ok = id == AFT__FACT_TOPIC   ? topic_known(map, value->text)
         : id == AFT__FACT_STATE ? state_known(map, value->text)
                                 : aft__node_find(map, value->text.data) != NULL;
  } else if (id == AFT__FACT_COMPLAINT) {
    ok = one_of(complaints, value->text);
    expected = "none, service, regulator or media";
  } else if (id == AFT__FACT_ACT) {
    ok = one_of(acts, value->text);
    expected = "request, question, acknowledgement, greeting, closing or answer";
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

static void test_scalar(aft__compile *cx, uint32_t index, uint32_t id, const aft__node *value) {
  aft__condition c = {AFT__OP_EQUAL, id, 0, 0, 0, 0, 0};
  bool flag = false;
  if (facts[id].type == TEXT) {
    c.op = AFT__OP_TEXT;
    c.text = aft__compile_text(cx, value->text);
    check_value(cx, id, value);
  } else if (facts[id].type == FLAG) {
    if (!aft__node_bool(value, &flag))
      aft__fault_node(cx->faults, AFT_E_POLICY, value, "the fact '%s' is true or false, found '%.*s'",
                      facts[id].name, (int)aft__utf8_cut(value->text, 60), value->text.data);
    c.number = flag;
  } else if (!aft__node_int(value, &c.number)) {
    aft__fault_node(cx->faults, AFT_E_POLICY, value, "the fact '%s' is a whole number, found '%.*s'",
                    facts[id].name, (int)aft__utf8_cut(value->text, 60), value->text.data);
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
static void test_bounds(queue *q, uint32_t index, uint32_t id, const aft__node *bounds) {
  aft__compile *cx = q->cx;
  if (facts[id].type != NUMBER) {
    aft__fault_node(cx->faults, AFT_E_POLICY, bounds, "only numbers have bounds, and the fact '%s' is %s",
                    facts[id].name, facts[id].type == TEXT ? "a text" : "true or false");
    return;
  }
  uint32_t first = 0;
  set_group(q, index, AFT__OP_ALL, bounds->count, &first);
  for (uint32_t i = 0; i < bounds->count; i++) {
    const aft__item *item = &bounds->items[i];
    aft__condition c = {AFT__OP_EQUAL, id, 0, 0, 0, 0, 0};
    if (!bound_op(item->key, &c.op))
      aft__fault_key(cx->faults, AFT_E_POLICY_KEY, item,
                     "expected above, below, at_least or at_most, found '%.*s'",
                     (int)aft__utf8_cut(item->key, 60), item->key.data);
    if (!aft__node_int(item->value, &c.number))
      aft__fault_node(cx->faults, AFT_E_POLICY, item->value, "expected a whole number");
    if (!cx->nomem)
      *at(cx, first + i) = c;
  }
}

static void test_fact(queue *q, uint32_t index, uint32_t id, const aft__node *value) {
  if (value->kind == AFT__NODE_TEXT) {
    test_scalar(q->cx, index, id, value);
  } else if (value->count == 0) {
    aft__fault_node(q->cx->faults, AFT_E_POLICY, value, "expected something to compare the fact '%s' with",
                    facts[id].name);
  } else if (value->kind == AFT__NODE_MAP) {
    test_bounds(q, index, id, value);
  } else if (value->kind == AFT__NODE_LIST) {
    uint32_t first = 0;
    set_group(q, index, AFT__OP_ANY, value->count, &first);
    for (uint32_t i = 0; i < value->count && !q->cx->nomem; i++) {
      if (value->items[i].value->kind == AFT__NODE_TEXT)
        test_scalar(q->cx, first + i, id, value->items[i].value);
      else
        aft__fault_node(q->cx->faults, AFT_E_POLICY, value->items[i].value,
                        "expected a list of plain values");
    }
  }
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
