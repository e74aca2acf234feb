#include "fault_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "random.h"

#define SECTOR     512
#define MOST_FILES 8

typedef struct change {
  int64_t at;
  int n;          /* bytes; -1: the file is cut at `at` */
  uint8_t *bytes; /* of a write */
} change;

struct fault_image {
  char path[200];
  bool here, durable_here; /* the file exists, now and after a loss of power */
  uint8_t *bytes;          /* durable */
  int64_t size, room;
  change *changes; /* since then */
  uint32_t n_changes, cap;
};

static fault_image files[MOST_FILES];
static uint32_t n_files;

static void *grown(void *p, size_t n) {
  p = realloc(p, n);
  if (!p)
    abort();
  return p;
}

/* ---- the durable bytes ---- */

/* With room for more: a log grows page by page. */
static void make_room(fault_image *image, int64_t size) {
  if (size <= image->room)
    return;
  image->room = size + size / 2;
  image->bytes = grown(image->bytes, (size_t)image->room);
}

static void resize(fault_image *image, int64_t size) {
  if (size > image->size) {
    make_room(image, size);
    memset(image->bytes + image->size, 0, (size_t)(size - image->size));
  }
  image->size = size;
}

static void put(fault_image *image, const uint8_t *bytes, int64_t n, int64_t at) {
  if (at + n > image->size)
    resize(image, at + n);
  memcpy(image->bytes + at, bytes, (size_t)n);
}

static void load(fault_image *image) {
  FILE *file = fopen(image->path, "rb");
  image->here = image->durable_here = file != NULL;
  if (!file)
    return;
  fseek(file, 0, SEEK_END);
  resize(image, ftell(file));
  rewind(file);
  if (image->size && fread(image->bytes, (size_t)image->size, 1, file) != 1)
    abort();
  fclose(file);
}

fault_image *fault_disk_file(const char *path) {
  for (uint32_t i = 0; i < n_files; i++)
    if (strcmp(files[i].path, path) == 0)
      return &files[i];
  if (n_files == MOST_FILES || strlen(path) >= sizeof files[0].path)
    abort();
  fault_image *image = &files[n_files++];
  memset(image, 0, sizeof *image);
  strcpy(image->path, path);
  load(image);
  return image;
}

/* ---- what comes after them ---- */

static void forget_changes(fault_image *image) {
  for (uint32_t i = 0; i < image->n_changes; i++)
    free(image->changes[i].bytes);
  image->n_changes = 0;
}

static void add(fault_image *image, change c) {
  if (image->n_changes == image->cap) {
    image->cap = image->cap ? 2 * image->cap : 64;
    image->changes = grown(image->changes, image->cap * sizeof *image->changes);
  }
  image->changes[image->n_changes++] = c;
}

void fault_disk_write(fault_image *image, const void *bytes, int n, int64_t at) {
  if (n <= 0)
    return;
  change c = {at, n, grown(NULL, (size_t)n)};
  memcpy(c.bytes, bytes, (size_t)n);
  add(image, c);
}

void fault_disk_truncate(fault_image *image, int64_t size) { add(image, (change){size, -1, NULL}); }

void fault_disk_created(fault_image *image) {
  if (image->here)
    return;
  forget_changes(image); /* another file under an old name */
  image->size = 0;
  image->durable_here = false;
  image->here = true;
}

void fault_disk_deleted(fault_image *image) { image->here = false; }

static void apply(fault_image *image, const change *c) {
  if (c->n < 0)
    resize(image, c->at);
  else
    put(image, c->bytes, c->n, c->at);
}

void fault_disk_sync_folder(void) {
  for (uint32_t i = 0; i < n_files; i++)
    files[i].durable_here = files[i].here;
}

void fault_disk_sync(fault_image *image, bool folder) {
  for (uint32_t i = 0; i < image->n_changes; i++)
    apply(image, &image->changes[i]);
  forget_changes(image);
  if (folder)
    fault_disk_sync_folder();
}

/* ---- chance ---- */

static void tear(fault_image *image, const change *c, uint64_t *seed) {
  for (int64_t at = c->at; at < c->at + c->n;) {
    int64_t end = (at / SECTOR + 1) * SECTOR;
    if (end > c->at + c->n)
      end = c->at + c->n;
    uint32_t fate = below(seed, 8);
    if (fate < 4)
      put(image, c->bytes + (at - c->at), end - at, at);
    for (int64_t i = at; fate == 7 && i < end; i++) {
      uint8_t noise = (uint8_t)draw32(seed);
      put(image, &noise, 1, i);
    }
    at = end;
  }
}

static void settle(fault_image *image, uint64_t *seed) {
  for (uint32_t i = 0; i < image->n_changes; i++) {
    const change *c = &image->changes[i];
    uint32_t fate = below(seed, 3);
    if (fate == 0)
      apply(image, c);
    else if (fate == 1 && c->n > 0)
      tear(image, c, seed);
  }
  forget_changes(image);
}

void fault_disk_sync_failed(fault_image *image, uint64_t *seed) { settle(image, seed); }

static void lay_down(fault_image *image, uint64_t *seed) {
  bool here = image->here == image->durable_here ? image->here : below(seed, 2) == 0;
  settle(image, seed);
  unlink(image->path);
  if (!here)
    return;
  FILE *file = fopen(image->path, "wb");
  if (!file || (image->size && fwrite(image->bytes, (size_t)image->size, 1, file) != 1) || fclose(file))
    abort();
}

void fault_disk_lay_down(uint64_t *seed) {
  for (uint32_t i = 0; i < n_files; i++)
    lay_down(&files[i], seed);
}

void fault_disk_forget(void) {
  for (uint32_t i = 0; i < n_files; i++) {
    forget_changes(&files[i]);
    free(files[i].changes);
    free(files[i].bytes);
  }
  n_files = 0;
}
