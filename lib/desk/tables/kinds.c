/* What the API may know of a record's fields: names, types, privacy. */
#include "desk/tables/tables.h"

#include <aftersales/record.h>

#define AFT__PRIVACY_OPEN     false
#define AFT__PRIVACY_PERSONAL true

#define AFT__TABLE(T, t, since) static const aft__field t##_fields[] = {
#define AFT__FIELD(T, number, NAME, name, type, need, since, privacy, meaning) \
  {#name, number, AFT__##T##_##NAME, AFT_TYPE_##type, AFT__PRIVACY_##privacy},
#define AFT__INDEX(...)
#define AFT__CHECK(...)
#define AFT__TABLE_END(T, t, since) \
  }                                 \
  ;
#include "desk/tables/all.def"
#undef AFT__TABLE
#undef AFT__FIELD
#undef AFT__INDEX
#undef AFT__CHECK
#undef AFT__TABLE_END

/* The views' lines stand in one file: each kind keeps its own and drops the other's. */
static const aft__field event_fields[] = {
#define AFT__VIEW(number, NAME, name)
#define SHOW_EVENT(...) __VA_ARGS__
#define SHOW_EFFECT(...)
#define AFT__SHOWN(K, number, NAME, name, type, privacy, column, meaning) \
  SHOW_##K({#name, number, column, AFT_TYPE_##type, AFT__PRIVACY_##privacy}, )
#include "desk/tables/views.def"
#undef SHOW_EVENT
#undef SHOW_EFFECT
};

static const aft__field effect_fields[] = {
#define SHOW_EVENT(...)
#define SHOW_EFFECT(...) __VA_ARGS__
#include "desk/tables/views.def"
#undef SHOW_EVENT
#undef SHOW_EFFECT
#undef AFT__SHOWN
#undef AFT__VIEW
};

#define AFT__IS_PUBLIC true
#define AFT__IS_HIDDEN false

static const aft__kind kinds[AFT__KIND_COUNT] = {
#define AFT__KIND(number, NAME, name, visibility, since) \
  [number] = {#name, &aft__##name##_table, name##_fields, AFT__COUNT(name##_fields), AFT__IS_##visibility},
#include "desk/tables/kinds.def"
#undef AFT__KIND
    [AFT__KIND_EVENT] = {"event", &aft__event_table, event_fields, AFT__COUNT(event_fields), true},
    [AFT__KIND_EFFECT] = {"effect", &aft__outbox_table, effect_fields, AFT__COUNT(effect_fields), true},
};

const aft__kind *aft__kind_get(uint32_t kind) {
  return kind < AFT__KIND_COUNT && kinds[kind].table ? &kinds[kind] : NULL;
}

const aft__field *aft__field_get(uint32_t field) {
  const aft__kind *kind = aft__kind_get(field >> 16);
  if (!kind)
    return NULL;
  for (uint32_t i = 0; i < kind->n_fields; i++)
    if (kind->fields[i].number == (field & 0xffff))
      return &kind->fields[i];
  return NULL;
}

const char *aft_field_name(uint32_t field) {
  const aft__field *found = aft__field_get(field);
  return found ? found->name : NULL;
}

uint32_t aft_field_type(uint32_t field) {
  const aft__field *found = aft__field_get(field);
  return found ? found->type : 0;
}

uint32_t aft_kind_field(uint32_t kind, uint32_t index) {
  const aft__kind *found = aft__kind_get(kind);
  if (!found || !found->visible || index >= found->n_fields)
    return 0;
  return kind << 16 | found->fields[index].number;
}
