/* Compiling forms: fields with types, bounds, choices and meanings. */
#include "policy/policy_priv.h"

static uint32_t whole(const aft__node *map, const char *key, uint32_t otherwise) {
  int64_t n = 0;
  if (!aft__node_int(aft__node_get(map, key), &n) || n < 0 || n > 1000000)
    return otherwise;
  return (uint32_t)n;
}

static uint32_t type_of(const aft__node *type) {
  for (uint32_t i = 0; type && i < AFT__FIELD_TYPES; i++)
    if (aft__str_eq(aft__cstr(aft__field_types[i]), type->text))
      return i;
  return AFT__FIELD_TEXT;
}

static void compile_choices(aft__compile *cx, const aft__node *choices, aft__form_field *field) {
  field->first = aft__compile_count(cx, AFT__SECTION_CHOICES);
  for (uint32_t i = 0; choices && choices->kind == AFT__NODE_LIST && i < choices->count; i++) {
    uint32_t text = aft__compile_text(cx, choices->items[i].value->text);
    aft__compile_add(cx, AFT__SECTION_CHOICES, &text);
    field->count++;
  }
}

static void compile_field(aft__compile *cx, const aft__item *item) {
  const aft__node *node = item->value, *meaning = aft__node_get(node, "meaning");
  const aft__node *choices = aft__node_get(node, "choices");
  bool required = false;
  aft__form_field field = {0};
  field.name = aft__compile_text(cx, item->key);
  field.type = type_of(aft__node_get(node, "type"));
  field.meaning = meaning ? aft__compile_text(cx, meaning->text) : 0;
  field.required = aft__node_bool(aft__node_get(node, "required"), &required) && required;
  field.least = whole(node, "least", 0);
  field.most = whole(node, "most", field.type == AFT__FIELD_NUMBER ? 1000000000 : 1000);
  compile_choices(cx, choices, &field);
  if (field.type == AFT__FIELD_CHOICE && field.count == 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "a field of type choice needs choices");
  if (field.type != AFT__FIELD_CHOICE && choices)
    aft__fault_node(cx->faults, AFT_E_POLICY, choices, "only a field of type choice has choices");
  if (field.least > field.most)
    aft__fault_node(cx->faults, AFT_E_POLICY, node, "least is %u, which is more than most, %u", field.least,
                    field.most);
  aft__compile_add(cx, AFT__SECTION_FIELDS, &field);
}

static void compile_form(aft__compile *cx, const aft__item *item) {
  const aft__node *fields = aft__node_get(item->value, "fields");
  aft__form form = {aft__compile_text(cx, item->key), aft__compile_count(cx, AFT__SECTION_FIELDS), 0, 0};
  for (uint32_t i = 0; fields && fields->kind == AFT__NODE_MAP && i < fields->count; i++) {
    size_t mark = aft__path_push(cx->faults, fields->items[i].key);
    compile_field(cx, &fields->items[i]);
    form.count++;
    aft__path_pop(cx->faults, mark);
  }
  aft__compile_add(cx, AFT__SECTION_FORMS, &form);
}

void aft__compile_forms(aft__compile *cx) {
  const aft__node *forms = aft__node_get(cx->root, "forms");
  size_t section = aft__path_push(cx->faults, aft__cstr("forms"));
  for (uint32_t i = 0; forms && forms->kind == AFT__NODE_MAP && i < forms->count; i++) {
    size_t mark = aft__path_push(cx->faults, forms->items[i].key);
    compile_form(cx, &forms->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}
