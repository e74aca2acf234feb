/* Reading the image of a model: everything is checked once, so that prediction need not. */
#include "model/model_priv.h"

#include <math.h>

#define AT_FORMAT   8
#define AT_LEAST    10
#define AT_HEAD     12
#define AT_CHECKSUM 16
#define AT_SIZE     24
#define AT_FIELDS   32

static aft_status damaged(aft_error *error, const char *what) {
  return aft__error(error, AFT_E_MODEL, "model", "the model is damaged: %s", what);
}

static aft_status check_frame(const uint8_t *p, size_t size, aft_error *error) {
  if (size < AFT__MODEL_HEAD || memcmp(p, AFT__MODEL_MAGIC, 8) != 0)
    return aft__error(error, AFT_E_MODEL, "model", "this is no model: expected a file that begins with %s",
                      AFT__MODEL_MAGIC);
  uint16_t least = aft__le16(p + AT_LEAST);
  if (least == 0 || least > AFT__MODEL_FORMAT)
    return aft__error(
        error, AFT_E_MODEL, "model",
        "the model is of format %u, which needs a reader of format %u; this library reads up to %u",
        aft__le16(p + AT_FORMAT), least, AFT__MODEL_FORMAT);
  if (aft__le64(p + AT_SIZE) != size)
    return aft__error(error, AFT_E_MODEL, "model", "the model is cut off: expected %llu bytes, found %zu",
                      (unsigned long long)aft__le64(p + AT_SIZE), size);
  if (aft__le64(p + AT_CHECKSUM) != aft__hash64(p + AFT__MODEL_CHECKED, size - AFT__MODEL_CHECKED, 0))
    return damaged(error, "the checksum does not fit its bytes");
  return AFT_OK;
}

static void read_head(aft_model *m, const uint8_t *p) {
  aft__model_head *h = &m->head;
  uint32_t *numbers[] = {&h->grams, &h->flags, &h->labels, &h->vectors, &h->buckets, &h->n_bands};
  double *figures[] = {&h->accuracy,  &h->macro_f1, &h->ece,   &h->wrong, &h->doubt,
                       &h->threshold, &h->coverage, &h->slope, &h->offset};
  p += AT_FIELDS;
  for (size_t i = 0; i < AFT__COUNT(numbers); i++, p += 4)
    *numbers[i] = aft__le32(p);
  h->examples = aft__le64(p);
  h->calibrated = aft__le32(p + 8);
  p += 16;
  for (size_t i = 0; i < AFT__COUNT(figures); i++, p += 8)
    *figures[i] = aft__lef64(p);
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++, p += 4)
    m->shape.strength[b] = aft__lef32(p);
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++)
    m->shape.norm[b] = p[b];
  m->shape.buckets = h->buckets;
  m->shape.rare = (h->flags & AFT__MODEL_RARE) != 0;
}

static aft_status check_head(const aft_model *m, aft_error *error) {
  const aft__model_head *h = &m->head;
  const double figures[] = {h->accuracy,  h->macro_f1, h->ece,   h->wrong, h->doubt,
                            h->threshold, h->coverage, h->slope, h->offset};
  if (h->grams != AFT__GRAM_FORMAT)
    return aft__error(error, AFT_E_MODEL, "model",
                      "the model was trained on features of form %u, this library has form %u: train it anew",
                      h->grams, AFT__GRAM_FORMAT);
  bool wide = (h->flags & AFT__MODEL_WIDE) != 0, sparse = (h->flags & AFT__MODEL_SPARSE) != 0;
  if (h->labels < 2 || h->labels > AFT_MODEL_LABELS || h->vectors != (h->labels == 2 ? 1 : h->labels))
    return damaged(error, "the number of labels");
  if (h->buckets == 0 || h->buckets > AFT__MODEL_BUCKETS || h->n_bands > AFT__MODEL_BANDS)
    return damaged(error, "the number of buckets");
  if (wide != (sparse && h->vectors > 256))
    return damaged(error, "the form of its rows");
  for (size_t i = 0; i < AFT__COUNT(figures); i++)
    if (!isfinite(figures[i]))
      return damaged(error, "a figure that is no number");
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++)
    if (m->shape.norm[b] >= AFT__GRAM_BLOCKS || !isfinite(m->shape.strength[b]))
      return damaged(error, "the norm of a block");
  return AFT_OK;
}

/* How many bytes a section has; names and rows take what is left before the next. */
static size_t section_size(const aft_model *m, aft__model_section section) {
  const aft__model_head *h = &m->head;
  bool sparse = (h->flags & AFT__MODEL_SPARSE) != 0;
  size_t groups = (h->buckets + AFT__ROW_GROUP - 1) / AFT__ROW_GROUP;
  switch (section) {
  case AFT__MODEL_BIAS:
  case AFT__MODEL_SCALE:
    return h->vectors * (size_t)4;
  case AFT__MODEL_BAND:
    return h->n_bands * (size_t)12;
  case AFT__MODEL_RARITY:
    return AFT__MODEL_RARITIES * (size_t)4;
  case AFT__MODEL_STEPS:
    return m->shape.rare ? (h->buckets + (size_t)1) / 2 : 0;
  case AFT__MODEL_WEIGHTS:
    return sparse ? groups * AFT__ROW_GROUP_BYTES : (size_t)h->buckets * h->vectors;
  default:
    return SIZE_MAX;
  }
}

static aft_status place_sections(aft_model *m, aft_error *error) {
  const uint8_t *p = m->file.data, *places = p + AFT__MODEL_HEAD - 4 - 4 * AFT__MODEL_SECTIONS;
  size_t head = aft__le32(p + AT_HEAD), before = head;
  if (head < AFT__MODEL_HEAD)
    return damaged(error, "the size of its head");
  for (uint32_t s = 0; s < AFT__MODEL_SECTIONS; s++) {
    size_t at = aft__le32(places + 4 * s);
    size_t end = s + 1 < AFT__MODEL_SECTIONS ? aft__le32(places + 4 * (s + 1)) : m->file.size;
    size_t size = section_size(m, s);
    if (at < before || end < at || end > m->file.size || (size != SIZE_MAX && end - at != size))
      return damaged(error, "the place of a section");
    m->section[s] = p + at;
    before = at;
    if (s == AFT__MODEL_ROWS)
      m->rows_size = end - at;
  }
  return AFT_OK;
}

static aft_status check_names(const aft_model *m, aft_error *error) {
  const uint8_t *names = m->section[AFT__MODEL_NAMES];
  size_t size = (size_t)(m->section[AFT__MODEL_BIAS] - names), at = m->head.labels * (size_t)4;
  for (uint32_t k = 0; k < m->head.labels; k++) {
    if (at >= size || aft__le32(names + 4 * k) != at)
      return damaged(error, "the place of a label");
    const uint8_t *end = memchr(names + at, 0, size - at);
    aft_str name = {(const char *)names + at, end ? (size_t)(end - names) - at : 0};
    if (name.len == 0 || name.len > AFT_MODEL_LABEL_BYTES || aft__utf8_check(name, NULL) < 0)
      return damaged(error, "the text of a label");
    at += name.len + 1;
  }
  return at == size ? AFT_OK : damaged(error, "the texts of its labels");
}

static bool finite_floats(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(aft__lef32(p + 4 * i)))
      return false;
  return true;
}

static aft_status check_numbers(aft_model *m, aft_error *error) {
  const uint8_t *band = m->section[AFT__MODEL_BAND];
  if (!finite_floats(m->section[AFT__MODEL_BIAS], m->head.vectors) ||
      !finite_floats(m->section[AFT__MODEL_SCALE], m->head.vectors) ||
      !finite_floats(m->section[AFT__MODEL_RARITY], AFT__MODEL_RARITIES))
    return damaged(error, "a weight that is no number");
  for (uint32_t s = 0; s < AFT__MODEL_RARITIES; s++)
    m->shape.rarity[s] = aft__lef32(m->section[AFT__MODEL_RARITY] + 4 * s);
  uint64_t all = 0;
  for (uint32_t i = 0; i < m->head.n_bands; i++, band += 12) {
    all += aft__le32(band + 4);
    if (!isfinite(aft__lef32(band)) || aft__le32(band + 8) > aft__le32(band + 4) || all > UINT32_MAX)
      return damaged(error, "a band of confidence");
  }
  return AFT_OK;
}

/* Walks all rows once: each begins where the one before ends, and names vectors that exist. */
static aft_status check_rows(const aft_model *m, aft_error *error) {
  const uint8_t *groups = m->section[AFT__MODEL_WEIGHTS], *rows = m->section[AFT__MODEL_ROWS];
  size_t at = 0, wide = m->head.flags & AFT__MODEL_WIDE ? 2 : 1, n_groups = (m->head.buckets + 15) / 16;
  if (!(m->head.flags & AFT__MODEL_SPARSE))
    return m->rows_size == 0 ? AFT_OK : damaged(error, "rows in a dense model");
  for (size_t g = 0; g < n_groups; g++) {
    uint32_t has = aft__le16(groups + g * AFT__ROW_GROUP_BYTES);
    if (aft__le32(groups + g * AFT__ROW_GROUP_BYTES + 2) != at)
      return damaged(error, "the place of a row");
    for (; has; has &= has - 1) {
      if (m->rows_size - at < wide)
        return damaged(error, "a row that is cut off");
      uint32_t n = wide == 2 ? aft__le16(rows + at) : rows[at];
      at += wide;
      if ((m->rows_size - at) / (wide + 1) < n)
        return damaged(error, "a row that is cut off");
      for (uint32_t i = 0; i < n; i++, at += wide + 1)
        if ((wide == 2 ? aft__le16(rows + at) : rows[at]) >= m->head.vectors)
          return damaged(error, "a weight of a label that does not exist");
    }
  }
  return at == m->rows_size ? AFT_OK : damaged(error, "bytes behind its rows");
}

aft_status aft__model_read(aft_model *m, aft_error *error) {
  AFT__TRY(check_frame(m->file.data, m->file.size, error));
  read_head(m, m->file.data);
  AFT__TRY(check_head(m, error));
  AFT__TRY(place_sections(m, error));
  AFT__TRY(check_names(m, error));
  AFT__TRY(check_numbers(m, error));
  return check_rows(m, error);
}
