/* The type of a file by its first bytes: the photos, videos and papers that evidence is made of. */
#include "base/base.h"

typedef struct magic {
  const char *type;
  uint32_t at, n;
  char bytes[9];
} magic;

static const magic known[] = {
    {"image/jpeg", 0, 3, "\xff\xd8\xff"}, {"image/png", 0, 8, "\x89PNG\r\n\x1a\n"},
    {"image/gif", 0, 6, "GIF87a"},        {"image/gif", 0, 6, "GIF89a"},
    {"application/pdf", 0, 5, "%PDF-"},
};

typedef struct brand {
  const char *type;
  char name[5];
} brand;

/* Major brands of ISO base media files. */
static const brand brands[] = {
    {"image/heic", "heic"}, {"image/heic", "heix"}, {"image/heic", "heim"},      {"image/heic", "heis"},
    {"video/mp4", "isom"},  {"video/mp4", "iso2"},  {"video/mp4", "iso4"},       {"video/mp4", "iso5"},
    {"video/mp4", "iso6"},  {"video/mp4", "mp41"},  {"video/mp4", "mp42"},       {"video/mp4", "avc1"},
    {"video/mp4", "M4V "},  {"video/mp4", "MSNV"},  {"video/quicktime", "qt  "},
};

static bool has(const uint8_t *bytes, size_t n, size_t at, const char *what, size_t m) {
  return at <= n && m <= n - at && memcmp(bytes + at, what, m) == 0;
}

static const char *type_of_brand(const uint8_t *name) {
  for (size_t i = 0; i < AFT__COUNT(brands); i++)
    if (memcmp(brands[i].name, name, 4) == 0)
      return brands[i].type;
  return NULL;
}

/* A box: its length, "ftyp", the major brand, a version, and the brands that it is compatible with. A picture
 * may have the general brand mif1 and say further on that it is HEIC. */
static const char *type_of_box(const uint8_t *bytes, size_t n) {
  if (!has(bytes, n, 4, "ftyp", 4) || n < 16)
    return NULL;
  size_t box = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
  if (box < 16)
    return NULL;
  if (!has(bytes, n, 8, "mif1", 4))
    return type_of_brand(bytes + 8);
  size_t end = box < n ? box : n;
  for (size_t at = 16; at + 4 <= end; at += 4)
    if (has(bytes, n, at, "heic", 4) || has(bytes, n, at, "heix", 4))
      return "image/heic";
  return NULL;
}

/* EBML: the element DocType, 0x4282, says whether a Matroska file is WebM. */
static bool is_webm(const uint8_t *bytes, size_t n) {
  if (!has(bytes, n, 0, "\x1a\x45\xdf\xa3", 4))
    return false;
  for (size_t at = 5; at + 7 <= n; at++)
    if (has(bytes, n, at, "\x42\x82\x84webm", 7))
      return true;
  return false;
}

const char *aft__magic_type(const void *data, size_t n) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (has(bytes, n, known[i].at, known[i].bytes, known[i].n))
      return known[i].type;
  if (has(bytes, n, 0, "RIFF", 4) && has(bytes, n, 8, "WEBPVP8", 7))
    return "image/webp";
  return is_webm(bytes, n) ? "video/webm" : type_of_box(bytes, n);
}

bool aft__magic_known(aft_str type) {
  static const char *const others[] = {"image/webp", "video/webm"};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (aft__str_eq(type, aft__cstr(known[i].type)))
      return true;
  for (size_t i = 0; i < AFT__COUNT(brands); i++)
    if (aft__str_eq(type, aft__cstr(brands[i].type)))
      return true;
  for (size_t i = 0; i < AFT__COUNT(others); i++)
    if (aft__str_eq(type, aft__cstr(others[i])))
      return true;
  return false;
}
