/* Compiling what a shop hangs on records: attributes with types and bounds, and the tags it knows. */
#include "policy/policy_priv.h"

#define MOST_TEXT 255

static int64_t whole(const aft__node *map, const char *key, int64_t otherwise) {
  int64_t n = 0;
  return aft__node_int(aft__node_get(map, key), &n) ? n : otherwise;
}

aft__value_type aft__attribute_type(const aft__node *attribute) {
  const aft__node *type = aft__node_get(attribute, "type");
  for (uint32_t i = 0; type && type->kind == AFT__NODE_TEXT && i < AFT__VALUE_TYPES; i++)
    if (aft__str_eq(aft__cstr(aft__value_types[i]), type->text))
      return (aft__value_type)i;
  return AFT__VALUE_TEXT;
}

static void compile_choices(aft__compile *cx, const aft__node *node, aft__attribute *attribute) {
  const aft__node *choices = aft__node_get(node, "choices");
  attribute->first = aft__compile_count(cx, AFT__SECTION_CHOICES);
  for (uint32_t i = 0; choices && choices->kind == AFT__NODE_LIST && i < choices->count; i++) {
    uint32_t text = aft__compile_text(cx, choices->items[i].value->text);
    aft__compile_add(cx, AFT__SECTION_CHOICES, &text);
    attribute->count++;
  }
  if (attribute->type == AFT__VALUE_CHOICE && attribute->count == 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "an attribute of type choice needs choices");
  if (attribute->type != AFT__VALUE_CHOICE && choices)
    aft__fault_node(cx->faults, AFT_E_POLICY, choices, "only an attribute of type choice has choices");
}

static void compile_bounds(aft__compile *cx, const aft__node *node, aft__attribute *attribute) {
  bool number = attribute->type == AFT__VALUE_NUMBER, text = attribute->type == AFT__VALUE_TEXT;
  attribute->least = whole(node, "least", number ? INT64_MIN : 0);
  attribute->most = whole(node, "most", number ? INT64_MAX : MOST_TEXT);
  if (!number && !text && (aft__node_get(node, "least") || aft__node_get(node, "most")))
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "only a number or a text has least and most");
  else if (text && (attribute->least < 0 || attribute->most > MOST_TEXT))
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "a text has 0 to %d characters", MOST_TEXT);
  else if (attribute->least > attribute->most)
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "least is more than most");
}

static void compile_attribute(aft__compile *cx, uint32_t kind, const aft__item *item) {
  bool indexed = false;
  aft__attribute attribute = {.kind = kind, .name = aft__compile_text(cx, item->key)};
  attribute.type = aft__attribute_type(item->value);
  attribute.indexed = aft__node_bool(aft__node_get(item->value, "indexed"), &indexed) && indexed;
  compile_choices(cx, item->value, &attribute);
  compile_bounds(cx, item->value, &attribute);
  aft__compile_add(cx, AFT__SECTION_ATTRIBUTES, &attribute);
}

aft_str aft__compile_tag(aft__compile *cx, aft_str tag) {
  aft__buf form;
  aft_str kept = {0};
  aft__buf_init(&form, cx->env);
  if (aft__normalise(&form, tag, NULL) >= 0 && !form.failed)
    kept = aft__arena_dup(cx->arena, aft__buf_view(&form));
  aft__buf_done(&form);
  cx->nomem |= !kept.data;
  return kept;
}

static void compile_tag(aft__compile *cx, uint32_t kind, const aft__node *tag) {
  aft_str form = aft__compile_tag(cx, tag->text);
  if (form.len == 0 || form.len > AFT__TAG_BYTES) {
    aft__fault_node(cx->faults, AFT_E_POLICY, tag, "a tag has 1 to %d bytes", AFT__TAG_BYTES);
    return;
  }
  aft__known_tag known = {kind, aft__compile_text(cx, form)};
  aft__compile_add(cx, AFT__SECTION_TAGS, &known);
}

static void compile_kind(aft__compile *cx, uint32_t kind) {
  const aft__node *attributes = aft__node_get(aft__node_get(cx->root, "attributes"), aft__label_kinds[kind]);
  const aft__node *tags = aft__node_get(aft__node_get(cx->root, "tags"), aft__label_kinds[kind]);
  for (uint32_t i = 0; attributes && attributes->kind == AFT__NODE_MAP && i < attributes->count; i++) {
    size_t mark = aft__path_push(cx->faults, aft__cstr("attributes"));
    aft__path_push(cx->faults, aft__cstr(aft__label_kinds[kind]));
    aft__path_push(cx->faults, attributes->items[i].key);
    compile_attribute(cx, kind, &attributes->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  for (uint32_t i = 0; tags && tags->kind == AFT__NODE_LIST && i < tags->count; i++) {
    size_t mark = aft__path_push(cx->faults, aft__cstr("tags"));
    aft__path_push(cx->faults, aft__cstr(aft__label_kinds[kind]));
    compile_tag(cx, kind, tags->items[i].value);
    aft__path_pop(cx->faults, mark);
  }
}

void aft__compile_labels(aft__compile *cx) {
  for (uint32_t kind = 0; kind < AFT__LABEL_KINDS; kind++)
    compile_kind(cx, kind);
}
