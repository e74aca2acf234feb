/* The examples of a training, read from the caller and kept as sparse rows of hashed grams. */
#include "model/train_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define EXAMPLE_V1    (offsetof(aft_example, reserved0) + sizeof(uint32_t))
#define EXAMPLES_MOST (16u << 20)
#define WEIGHT_MOST   1000000u
#define SLOTS         (1u << 17) /* of the table that counts equal grams of one text */
#define SEEN_SEED     1

typedef struct slot {
  uint32_t row; /* from 1; of another row: free */
  uint32_t hash;
  uint32_t block;
  uint32_t place; /* of the entry, from the row's first */
} slot;

typedef struct reader {
  aft__rows *rows;
  const aft_model_options *options;
  aft__map numbers; /* label text to number */
  aft__map texts;   /* raw text to row */
  aft__arena raw;   /* raw texts, kept to find contradictions */
  aft__buf normal;
  slot *slots;
  bool nomem;
} reader;

static bool enlarge(const aft_env *env, void **array, size_t item, size_t n, size_t room) {
  size_t before, after;
  if (aft__mul_size(n, item, &before) || aft__mul_size(room, item, &after))
    return false;
  void *more = aft__resize(env, *array, before, after);
  if (more)
    *array = more;
  return more != NULL;
}

static bool room_for_row(aft__rows *rows) {
  if (rows->n + 1 < rows->room)
    return true;
  uint32_t to = rows->room ? rows->room * 2 : 1024;
  if (!enlarge(rows->env, (void **)&rows->row, sizeof *rows->row, rows->room, to))
    return false;
  rows->room = to;
  return true;
}

static bool room_for_entry(aft__rows *rows) {
  if (rows->entries == rows->room_entry) {
    size_t to = rows->room_entry ? rows->room_entry * 2 : 65536;
    if (!enlarge(rows->env, (void **)&rows->entry, sizeof *rows->entry, rows->room_entry, to))
      return false;
    rows->room_entry = to;
  }
  if (rows->entries == rows->room_count) {
    size_t to = rows->room_count ? rows->room_count * 2 : 65536;
    if (!enlarge(rows->env, (void **)&rows->count, sizeof *rows->count, rows->room_count, to))
      return false;
    rows->room_count = to;
  }
  return true;
}

/* The entry of a gram in the current row, or NULL where the table is crowded: then it counts as a new one. */
static slot *slot_of(reader *r, const aft__gram *gram) {
  uint32_t mark = r->rows->n + 1;
  for (uint32_t i = gram->hash % SLOTS, tries = 0; tries < 64; tries++, i = (i + 1) % SLOTS) {
    slot *s = &r->slots[i];
    if (s->row != mark || (s->hash == gram->hash && s->block == gram->block))
      return s;
  }
  return NULL;
}

static void add_gram(reader *r, const aft__gram *gram) {
  aft__rows *rows = r->rows;
  slot *s = slot_of(r, gram);
  size_t first = rows->row[rows->n].begin;
  if (s && s->row == rows->n + 1) {
    uint8_t *count = &rows->count[first + s->place];
    *count += (*count & AFT__TF_MOST) < AFT__TF_MOST;
    return;
  }
  if (!room_for_entry(rows)) {
    r->nomem = true;
    return;
  }
  if (s)
    *s = (slot){rows->n + 1, gram->hash, gram->block, (uint32_t)(rows->entries - first)};
  rows->entry[rows->entries] = gram->hash;
  rows->count[rows->entries++] = (uint8_t)(gram->block << AFT__TF_BITS | 1);
}

static void add_grams(void *user, const aft__gram *grams, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    add_gram(user, &grams[i]);
}

/* ---- one example ---- */

static aft_status wrong(aft_error *error, aft_status code, uint32_t row, const char *what) {
  char where[40];
  snprintf(where, sizeof where, "examples[%u]", row + 1);
  return aft__error(error, code, where, "%s", what);
}

static aft_status check_label(aft_str label, uint32_t row, aft_error *error) {
  if (label.len == 0)
    return wrong(error, AFT_E_INVALID, row, "expected a label, found none");
  if (label.len > AFT_MODEL_LABEL_BYTES)
    return wrong(error, AFT_E_INVALID, row, "expected a label of at most 200 bytes, found a longer one");
  for (size_t i = 0; i < label.len; i++)
    if (label.data[i] == '\t' || label.data[i] == '\n' || label.data[i] == '\r')
      return wrong(error, AFT_E_INVALID, row, "expected a label without tab and line end, found one in it");
  return aft__utf8_check(label, NULL) < 0 ? wrong(error, AFT_E_ENCODING, row, "the label is not valid UTF-8")
                                          : AFT_OK;
}

static aft_status check_text(const aft_env *env, aft_str text, uint32_t row, aft_error *error) {
  char where[40];
  if (text.len == 0)
    return wrong(error, AFT_E_INVALID, row, "expected a text, found none");
  snprintf(where, sizeof where, "examples[%u]", row + 1);
  if (text.len > env->o.limits.text_bytes)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected a text of at most %llu bytes, found %zu",
                      (unsigned long long)env->o.limits.text_bytes, text.len);
  return aft__utf8_require(text, where, error);
}

aft_status aft__example_copy(const aft_env *env, aft_example *example, uint32_t row, aft_error *error) {
  aft_example given = *example;
  if (given.size != sizeof given)
    AFT__TRY(aft__abi_copy(example, sizeof *example, &given, EXAMPLE_V1, "aft_example", error));
  example->label = aft__str(given.label.data, given.label.data ? given.label.len : 0);
  example->text = aft__str(given.text.data, given.text.data ? given.text.len : 0);
  AFT__TRY(check_label(example->label, row, error));
  AFT__TRY(check_text(env, example->text, row, error));
  if (example->weight > WEIGHT_MOST)
    return wrong(error, AFT_E_INVALID, row, "expected a weight of at most 1000000 permille, found more");
  return AFT_OK;
}

static aft_status take_label(reader *r, aft_str label, uint32_t *number, aft_error *error) {
  aft__rows *rows = r->rows;
  if (aft__map_get(&r->numbers, label, number))
    return AFT_OK;
  if (rows->n_labels == AFT_MODEL_LABELS)
    return wrong(error, AFT_E_TOO_LARGE, rows->n, "expected at most 1000 labels, found one more");
  if (rows->n_labels == rows->room_labels) {
    uint32_t to = rows->room_labels ? rows->room_labels * 2 : 16;
    if (!enlarge(rows->env, (void **)&rows->labels, sizeof *rows->labels, rows->room_labels, to))
      return aft__nomem(error);
    rows->room_labels = to;
  }
  aft_str kept = aft__arena_dup(&rows->arena, label);
  if (!kept.data || aft__map_put(&r->numbers, kept, rows->n_labels, NULL) < 0)
    return aft__nomem(error);
  rows->labels[rows->n_labels] = kept;
  *number = rows->n_labels++;
  return AFT_OK;
}

static aft_status check_contradiction(reader *r, aft_str text, uint32_t label, aft_error *error) {
  aft__rows *rows = r->rows;
  uint32_t first = rows->n;
  char where[40];
  if (r->options->contradictions == AFT_MODEL_KEEP)
    return AFT_OK;
  if (!aft__map_get(&r->texts, text, &first)) {
    aft_str kept = aft__arena_dup(&r->raw, text);
    if (!kept.data || aft__map_put(&r->texts, kept, rows->n, NULL) < 0)
      return aft__nomem(error);
    return AFT_OK;
  }
  if (rows->row[first].label == label)
    return AFT_OK;
  snprintf(where, sizeof where, "examples[%u]", rows->n + 1);
  aft_str here = rows->labels[label], there = rows->labels[rows->row[first].label];
  return aft__error(
      error, AFT_E_INVALID, where, "the same text has the label '%.*s' here and '%.*s' in example %u",
      (int)aft__utf8_cut(here, 60), here.data, (int)aft__utf8_cut(there, 60), there.data, first + 1);
}

static aft_status take_example(reader *r, aft_example *example, aft_error *error) {
  aft__rows *rows = r->rows;
  uint32_t label = 0;
  if (rows->n == EXAMPLES_MOST)
    return wrong(error, AFT_E_TOO_LARGE, rows->n, "expected at most 16 million examples, found more");
  AFT__TRY(aft__example_copy(rows->env, example, rows->n, error));
  AFT__TRY(take_label(r, example->label, &label, error));
  if (!room_for_row(rows))
    return aft__nomem(error);
  AFT__TRY(check_contradiction(r, example->text, label, error));
  aft__buf_clear(&r->normal);
  AFT__TRY(aft__normalise(&r->normal, example->text, error));
  aft_str normal = aft__buf_view(&r->normal);
  rows->row[rows->n].begin = rows->entries;
  aft__grams_each(normal, add_grams, r);
  if (r->nomem)
    return aft__nomem(error);
  aft__row *row = &rows->row[rows->n++];
  row->label = label;
  row->weight = (float)(example->weight ? example->weight : 1000) / 1000;
  row->digest = aft__hash64(normal.data, normal.len, SEEN_SEED);
  rows->row[rows->n].begin = rows->entries;
  return AFT_OK;
}

aft_status aft__example_next(aft_example_fn next, void *user, uint32_t row, aft_example *example,
                             aft_error *error) {
  memset(example, 0, sizeof *example);
  example->size = sizeof *example;
  int more = next(user, example);
  if (more < 0)
    return wrong(error, AFT_E_CALLBACK, row, "the examples could not be read");
  return more ? AFT_OK : AFT_DONE;
}

static aft_status read_all(reader *r, aft_example_fn next, void *user, aft_error *error) {
  aft_status status = AFT_OK;
  while (status == AFT_OK) {
    aft_example example;
    status = aft__example_next(next, user, r->rows->n, &example, error);
    if (status == AFT_OK)
      status = take_example(r, &example, error);
  }
  return status == AFT_DONE ? AFT_OK : status;
}

/* ---- labels in order of their bytes ---- */

static int by_text(const void *a, const void *b) {
  const aft_str *const *x = a, *const *y = b;
  return aft__str_cmp(**x, **y);
}

static aft_status sort_labels(aft__rows *rows, aft_error *error) {
  uint32_t n = rows->n_labels;
  const aft_str **order = aft__arena_alloc(&rows->arena, n * sizeof *order);
  uint32_t *number = aft__arena_alloc(&rows->arena, n * sizeof *number);
  aft_str *sorted = aft__arena_alloc(&rows->arena, n * sizeof *sorted);
  if (!order || !number || !sorted)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    order[i] = &rows->labels[i];
  qsort(order, n, sizeof *order, by_text);
  for (uint32_t i = 0; i < n; i++) {
    number[order[i] - rows->labels] = i;
    sorted[i] = *order[i];
  }
  memcpy(rows->labels, sorted, n * sizeof *sorted);
  for (uint32_t i = 0; i < rows->n; i++)
    rows->row[i].label = number[rows->row[i].label];
  return AFT_OK;
}

static aft_status check_enough(const aft__rows *rows, aft_error *error) {
  uint32_t twice = 0;
  if (rows->n_labels < 2)
    return aft__error(error, AFT_E_INVALID, "examples",
                      "expected at least two labels, found %u in %u examples", rows->n_labels, rows->n);
  for (uint32_t k = 0; k < rows->n_labels; k++) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows->n && n < 2; i++)
      n += rows->row[i].label == k;
    twice += n == 2;
  }
  if (twice < 2)
    return aft__error(error, AFT_E_INVALID, "examples",
                      "expected at least two examples of each of two labels, found them for %u", twice);
  return AFT_OK;
}

aft_status aft__rows_read(aft__rows *rows, const aft_env *env, const aft_model_options *options,
                          aft_example_fn next, void *user, aft_error *error) {
  reader r = {.rows = rows, .options = options};
  memset(rows, 0, sizeof *rows);
  rows->env = env;
  aft__arena_init(&rows->arena, env);
  aft__arena_init(&r.raw, env);
  aft__map_init(&r.numbers, env);
  aft__map_init(&r.texts, env);
  aft__buf_init(&r.normal, env);
  r.slots = aft__zalloc(env, SLOTS * sizeof *r.slots);
  aft_status status = r.slots ? read_all(&r, next, user, error) : aft__nomem(error);
  if (status >= 0)
    status = check_enough(rows, error);
  if (status >= 0)
    status = sort_labels(rows, error);
  aft__release(env, r.slots, SLOTS * sizeof *r.slots);
  aft__buf_done(&r.normal);
  aft__map_done(&r.texts);
  aft__map_done(&r.numbers);
  aft__arena_done(&r.raw);
  return status;
}

void aft__rows_fold(aft__rows *rows, uint32_t buckets) {
  for (size_t i = 0; i < rows->entries; i++)
    rows->entry[i] = aft__bucket(rows->entry[i], buckets);
}

void aft__rows_done(aft__rows *rows) {
  const aft_env *env = rows->env;
  aft__release(env, rows->row, rows->room * sizeof *rows->row);
  aft__release(env, rows->entry, rows->room_entry * sizeof *rows->entry);
  aft__release(env, rows->count, rows->room_count * sizeof *rows->count);
  aft__release(env, rows->labels, rows->room_labels * sizeof *rows->labels);
  aft__arena_done(&rows->arena);
}
