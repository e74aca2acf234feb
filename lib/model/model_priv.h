/* Private to lib/model: what turns grams into a score, and the image that holds it. */
#ifndef AFT_MODEL_PRIV_H
#define AFT_MODEL_PRIV_H

#include "model/model.h"

#define AFT__MODEL_RARITIES 16 /* steps of inverse document frequency */

/*
 * The score of a class is its bias and, for each block of grams, the sum of the weights of its grams times
 * the block's strength, over the root of the sum of the squared rarities of those grams. Blocks that share a
 * norm have one such sum together. The rarity of a gram is in its weights already.
 */
typedef struct aft__shape {
  uint32_t buckets;
  uint32_t norm[AFT__GRAM_BLOCKS]; /* which norm a block uses */
  float strength[AFT__GRAM_BLOCKS];
  float rarity[AFT__MODEL_RARITIES]; /* by the step of a bucket */
  bool rare;                         /* buckets have steps; otherwise every rarity is 1 */
} aft__shape;

static inline uint32_t aft__bucket(uint32_t hash, uint32_t buckets) {
  return (uint32_t)((uint64_t)hash * buckets >> 32);
}

/* ---- model_bytes.c: numbers, least byte first ---- */

uint16_t aft__le16(const uint8_t *p);
uint32_t aft__le32(const uint8_t *p);
uint64_t aft__le64(const uint8_t *p);
float aft__lef32(const uint8_t *p);
double aft__lef64(const uint8_t *p);
void aft__put16(aft__buf *out, uint16_t v);
void aft__put32(aft__buf *out, uint32_t v);
void aft__put64(aft__buf *out, uint64_t v);
void aft__putf32(aft__buf *out, float v);
void aft__putf64(aft__buf *out, double v);

/* ---- the image: a head, then sections in this order ---- */

typedef enum aft__model_section {
  AFT__MODEL_NAMES,   /* places of the label texts, then the texts, each closed by NUL */
  AFT__MODEL_BIAS,    /* float for each vector */
  AFT__MODEL_SCALE,   /* float for each vector: of its weights */
  AFT__MODEL_BAND,    /* of held-back examples */
  AFT__MODEL_RARITY,  /* float for each step */
  AFT__MODEL_STEPS,   /* half a byte for each bucket, where rarities count */
  AFT__MODEL_WEIGHTS, /* dense: a byte for each bucket and vector; sparse: the groups of buckets */
  AFT__MODEL_ROWS, /* sparse: of each bucket that has any, how many weights, then vector and weight of each */
  AFT__MODEL_SECTIONS
} aft__model_section;

#define AFT__MODEL_MAGIC     "AFTMODEL"
#define AFT__MODEL_FORMAT    1u /* of what this library writes; it reads this and older ones */
#define AFT__MODEL_HEAD      208u
#define AFT__MODEL_CHECKED   24u /* the checksum covers what follows the first bytes */
#define AFT__MODEL_SPARSE    1u  /* flags */
#define AFT__MODEL_RARE      2u
#define AFT__MODEL_WIDE      4u /* numbers of vectors in rows take two bytes */
#define AFT__MODEL_BANDS     64u
#define AFT__MODEL_MOST      ((size_t)64 << 20)
#define AFT__MODEL_BUCKETS   (1u << 24)
#define AFT__ROW_GROUP       16u /* buckets of the sparse form that share a place */
#define AFT__ROW_GROUP_BYTES 6u  /* which buckets have rows, and the place of the first */

/* Held-back examples of one range of confidence. */
typedef struct aft__band {
  float least; /* confidence */
  uint32_t n, wrong;
} aft__band;

/* Fields of the head, in its order, beside magic, formats, checksum and size. */
typedef struct aft__model_head {
  uint32_t grams, flags, labels, vectors, buckets, n_bands;
  uint64_t examples;
  uint32_t calibrated;
  double accuracy, macro_f1, ece, wrong, doubt, threshold, coverage, slope, offset;
} aft__model_head;

struct aft_model {
  atomic_int refs;
  aft_env *env;
  aft__file file; /* the image */
  bool mapped;
  aft__model_head head;
  aft__shape shape;
  const uint8_t *section[AFT__MODEL_SECTIONS];
  size_t rows_size;
};

/* model_image.c: fills in the model from the bytes of model->file, or says what is wrong with them. */
aft_status aft__model_read(aft_model *model, aft_error *error);
/* model.c: copies the image. */
aft_status aft__model_new(aft_env *env, const void *image, size_t size, aft_model **out, aft_error *error);

static inline uint32_t aft__rarity_step(const aft_model *m, uint32_t bucket) {
  return m->section[AFT__MODEL_STEPS][bucket / 2] >> (bucket % 2 * 4) & 15;
}

/* predict.c: the weights of a bucket in the sparse form, n pairs of vector and weight. */
const uint8_t *aft__model_row(const aft_model *m, uint32_t bucket, uint32_t *n);

/* predict.c: what the sums of each block are multiplied by. */
void aft__model_factors(const aft__shape *shape, const float norm[AFT__GRAM_BLOCKS],
                        double factor[AFT__GRAM_BLOCKS]);

/* calibrate.c: scores by vector to probabilities by label. */
void aft__calibrated(double slope, double offset, const double *scores, uint32_t labels, double *out);

/* promise.c: bands in order of falling confidence. */
void aft__promise(const aft__band *bands, uint32_t n_bands, double wrong, double doubt, double *threshold,
                  double *coverage);

/* model.c: AFT_OK with the text in normalised form in the lent buffer. */
aft_status aft__model_normal(const aft_model *model, const char *text, size_t len, aft__buf *normal,
                             aft_error *error);
#define AFT__MODEL_SCRATCH 2048

#endif
