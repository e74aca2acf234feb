/* Records: one allocation with a copy of a row, read by field id. */
#include "desk/desk_priv.h"

struct aft_record {
  aft_env *env;
  const aft__kind *kind;
  size_t size; /* of the whole allocation */
  uint32_t number;
  aft_status status;
  aft__value values[];
};

static bool has_bytes(const aft__value *v) { return v->type == AFT_SQL_TEXT || v->type == AFT_SQL_BLOB; }

aft_status aft__record_make(aft_env *env, uint32_t kind, const aft__value *row, aft_record **out,
                            aft_error *error) {
  const aft__kind *k = aft__kind_get(kind);
  uint32_t n = k->table->n_columns;
  size_t fixed = sizeof(aft_record) + n * sizeof(aft__value), size = fixed;
  for (uint32_t i = 0; i < n; i++)
    if (has_bytes(&row[i]))
      size += row[i].size + 1;
  aft_record *record = aft__alloc(env, size);
  if (!record)
    return aft__nomem(error);
  record->env = aft_env_ref(env);
  record->kind = k;
  record->size = size;
  record->number = kind;
  record->status = AFT_OK;
  char *bytes = (char *)record + fixed;
  for (uint32_t i = 0; i < n; i++) {
    record->values[i] = row[i];
    if (!has_bytes(&row[i]))
      continue;
    if (row[i].size)
      memcpy(bytes, row[i].data, row[i].size);
    bytes[row[i].size] = 0;
    record->values[i].data = bytes;
    bytes += row[i].size + 1;
  }
  *out = record;
  return AFT_OK;
}

void aft_record_free(aft_record *record) {
  if (!record)
    return;
  aft_env *env = record->env;
  aft__release(env, record, record->size);
  aft_env_unref(env);
}

uint32_t aft_record_kind(const aft_record *record) { return record ? record->number : 0; }

aft_status aft_record_status(const aft_record *record) { return record ? record->status : AFT_E_NULL_HANDLE; }

#define TYPES_NUMBER (1u << AFT_TYPE_ID | 1u << AFT_TYPE_INT | 1u << AFT_TYPE_FLAG | 1u << AFT_TYPE_TIME)
#define TYPES_BYTES  (1u << AFT_TYPE_TEXT | 1u << AFT_TYPE_BLOB)

/* The first mistake sticks. */
static const aft__value *value_of(aft_record *record, uint32_t field, uint32_t types) {
  if (!record)
    return NULL;
  const aft__field *f = aft__field_get(field);
  aft_status status = AFT_OK;
  if (field >> 16 != record->number)
    status = AFT_E_KIND;
  else if (!f || !(types & 1u << f->type))
    status = AFT_E_INVALID;
  if (status == AFT_OK)
    return &record->values[f->column];
  if (record->status == AFT_OK)
    record->status = status;
  return NULL;
}

int64_t aft_record_int(aft_record *record, uint32_t field) {
  const aft__value *v = value_of(record, field, TYPES_NUMBER);
  return v && v->type == AFT_SQL_INT ? v->number : 0;
}

aft_time aft_record_time(aft_record *record, uint32_t field) {
  const aft__value *v = value_of(record, field, 1u << AFT_TYPE_TIME);
  return v && v->type == AFT_SQL_INT ? v->number : AFT_TIME_NONE;
}

const char *aft_record_text(aft_record *record, uint32_t field) {
  const aft__value *v = value_of(record, field, TYPES_BYTES);
  return v && has_bytes(v) ? v->data : "";
}

size_t aft_record_size(aft_record *record, uint32_t field) {
  const aft__value *v = value_of(record, field, TYPES_BYTES);
  return v && has_bytes(v) ? v->size : 0;
}

int aft_record_is_null(aft_record *record, uint32_t field) {
  const aft__value *v = value_of(record, field, TYPES_NUMBER | TYPES_BYTES);
  return !v || v->type == AFT_SQL_NULL;
}

static void json_value(aft__json *json, const aft__field *field, const aft__value *v, aft_env *env) {
  if (v->type == AFT_SQL_NULL)
    aft__json_null(json);
  else if (field->type == AFT_TYPE_ID)
    aft__json_id(json, v->number);
  else if (field->type == AFT_TYPE_FLAG)
    aft__json_bool(json, v->number != 0);
  else if (v->type == AFT_SQL_INT)
    aft__json_i64(json, v->number);
  else if (v->type == AFT_SQL_TEXT)
    aft__json_str(json, aft__value_str(v));
  else {
    aft__buf hex;
    aft__buf_init(&hex, env);
    char *space = aft__buf_grow(&hex, 2 * v->size + 1);
    if (space)
      aft__hex((const uint8_t *)v->data, v->size, space);
    aft__json_str(json, space ? aft__str(space, 2 * v->size) : aft__cstr(""));
    json->buf->failed |= hex.failed;
    aft__buf_done(&hex);
  }
}

void aft__row_json(aft_env *env, const aft__kind *kind, const aft__value *row, aft__json *json) {
  aft__json_open(json, '{');
  for (uint32_t i = 0; i < kind->n_fields; i++) {
    const aft__field *field = &kind->fields[i];
    aft__json_key(json, field->name);
    json_value(json, field, &row[field->column], env);
  }
  aft__json_close(json, '}');
}

aft_status aft_record_json(const aft_record *record, aft_buf **out, aft_error *error) {
  if (!record || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, record ? "out" : "record", "the handle is NULL");
  aft_buf *buf = aft__buf_new(record->env);
  if (!buf)
    return aft__nomem(error);
  aft__json json;
  aft__json_init(&json, buf);
  aft__row_json(record->env, record->kind, record->values, &json);
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}
