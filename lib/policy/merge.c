/* Several trees as one: maps by key, other values replace, null removes. */
#include "policy/policy_priv.h"

#include <stdlib.h>

static aft_str key_at(const void *items, uint32_t i) { return ((const aft__item *)items)[i].key; }

static int by_key(const void *a, const void *b) {
  return aft__str_cmp(((const aft__item *)a)->key, ((const aft__item *)b)->key);
}

/* Items of a merged map are sorted by key. */
static aft__item *find(aft__item *items, uint32_t count, aft_str key) {
  aft__item wanted = {key, NULL, 0, 0, 0, 0};
  return count ? bsearch(&wanted, items, count, sizeof(*items), by_key) : NULL;
}

static aft__node *copy_of(aft__faults *faults, const aft__node *node, uint32_t room) {
  aft__node *copy = aft__arena_alloc(faults->arena, sizeof(*copy));
  aft__item *items = room ? aft__arena_alloc(faults->arena, room * sizeof(*items)) : NULL;
  if (!copy || (room && !items)) {
    faults->nomem = true;
    return NULL;
  }
  *copy = *node;
  copy->items = items;
  copy->count = 0;
  return copy;
}

static const aft__node *merge_map(aft__faults *faults, const aft__node *base, const aft__node *over);
static const aft__node *merge_list(aft__faults *faults, const aft__node *over);

static const aft__node *merge_value(aft__faults *faults, const aft__node *base, const aft__node *over) {
  if (over->kind == AFT__NODE_LIST)
    return merge_list(faults, over);
  if (over->kind == AFT__NODE_MAP)
    return merge_map(faults, base && base->kind == AFT__NODE_MAP ? base : NULL, over);
  return over;
}

static const aft__node *merge_list(aft__faults *faults, const aft__node *over) {
  aft__node *out = copy_of(faults, over, over->count);
  if (!out)
    return NULL;
  for (uint32_t i = 0; i < over->count; i++) {
    aft__item item = over->items[i];
    item.value = merge_value(faults, NULL, item.value);
    if (!item.value)
      return NULL;
    if (item.value->kind == AFT__NODE_NULL)
      aft__fault_node(faults, AFT_E_POLICY, item.value, "a list cannot hold an empty value");
    else
      out->items[out->count++] = item;
  }
  return out;
}

static bool apply(aft__faults *faults, aft__node *out, uint32_t based, const aft__item *item) {
  aft__item *old = find(out->items, based, item->key);
  size_t mark = aft__path_push(faults, item->key);
  const aft__node *value = merge_value(faults, old ? old->value : NULL, item->value);
  if (value && value->kind == AFT__NODE_NULL && !old)
    aft__fault_key(faults, AFT_E_POLICY_KEY, item, "there is no such key to remove%s",
                   aft__did_you_mean(faults, item->key, out->items, based, key_at));
  aft__path_pop(faults, mark);
  if (!value)
    return false;
  aft__item made = *item;
  made.value = value;
  if (old)
    *old = made;
  else
    out->items[out->count++] = made;
  return true;
}

static const aft__node *merge_map(aft__faults *faults, const aft__node *base, const aft__node *over) {
  uint32_t based = base ? base->count : 0;
  aft__node *out = copy_of(faults, over, based + over->count);
  if (!out)
    return NULL;
  if (based > 0)
    memcpy(out->items, base->items, based * sizeof(*out->items));
  out->count = based;
  for (uint32_t i = 0; i < over->count; i++)
    if (!apply(faults, out, based, &over->items[i]))
      return NULL;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < out->count; i++)
    if (out->items[i].value->kind != AFT__NODE_NULL)
      out->items[kept++] = out->items[i];
  out->count = kept;
  if (kept > 1)
    qsort(out->items, kept, sizeof(*out->items), by_key);
  return out;
}

const aft__node *aft__merge(aft__faults *faults, const aft__node *base, const aft__node *over) {
  return merge_value(faults, base, over);
}

static void canonical(const aft__node *node, aft__json *json) {
  if (node->kind == AFT__NODE_MAP) {
    aft__json_open(json, '{');
    for (uint32_t i = 0; i < node->count; i++) {
      aft__json_key(json, node->items[i].key.data);
      canonical(node->items[i].value, json);
    }
    aft__json_close(json, '}');
  } else if (node->kind == AFT__NODE_LIST) {
    aft__json_open(json, '[');
    for (uint32_t i = 0; i < node->count; i++)
      canonical(node->items[i].value, json);
    aft__json_close(json, ']');
  } else {
    aft__json_str(json, node->text);
  }
}

void aft__canonical(const aft__node *node, aft__buf *out) {
  aft__json json;
  aft__json_init(&json, out);
  canonical(node, &json);
}

/* Merged maps are sorted, documents as they were read are not; neither lookup is on a hot path. */
const aft__item *aft__node_find(const aft__node *map, const char *key) {
  if (!map || map->kind != AFT__NODE_MAP)
    return NULL;
  aft__item *item = find(map->items, map->count, aft__cstr(key));
  return item;
}

const aft__node *aft__node_get(const aft__node *map, const char *key) {
  const aft__item *item = aft__node_find(map, key);
  return item ? item->value : NULL;
}

bool aft__node_duration(const aft__node *node, int64_t *ms) {
  return node && node->kind == AFT__NODE_TEXT && aft__duration_parse(node->text, ms, NULL) >= 0;
}

bool aft__node_int(const aft__node *node, int64_t *out) {
  if (!node || node->kind != AFT__NODE_TEXT || node->text.len == 0 || node->text.len > 18)
    return false;
  const char *p = node->text.data, *end = p + node->text.len;
  bool minus = *p == '-';
  p += minus || *p == '+';
  if (p == end)
    return false;
  int64_t n = 0;
  for (; p < end; p++) {
    if (*p < '0' || *p > '9')
      return false;
    n = n * 10 + (*p - '0');
  }
  *out = minus ? -n : n;
  return true;
}

bool aft__node_bool(const aft__node *node, bool *out) {
  if (!node || node->kind != AFT__NODE_TEXT)
    return false;
  bool yes = aft__str_eq(node->text, aft__cstr("true"));
  if (!yes && !aft__str_eq(node->text, aft__cstr("false")))
    return false;
  *out = yes;
  return true;
}
