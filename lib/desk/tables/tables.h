/* Columns, indexes and kinds of the desk's tables, as the .def files list them. */
#ifndef AFT_DESK_TABLES_H
#define AFT_DESK_TABLES_H

#include "store/store.h"

#define AFT__TABLE(T, t, since)          enum {
#define AFT__FIELD(T, number, NAME, ...) AFT__##T##_##NAME,
#define AFT__INDEX(...)
#define AFT__CHECK(...)
#undef AFT__TABLE_END
#define AFT__TABLE_END(T, t, since) \
  AFT__##T##_COLUMNS                \
  }                                 \
  ;
#include "desk/tables/all.def"
#undef AFT__TABLE
#undef AFT__FIELD
#undef AFT__INDEX
#undef AFT__CHECK
#undef AFT__TABLE_END

#define AFT__TABLE(T, t, since) enum {
#define AFT__FIELD(...)
#define AFT__INDEX(T, NAME, ...) AFT__##T##_##NAME,
#define AFT__CHECK(...)
#define AFT__TABLE_END(T, t, since) \
  AFT__##T##_INDEXES                \
  }                                 \
  ;
#include "desk/tables/all.def"
#undef AFT__TABLE
#undef AFT__FIELD
#undef AFT__INDEX
#undef AFT__CHECK
#undef AFT__TABLE_END

#define AFT__TABLE(T, t, since) extern const aft__table aft__##t##_table;
#define AFT__FIELD(...)
#define AFT__INDEX(...)
#define AFT__CHECK(...)
#define AFT__TABLE_END(T, t, since)
#include "desk/tables/all.def"
#undef AFT__TABLE
#undef AFT__FIELD
#undef AFT__INDEX
#undef AFT__CHECK
#undef AFT__TABLE_END

typedef enum aft__kind_id {
#define AFT__KIND(number, NAME, name, visibility, since) AFT__KIND_##NAME = number,
#define AFT__VIEW(number, NAME, name)                    AFT__KIND_##NAME = number,
#define AFT__SHOWN(...)
#include "desk/tables/kinds.def"
#include "desk/tables/views.def"
#undef AFT__KIND
#undef AFT__VIEW
#undef AFT__SHOWN
  AFT__KIND_COUNT = 70
} aft__kind_id;

extern const aft__schema aft__desk_schema;

/* One field as the API shows it. */
typedef struct aft__field {
  const char *name;
  uint16_t number; /* in the kind */
  uint8_t column;
  uint8_t type; /* AFT_TYPE_… */
  bool personal;
} aft__field;

typedef struct aft__kind {
  const char *name;
  const aft__table *table;
  const aft__field *fields;
  uint16_t n_fields;
  bool visible;
} aft__kind;

/* NULL for an unknown kind. */
const aft__kind *aft__kind_get(uint32_t kind);
/* NULL for an unknown field; *kind (NULL allowed) is set when found. */
const aft__field *aft__field_get(uint32_t field);

#endif
