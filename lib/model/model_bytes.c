/* Numbers in the bytes of a model: least byte first, wherever they stand. */
#include "model/model_priv.h"

uint16_t aft__le16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
uint32_t aft__le32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
uint64_t aft__le64(const uint8_t *p) { return aft__le32(p) | (uint64_t)aft__le32(p + 4) << 32; }

float aft__lef32(const uint8_t *p) {
  uint32_t bits = aft__le32(p);
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

double aft__lef64(const uint8_t *p) {
  uint64_t bits = aft__le64(p);
  double v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

static void put(aft__buf *out, uint64_t v, size_t n) {
  uint8_t bytes[8];
  for (size_t i = 0; i < n; i++)
    bytes[i] = (uint8_t)(v >> (8 * i));
  aft__buf_add(out, bytes, n);
}

void aft__put16(aft__buf *out, uint16_t v) { put(out, v, 2); }
void aft__put32(aft__buf *out, uint32_t v) { put(out, v, 4); }
void aft__put64(aft__buf *out, uint64_t v) { put(out, v, 8); }

void aft__putf32(aft__buf *out, float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  aft__put32(out, bits);
}

void aft__putf64(aft__buf *out, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  aft__put64(out, bits);
}
