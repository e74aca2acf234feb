/* Table descriptors of the desk, made from the .def files, and its schema. */
#include "desk/tables/tables.h"

#define AFT__TYPE_ID   AFT_SQL_INT
#define AFT__TYPE_INT  AFT_SQL_INT
#define AFT__TYPE_FLAG AFT_SQL_INT
#define AFT__TYPE_TIME AFT_SQL_INT
#define AFT__TYPE_TEXT AFT_SQL_TEXT
#define AFT__TYPE_BLOB AFT_SQL_BLOB
#define AFT__NEED      1
#define AFT__MAY       0

#define AFT__TABLE(T, t, since) static const aft__column t##_columns[] = {
#define AFT__FIELD(T, number, NAME, name, type, need, since, privacy, meaning) \
  {#name, AFT__TYPE_##type, AFT__##need, since},
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

#define AFT__TABLE(T, t, since) static const aft__index t##_indexes[] = {
#define AFT__FIELD(...)
#define AFT__INDEX(T, NAME, name, unique, only_zero, since, ...) \
  {#name, unique, sizeof((const uint8_t[]){__VA_ARGS__}), {__VA_ARGS__}, only_zero, since},
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

/* Tables without checks end in an entry of their own: C has no empty arrays. */
#define AFT__BRACES(...) \
  { __VA_ARGS__ }
#define AFT__TABLE(T, t, since) static const aft__check t##_checks[] = {
#define AFT__FIELD(...)
#define AFT__INDEX(...)
#define AFT__CHECK(T, name, least, columns, factors) \
  {#name, sizeof((const uint8_t[])AFT__BRACES columns), AFT__BRACES columns, AFT__BRACES factors, least},
#define AFT__TABLE_END(T, t, since) \
  { NULL, 0, {0}, {0}, 0 }          \
  }                                 \
  ;
#include "desk/tables/all.def"
#undef AFT__TABLE
#undef AFT__FIELD
#undef AFT__INDEX
#undef AFT__CHECK
#undef AFT__TABLE_END

#define AFT__TABLE(T, t, since)                                    \
  const aft__table aft__##t##_table = {#t,                         \
                                       t##_columns,                \
                                       t##_indexes,                \
                                       t##_checks,                 \
                                       AFT__COUNT(t##_columns),    \
                                       AFT__COUNT(t##_indexes),    \
                                       AFT__COUNT(t##_checks) - 1, \
                                       since};
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

static const aft__table *const tables[] = {
#define AFT__TABLE(T, t, since) &aft__##t##_table,
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
};

const aft__schema aft__desk_schema = {tables, AFT__COUNT(tables), 4, 1, 1};
