/* SQL text for SQLite, PostgreSQL and MySQL, from the descriptors of the tables. */
#include <inttypes.h>

#include "store/sql_priv.h"

typedef struct writer {
  const aft__sql_dialect *d;
  aft__buf *out;
  const aft__table *table;
  uint32_t params;
  uint32_t terms; /* of the WHERE clause */
} writer;

static bool is(const writer *w, uint32_t dialect) { return w->d->id == dialect; }

static void put(writer *w, const char *text) { aft__buf_puts(w->out, text); }

static void quote(writer *w) { aft__buf_char(w->out, is(w, AFT_SQL_MYSQL) ? '`' : '"'); }

/* Names are quoted always: some are words of SQL, and an unquoted one folds its case in PostgreSQL. */
static void name(writer *w, const char *text) {
  quote(w);
  put(w, text);
  quote(w);
}

static void table_name(writer *w) {
  quote(w);
  put(w, w->d->prefix);
  put(w, w->table->name);
  quote(w);
}

/* Of an index or a check. */
static void part_name(writer *w, const char *part) {
  quote(w);
  aft__buf_printf(w->out, "%s%s_%s", w->d->prefix, w->table->name, part);
  quote(w);
}

static void column(writer *w, uint32_t i) { name(w, w->table->columns[i].name); }

static void param(writer *w) {
  w->params++;
  if (is(w, AFT_SQL_POSTGRESQL))
    aft__buf_printf(w->out, "$%" PRIu32, w->params);
  else
    aft__buf_char(w->out, '?');
}

static void where(writer *w) { put(w, w->terms++ ? " AND " : " WHERE "); }

static void where_column(writer *w, uint32_t i, const char *comparison) {
  where(w);
  column(w, i);
  put(w, comparison);
  param(w);
}

static void all_columns(writer *w) {
  for (uint32_t i = 0; i < w->table->n_columns; i++) {
    put(w, i ? ", " : "");
    column(w, i);
  }
}

/* ---- the index of a condition ---- */

static void zero_name(writer *w, const aft__index *index) {
  quote(w);
  aft__buf_printf(w->out, "zero_%s", w->table->columns[index->only_zero - 1].name);
  quote(w);
}

/* The condition that the rows of a partial index hold, in the words that the planner finds it by. */
static void where_zero(writer *w, const aft__index *index) {
  if (!index->only_zero)
    return;
  where(w);
  if (is(w, AFT_SQL_MYSQL))
    zero_name(w, index);
  else
    column(w, index->only_zero - 1u);
  put(w, " = 0");
}

/* The plan must not hang on statistics that a host may or may not have gathered. */
static void use_index(writer *w, uint32_t index) {
  bool by_id = index == AFT__BY_ID;
  if (is(w, AFT_SQL_SQLITE)) {
    put(w, by_id ? " NOT INDEXED" : " INDEXED BY ");
    if (!by_id)
      part_name(w, w->table->indexes[index].name);
  } else if (is(w, AFT_SQL_MYSQL)) {
    put(w, " FORCE INDEX (");
    if (by_id)
      put(w, "PRIMARY");
    else
      part_name(w, w->table->indexes[index].name);
    put(w, ")");
  }
}

/* ---- statements ---- */

static void get(writer *w) {
  put(w, "SELECT ");
  all_columns(w);
  put(w, " FROM ");
  table_name(w);
  where_column(w, AFT__COL_ID, " = ");
}

static void insert(writer *w) {
  put(w, "INSERT INTO ");
  table_name(w);
  put(w, " (");
  all_columns(w);
  put(w, ") VALUES (");
  for (uint32_t i = 0; i < w->table->n_columns; i++) {
    put(w, i ? ", " : "");
    param(w);
  }
  put(w, ")");
  if (aft__sql_skips_duplicates(w->d))
    put(w, " ON CONFLICT DO NOTHING");
}

static void update(writer *w, uint64_t mask) {
  put(w, "UPDATE ");
  table_name(w);
  put(w, " SET ");
  for (uint32_t i = 0; i < w->table->n_columns; i++) {
    if (!(mask >> i & 1))
      continue;
    column(w, i);
    put(w, " = ");
    param(w);
    put(w, ", ");
  }
  column(w, AFT__COL_REV);
  put(w, " = ");
  column(w, AFT__COL_REV);
  put(w, " + 1");
  where_column(w, AFT__COL_ID, " = ");
  where_column(w, AFT__COL_REV, " = ");
}

static void remove_row(writer *w) {
  put(w, "DELETE FROM ");
  table_name(w);
  where_column(w, AFT__COL_ID, " = ");
  where_column(w, AFT__COL_REV, " = ");
}

static void probe(writer *w, uint32_t i) {
  put(w, "SELECT ");
  column(w, AFT__COL_ID);
  put(w, " FROM ");
  table_name(w);
  use_index(w, i);
  if (i == AFT__BY_ID) {
    where_column(w, AFT__COL_ID, " = ");
    return;
  }
  const aft__index *index = &w->table->indexes[i];
  where_zero(w, index);
  for (uint32_t k = 0; k < index->n; k++)
    where_column(w, index->columns[k], " = ");
}

/* All columns of the index are named, the equal ones too: PostgreSQL does not see that IS NULL makes a column
 * constant. NULLs come first in every engine's order once PostgreSQL is told so. */
static void order(writer *w, const aft__index *index, bool down) {
  const char *direction = down ? " DESC" : "";
  put(w, " ORDER BY ");
  for (uint32_t k = 0; index && k < index->n; k++) {
    column(w, index->columns[k]);
    put(w, direction);
    if (is(w, AFT_SQL_POSTGRESQL))
      put(w, down ? " NULLS LAST" : " NULLS FIRST");
    put(w, ", ");
  }
  column(w, AFT__COL_ID);
  put(w, direction);
}

static void scan(writer *w, const aft__sql_shape *s) {
  const aft__index *index = s->index == AFT__BY_ID ? NULL : &w->table->indexes[s->index];
  bool down = (s->bits & AFT__SQL_DOWN) != 0;
  uint32_t next = index && s->n_equal < index->n ? index->columns[s->n_equal] : AFT__COL_ID;
  put(w, "SELECT ");
  all_columns(w);
  put(w, " FROM ");
  table_name(w);
  use_index(w, s->index);
  if (index)
    where_zero(w, index);
  for (uint32_t k = 0; index && k < s->n_equal; k++) {
    if (s->nulls >> k & 1) {
      where(w);
      column(w, index->columns[k]);
      put(w, " IS NULL");
    } else {
      where_column(w, index->columns[k], " = ");
    }
  }
  if (s->bits & AFT__SQL_LOW)
    where_column(w, next, s->bits & AFT__SQL_BEYOND && !down ? " > " : " >= ");
  if (s->bits & AFT__SQL_HIGH)
    where_column(w, next, s->bits & AFT__SQL_BEYOND && down ? " < " : " <= ");
  bool at_most_one = index && index->unique && s->n_equal == index->n && s->nulls == 0;
  if (!at_most_one)
    order(w, index, down);
  if (s->bits & AFT__SQL_LIMIT) {
    put(w, " LIMIT ");
    param(w);
  }
  if (s->bits & AFT__SQL_CLAIM && aft__sql_locks_rows(w->d))
    put(w, " FOR UPDATE SKIP LOCKED");
}

void aft__sql_text(const aft__sql_dialect *d, const aft__sql_shape *s, aft__buf *out) {
  writer w = {d, out, s->table, 0, 0};
  switch (s->op) {
  case AFT__SQL_GET:
    get(&w);
    break;
  case AFT__SQL_INSERT:
    insert(&w);
    break;
  case AFT__SQL_UPDATE:
    update(&w, s->mask);
    break;
  case AFT__SQL_REMOVE:
    remove_row(&w);
    break;
  case AFT__SQL_PROBE:
    probe(&w, s->index);
    break;
  case AFT__SQL_SCAN:
    scan(&w, s);
    break;
  default:
    break;
  }
}

/* ---- definitions ---- */

static const char *if_not_exists(const writer *w) {
  /* A change of the schema commits by itself in MySQL: one that was cut short is carried out again. */
  return is(w, AFT_SQL_MYSQL) ? "IF NOT EXISTS " : "";
}

static bool indexed(const aft__table *table, uint32_t column) {
  for (uint32_t i = 0; i < table->n_indexes; i++)
    for (uint32_t k = 0; k < table->indexes[i].n; k++)
      if (table->indexes[i].columns[k] == column)
        return true;
  return false;
}

static const char *type_name(const writer *w, uint32_t i) {
  uint8_t type = w->table->columns[i].type;
  switch (w->d->id) {
  case AFT_SQL_POSTGRESQL:
    return type == AFT_SQL_INT ? "BIGINT" : type == AFT_SQL_TEXT ? "TEXT COLLATE \"C\"" : "BYTEA";
  case AFT_SQL_MYSQL:
    /* MySQL indexes no text of unknown length; bytes compare as this library orders texts. */
    if (type != AFT_SQL_INT && indexed(w->table, i))
      return "VARBINARY(255)";
    return type == AFT_SQL_INT    ? "BIGINT"
           : type == AFT_SQL_TEXT ? "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
                                  : "LONGBLOB";
  default:
    return type == AFT_SQL_INT ? "INTEGER" : type == AFT_SQL_TEXT ? "TEXT" : "BLOB";
  }
}

static void column_definition(writer *w, uint32_t i) {
  column(w, i);
  put(w, " ");
  put(w, type_name(w, i));
  if (i == AFT__COL_ID)
    put(w, " PRIMARY KEY");
  else if (w->table->columns[i].required)
    put(w, " NOT NULL");
}

static void check_definition(writer *w, const aft__check *check) {
  put(w, "CONSTRAINT ");
  part_name(w, check->name);
  put(w, " CHECK (");
  for (uint32_t k = 0; k < check->n; k++) {
    int32_t factor = (int32_t)check->factors[k];
    put(w, factor < 0 ? (k ? " - " : "-") : (k ? " + " : ""));
    if (factor != 1 && factor != -1)
      aft__buf_printf(w->out, "%d * ", factor < 0 ? -factor : factor);
    put(w, "coalesce(");
    column(w, check->columns[k]);
    put(w, ", 0)");
  }
  aft__buf_printf(w->out, " >= %" PRId64 ")", check->least);
}

void aft__sql_create_table(const aft__sql_dialect *d, const aft__table *table, aft__buf *out) {
  writer w = {d, out, table, 0, 0};
  put(&w, "CREATE TABLE ");
  put(&w, if_not_exists(&w));
  table_name(&w);
  for (uint32_t i = 0; i < table->n_columns; i++) {
    put(&w, i ? ", " : " (");
    column_definition(&w, i);
  }
  for (uint32_t i = 0; i < table->n_checks; i++) {
    put(&w, ", ");
    check_definition(&w, &table->checks[i]);
  }
  put(&w, is(&w, AFT_SQL_SQLITE) ? ") STRICT" : is(&w, AFT_SQL_MYSQL) ? ") ENGINE=InnoDB" : ")");
}

uint32_t aft__sql_check_column(const aft__table *table, const aft__check *check) {
  uint32_t last = check->columns[0];
  for (uint32_t k = 1; k < check->n; k++) {
    uint32_t i = check->columns[k];
    uint16_t since = table->columns[i].since, newest = table->columns[last].since;
    if (since > newest || (since == newest && i > last))
      last = i;
  }
  return last;
}

static void alter_table(writer *w) {
  put(w, "ALTER TABLE ");
  table_name(w);
}

void aft__sql_add_column(const aft__sql_dialect *d, const aft__table *table, uint32_t column, aft__buf *out) {
  writer w = {d, out, table, 0, 0};
  alter_table(&w);
  put(&w, " ADD COLUMN ");
  put(&w, if_not_exists(&w));
  column_definition(&w, column);
  for (uint32_t k = 0; d->id == AFT_SQL_SQLITE && k < table->n_checks; k++) {
    if (aft__sql_check_column(table, &table->checks[k]) != column)
      continue;
    put(&w, " ");
    check_definition(&w, &table->checks[k]);
  }
}

void aft__sql_add_check(const aft__sql_dialect *d, const aft__table *table, uint32_t check, aft__buf *out) {
  writer w = {d, out, table, 0, 0};
  alter_table(&w);
  put(&w, " ADD ");
  check_definition(&w, &table->checks[check]);
}

void aft__sql_add_zero_column(const aft__sql_dialect *d, const aft__table *table, uint32_t i, aft__buf *out) {
  writer w = {d, out, table, 0, 0};
  const aft__index *index = &table->indexes[i];
  if (!index->only_zero || d->id != AFT_SQL_MYSQL)
    return;
  alter_table(&w);
  put(&w, " ADD COLUMN IF NOT EXISTS ");
  zero_name(&w, index);
  put(&w, " BIGINT GENERATED ALWAYS AS (CASE WHEN ");
  column(&w, index->only_zero - 1u);
  put(&w, " = 0 THEN 0 END) VIRTUAL");
}

/* The id follows the columns by itself in SQLite and InnoDB. */
void aft__sql_create_index(const aft__sql_dialect *d, const aft__table *table, uint32_t i, aft__buf *out) {
  writer w = {d, out, table, 0, 0};
  const aft__index *index = &table->indexes[i];
  put(&w, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
  put(&w, if_not_exists(&w));
  part_name(&w, index->name);
  put(&w, " ON ");
  table_name(&w);
  put(&w, " (");
  if (index->only_zero && is(&w, AFT_SQL_MYSQL)) {
    zero_name(&w, index);
    put(&w, ", ");
  }
  for (uint32_t k = 0; k < index->n; k++) {
    put(&w, k ? ", " : "");
    column(&w, index->columns[k]);
    put(&w, is(&w, AFT_SQL_POSTGRESQL) ? " NULLS FIRST" : "");
  }
  if (is(&w, AFT_SQL_POSTGRESQL) && !index->unique) {
    put(&w, ", ");
    column(&w, AFT__COL_ID);
  }
  put(&w, ")");
  if (index->only_zero && !is(&w, AFT_SQL_MYSQL))
    where_zero(&w, index);
}

/* ---- the table of one row that tells the schema's version ---- */

static const aft__table meta = {.name = "meta"};

void aft__sql_meta_exists(const aft__sql_dialect *d, aft__buf *out) {
  if (d->id == AFT_SQL_SQLITE)
    aft__buf_printf(out, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '%smeta'", d->prefix);
  else if (d->id == AFT_SQL_POSTGRESQL) /* information_schema hides what the user has no rights on */
    aft__buf_printf(
        out,
        "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = current_schema() AND c.relname = '%smeta'",
        d->prefix);
  else
    aft__buf_printf(
        out,
        "SELECT 1 FROM information_schema.tables WHERE table_schema = database() AND table_name = '%smeta'",
        d->prefix);
}

void aft__sql_meta_create(const aft__sql_dialect *d, aft__buf *out) {
  static const char *const columns[] = {"id", "schema", "reader", "writer"};
  writer w = {d, out, &meta, 0, 0};
  const char *type = d->id == AFT_SQL_SQLITE ? " INTEGER" : " BIGINT";
  put(&w, "CREATE TABLE ");
  put(&w, if_not_exists(&w));
  table_name(&w);
  for (size_t i = 0; i < AFT__COUNT(columns); i++) {
    put(&w, i ? ", " : " (");
    name(&w, columns[i]);
    put(&w, type);
    put(&w, i ? " NOT NULL" : " PRIMARY KEY");
  }
  put(&w, ", ");
  name(&w, "created_by");
  put(&w, " TEXT NOT NULL, CHECK (");
  name(&w, "id");
  put(&w, d->id == AFT_SQL_SQLITE ? " = 1)) STRICT" : " = 1))");
}

void aft__sql_meta_read(const aft__sql_dialect *d, aft__buf *out) {
  writer w = {d, out, &meta, 0, 0};
  put(&w, "SELECT ");
  name(&w, "schema");
  put(&w, ", ");
  name(&w, "reader");
  put(&w, ", ");
  name(&w, "writer");
  put(&w, " FROM ");
  table_name(&w);
}

void aft__sql_meta_write(const aft__sql_dialect *d, const aft__schema *schema, bool first, aft__buf *out) {
  const struct {
    const char *name;
    uint32_t value;
  } cells[] = {{"schema", schema->version}, {"reader", schema->reader}, {"writer", schema->writer}};
  writer w = {d, out, &meta, 0, 0};
  if (first) {
    put(&w, "INSERT INTO ");
    table_name(&w);
    aft__buf_printf(out, " VALUES (1, %" PRIu32 ", %" PRIu32 ", %" PRIu32 ", 'libaftersales %s')",
                    schema->version, schema->reader, schema->writer, AFT_VERSION_STRING);
    return;
  }
  put(&w, "UPDATE ");
  table_name(&w);
  for (size_t i = 0; i < AFT__COUNT(cells); i++) {
    put(&w, i ? ", " : " SET ");
    name(&w, cells[i].name);
    aft__buf_printf(out, " = %" PRIu32, cells[i].value);
  }
}
