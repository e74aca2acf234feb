/* Training a model: read, choose, hold back and calibrate, train on all, write. */
#include "model/train_priv.h"
#include "model/write_priv.h"

#include <math.h>

#define OPTIONS_V1   (offsetof(aft_model_options, progress_user) + sizeof(void *))
#define FEW_ENTRIES  800000u /* up to here fewer buckets lose nothing */
#define FEW_ROWS     20000u
#define FEW_BYTES    64000u
#define TWO_BYTES    250000u
#define MANY_BYTES   290000u
#define MORE_BYTES   3000u /* for each label beyond 16 */
#define MOST_BYTES   440000u
#define LEAST_BYTES  8192u
#define BAGS         5u
#define BAG_PERMILLE 800u
#define BAG_ENTRIES  2000000u
#define HELD_MOST    16000000u /* scores of held-back rows that are kept */
#define WORK_MOST    25000000u /* entries times vectors that calibration trains on */

uint32_t aft__train_random(aft__train *t) {
  t->random = t->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(t->random >> 33);
}

/* ---- progress ---- */

static void tell(aft__train *t, uint32_t permille) {
  if (t->options.progress && !t->stopped)
    t->stopped = t->options.progress(t->options.progress_user, permille) != 0;
}

void aft__train_part(aft__train *t, uint32_t to, uint32_t of) {
  t->from = t->to;
  t->to = to;
  t->done = 0;
  t->of = of;
}

void aft__train_progress(aft__train *t) {
  uint32_t done = ++t->done < t->of ? t->done : t->of;
  tell(t, t->from + (uint32_t)((uint64_t)(t->to - t->from) * done / t->of));
}

/* ---- sizes ---- */

static size_t bytes_of(const aft__train *t) {
  uint32_t labels = t->rows->n_labels;
  if (t->options.max_bytes)
    return (size_t)t->options.max_bytes;
  if (labels == 2)
    return t->rows->entries <= FEW_ENTRIES ? FEW_BYTES : TWO_BYTES;
  size_t bytes = labels <= 4 ? TWO_BYTES : MANY_BYTES;
  if (labels > 16)
    bytes += MORE_BYTES * (labels - 16);
  return bytes < MOST_BYTES ? bytes : MOST_BYTES;
}

/* Two labels: a byte for each bucket. Else buckets by rows; weights are pruned to fit. */
static uint32_t buckets_of(const aft__train *t) {
  size_t bytes = bytes_of(t), labels = t->rows->n_labels, names = 0;
  for (uint32_t k = 0; k < labels; k++)
    names += t->rows->labels[k].len + 13;
  size_t room = bytes > names + 2048 ? bytes - names - 2048 : 1024;
  size_t buckets = t->rows->n <= FEW_ROWS ? 1u << 16 : 1u << 17;
  if (labels == 2)
    return (uint32_t)(room < AFT__MODEL_BUCKETS ? room : AFT__MODEL_BUCKETS);
  while (buckets > 1024 && buckets > room)
    buckets /= 2;
  return (uint32_t)buckets;
}

/* ---- memory of a training ---- */

static aft_status prepare(aft__train *t, aft__arena *arena, aft_error *error) {
  uint32_t n = t->rows->n, buckets = t->shape.buckets;
  t->steps = aft__arena_alloc(arena, buckets);
  t->frequency = aft__arena_alloc(arena, buckets * sizeof *t->frequency);
  t->w = aft__arena_alloc(arena, buckets * sizeof *t->w);
  t->mean = aft__arena_alloc(arena, buckets * sizeof *t->mean);
  t->value = aft__arena_alloc(arena, (t->rows->entries + 1) * sizeof *t->value);
  t->kept = t->vectors > 1 ? aft__arena_alloc(arena, (t->rows->entries + 1) * sizeof *t->kept) : t->value;
  t->alpha = aft__arena_alloc(arena, n * sizeof *t->alpha);
  t->square = aft__arena_alloc(arena, n * sizeof *t->square);
  t->order = aft__arena_alloc(arena, n * sizeof *t->order);
  t->train = aft__arena_alloc(arena, n * sizeof *t->train);
  if (!t->steps || !t->frequency || !t->w || !t->mean || !t->value || !t->kept || !t->alpha || !t->square ||
      !t->order || !t->train)
    return aft__nomem(error);
  for (uint32_t row = 0; row < n; row++)
    for (size_t i = t->rows->row[row].begin; i < t->rows->row[row + 1].begin; i++)
      t->frequency[t->rows->entry[i]]++;
  return AFT_OK;
}

/* So many rows are held back for calibration that their scores fit. */
static uint32_t every_of(const aft__train *t) {
  uint64_t scores = (uint64_t)t->rows->n * t->vectors;
  return (uint32_t)(scores / HELD_MOST) + 1;
}

static uint32_t folds_of(const aft__train *t) {
  uint64_t work = (uint64_t)t->rows->entries * t->vectors;
  uint32_t folds = AFT__FOLDS;
  while (folds > 1 && work * folds > WORK_MOST)
    folds--;
  return folds;
}

static aft_status room_for_trial(const aft__train *t, aft__arena *arena, aft__trial *trial,
                                 aft_error *error) {
  uint32_t most = HELD_MOST / t->vectors;
  trial->room = t->rows->n < most ? t->rows->n : most;
  trial->rows = aft__arena_alloc(arena, trial->room * sizeof *trial->rows);
  trial->scores = aft__arena_alloc(arena, (size_t)trial->room * t->vectors * sizeof *trial->scores);
  return trial->rows && trial->scores ? AFT_OK : aft__nomem(error);
}

/* ---- on all rows ---- */

static aft_status stopped(aft_error *error) {
  return aft__error(error, AFT_E_INTERRUPTED, "options.progress", "the training was ended by the caller");
}

/* Two labels and not many rows: the mean of several vectors, each trained on most of the rows, depends less
 * on single rows (bagging; Breiman 1996). */
static float train_mean(aft__train *t, const aft__recipe *recipe) {
  float bias = 0, share = 1.0f / BAGS;
  memset(t->mean, 0, t->shape.buckets * sizeof *t->mean);
  for (uint32_t bag = 0; bag < BAGS; bag++) {
    uint32_t n = 0;
    for (uint32_t row = 0; row < t->rows->n; row++)
      if (aft__train_random(t) % 1000 < BAG_PERMILLE)
        t->train[n++] = row;
    bias += share * aft__train_vector(t, recipe, 0, t->train, n);
    for (uint32_t b = 0; b < t->shape.buckets; b++)
      t->mean[b] += share * t->w[b];
  }
  memcpy(t->w, t->mean, t->shape.buckets * sizeof *t->mean);
  return bias;
}

static bool in_bags(const aft__train *t) { return t->vectors == 1 && t->rows->entries <= BAG_ENTRIES; }

static aft_status train_all(aft__train *t, const aft__recipe *recipe, aft__draft *draft, float *bias,
                            aft_error *error) {
  for (uint32_t row = 0; row < t->rows->n; row++)
    t->train[row] = row;
  for (uint32_t v = 0; v < t->vectors; v++) {
    bias[v] = in_bags(t) ? train_mean(t, recipe) : aft__train_vector(t, recipe, v, t->train, t->rows->n);
    if (t->stopped)
      return stopped(error);
    if (t->shape.rare)
      for (uint32_t b = 0; b < t->shape.buckets; b++)
        t->w[b] *= t->shape.rarity[t->steps[b]];
    AFT__TRY(aft__weights_add(draft->weights, v, t->w, t->frequency, t->shape.buckets, error));
  }
  return AFT_OK;
}

/* The weights that are left know nothing of those that were left out: each vector is trained once more on its
 * own buckets alone. */
static aft_status train_kept(aft__train *t, const aft__recipe *recipe, aft__draft *draft, float *bias,
                             aft_error *error) {
  aft__weights *all = draft->weights;
  float *value = t->value;
  size_t at = 0;
  aft__weights_sort(all);
  for (uint32_t v = 0; v < t->vectors; v++) {
    size_t end = at;
    memset(draft->seen, 0, t->shape.buckets);
    for (; end < all->n && all->item[end].vector == v; end++)
      draft->seen[all->item[end].bucket] = 1;
    for (size_t i = 0; i < t->rows->entries; i++)
      t->kept[i] = draft->seen[t->rows->entry[i]] ? value[i] : 0;
    t->value = t->kept;
    bias[v] = aft__train_vector(t, recipe, v, t->train, t->rows->n);
    t->value = value;
    if (t->stopped)
      return stopped(error);
    aft__weights_renew(all, at, end, v, t->w, &t->shape, t->steps);
    at = end;
  }
  return AFT_OK;
}

static void fill_head(const aft__train *t, const aft__trial *trial, const aft__calibration *c,
                      aft__model_head *head) {
  *head = (aft__model_head){.grams = AFT__GRAM_FORMAT,
                            .flags = t->shape.rare ? AFT__MODEL_RARE : 0,
                            .labels = t->rows->n_labels,
                            .vectors = t->vectors,
                            .buckets = t->shape.buckets,
                            .n_bands = c->n_bands,
                            .examples = t->rows->n,
                            .calibrated = trial->n,
                            .accuracy = trial->accuracy,
                            .macro_f1 = trial->macro_f1,
                            .ece = c->ece,
                            .slope = c->slope,
                            .offset = c->offset};
  head->wrong = (t->options.wrong_permille ? t->options.wrong_permille : 50) / 1000.0;
  head->doubt = (t->options.doubt_permille ? t->options.doubt_permille : 100) / 1000.0;
  aft__promise(c->bands, c->n_bands, head->wrong, head->doubt, &head->threshold, &head->coverage);
}

static aft_status finish(aft__train *t, const aft__recipe *recipe, const aft__trial *trial, aft__arena *arena,
                         aft__buf *image, aft_error *error) {
  aft__calibration calibration;
  aft__weights weights = {.env = t->env, .most = bytes_of(t) / 2};
  aft__draft draft = {.shape = &t->shape, .labels = t->rows->labels, .steps = t->steps, .weights = &weights};
  AFT__TRY(aft__calibrate(t, trial, &calibration, error));
  fill_head(t, trial, &calibration, &draft.head);
  float *bias = aft__arena_alloc(arena, t->vectors * sizeof *bias);
  weights.scale = aft__arena_alloc(arena, t->vectors * sizeof *weights.scale);
  draft.seen = aft__arena_alloc(arena, t->shape.buckets);
  draft.bias = bias;
  draft.bands = calibration.bands;
  draft.most = bytes_of(t);
  if (t->vectors * (size_t)t->shape.buckets < draft.most)
    weights.most = t->vectors * (size_t)t->shape.buckets;
  if (!bias || !weights.scale || !draft.seen)
    return aft__nomem(error);
  aft__train_part(t, 990, (in_bags(t) ? BAGS : 2) * t->vectors);
  aft_status status = train_all(t, recipe, &draft, bias, error);
  if (status >= 0 && aft__model_prune(&draft))
    status = train_kept(t, recipe, &draft, bias, error);
  if (status >= 0)
    status = aft__model_write(&draft, image, error);
  aft__weights_done(&weights);
  if (status >= 0)
    tell(t, 1000);
  return status;
}

static aft_status train_rows(aft__train *t, aft__arena *arena, aft__buf *image, aft_error *error) {
  aft__recipe recipe;
  aft__trial trial;
  t->random = t->options.seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
  t->vectors = t->rows->n_labels == 2 ? 1 : t->rows->n_labels;
  t->shape.buckets = buckets_of(t);
  aft__rows_fold(t->rows, t->shape.buckets);
  AFT__TRY(prepare(t, arena, error));
  AFT__TRY(room_for_trial(t, arena, &trial, error));
  t->rough = true;
  AFT__TRY(aft__recipe_choose(t, &trial, &recipe, error));
  t->rough = false;
  aft__train_part(t, 750, folds_of(t) * t->vectors);
  AFT__TRY(aft__trial_run(t, &recipe, folds_of(t), every_of(t), &trial, error));
  return finish(t, &recipe, &trial, arena, image, error);
}

static aft_status check_options(aft__train *t, const aft_model_options *options, aft_error *error) {
  memset(&t->options, 0, sizeof t->options);
  if (options)
    AFT__TRY(aft__abi_copy(&t->options, sizeof t->options, options, OPTIONS_V1, "aft_model_options", error));
  if (t->options.wrong_permille >= 1000)
    return aft__error(error, AFT_E_INVALID, "options.wrong_permille", "expected 1 to 999, found %u",
                      t->options.wrong_permille);
  if (t->options.doubt_permille >= 1000)
    return aft__error(error, AFT_E_INVALID, "options.doubt_permille", "expected 1 to 999, found %u",
                      t->options.doubt_permille);
  if (t->options.contradictions > AFT_MODEL_KEEP)
    return aft__error(error, AFT_E_INVALID, "options.contradictions",
                      "expected AFT_MODEL_REFUSE or AFT_MODEL_KEEP, found %u", t->options.contradictions);
  if (t->options.max_bytes && (t->options.max_bytes < LEAST_BYTES || t->options.max_bytes > AFT__MODEL_MOST))
    return aft__error(error, AFT_E_INVALID, "options.max_bytes", "expected %u to %zu, found %llu",
                      LEAST_BYTES, AFT__MODEL_MOST, (unsigned long long)t->options.max_bytes);
  return AFT_OK;
}

aft_status aft_model_train(aft_env *env, const aft_model_options *options, aft_example_fn next, void *user,
                           aft_model **out, aft_error *error) {
  aft__rows rows;
  aft__arena arena;
  aft__buf image;
  aft__train t = {.env = env, .rows = &rows};
  AFT__TRY(check_options(&t, options, error));
  if (!env || !next || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !env    ? "env"
                      : !next ? "next"
                              : "out",
                      "expected an environment, examples and a place for the model, found NULL");
  *out = NULL;
  aft__arena_init(&arena, env);
  aft__buf_init(&image, env);
  aft_status status = aft__rows_read(&rows, env, &t.options, next, user, error);
  if (status >= 0)
    status = train_rows(&t, &arena, &image, error);
  if (status >= 0)
    status = aft__model_new(env, image.data, image.len, out, error);
  aft__rows_done(&rows);
  aft__buf_done(&image);
  aft__arena_done(&arena);
  return status;
}
