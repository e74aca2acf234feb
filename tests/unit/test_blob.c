/* Contents in a folder: whole or absent, checked when they are read, one for all who store the same. And what
 * a file is by its first bytes. */
#include "desk_fixture.h"
#include "fault_alloc.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"

static char folder[64];
static aft_env *env;
static aft_blobs *blobs;
static _Atomic int64_t now;

static int64_t clock_now(void *user) {
  (void)user;
  return atomic_load(&now);
}

static aft_env *env_with(const aft_alloc *alloc) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *made;
  aft_env_options options = {.size = sizeof options,
                             .clock = {.size = sizeof(aft_clock), .now_ms = clock_now}};
  if (alloc)
    options.alloc = *alloc;
  assert_ok(aft_env_new(&options, &made, &error));
  return made;
}

static int open_folder(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/aftersales-blobs-XXXXXX");
  assert_non_null(mkdtemp(folder));
  atomic_store(&now, DESK_START);
  env = env_with(NULL);
  assert_ok(aft_blob_directory_open(env, AFT_STR(folder), &blobs, &error));
  return 0;
}

static int shut(void **state) {
  char line[96];
  (void)state;
  aft_blobs_unref(blobs);
  aft_env_unref(env);
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

/* ---- helpers ---- */

static aft_status store_bytes(aft_blobs *into, const void *bytes, size_t n, char digest[AFT__BLOB_NAME],
                              aft_error *error) {
  aft__blob_upload upload;
  AFT__TRY(aft__blob_begin(into, &upload, error));
  aft_status status = aft__blob_write(&upload, bytes, n, error);
  if (status >= 0)
    return aft__blob_commit(&upload, digest, error);
  aft__blob_abort(&upload);
  return status;
}

static void store_text(const char *text, char digest[AFT__BLOB_NAME]) {
  aft_error error = AFT_ERROR_INIT;
  assert_ok(store_bytes(blobs, text, strlen(text), digest, &error));
}

typedef struct got {
  char bytes[256];
  size_t n;
} got;

static aft_status collect(void *user, const void *bytes, size_t n, aft_error *error) {
  got *g = user;
  (void)error;
  if (g->n + n < sizeof g->bytes)
    memcpy(g->bytes + g->n, bytes, n);
  g->n += n;
  return AFT_OK;
}

static void assert_holds(aft_blobs *from, const char *digest, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  got g = {.n = 0};
  assert_ok(aft__blob_read(from, digest, collect, &g, &error));
  assert_int_equal(g.n, strlen(text));
  assert_memory_equal(g.bytes, text, g.n);
}

static void path_of(const char *digest, char path[192]) {
  snprintf(path, 192, "%s/%.2s/%.2s/%s", folder, digest, digest + 2, digest);
}

static aft_status count_one(void *user, const char *digest, const aft_blob_info *info, aft_error *error) {
  (void)error;
  assert_true(aft__blob_is_name(aft__cstr(digest)) && info->bytes >= 0);
  ++*(int *)user;
  return AFT_OK;
}

static int contents(aft_blobs *of) {
  aft_error error = AFT_ERROR_INIT;
  int n = 0;
  assert_ok(of->driver.list(of->driver.user, count_one, &n, &error));
  return n;
}

/* Files of the folder itself: uploads that are not done. */
static int unfinished(void) {
  DIR *dir = opendir(folder);
  int n = 0;
  assert_non_null(dir);
  for (struct dirent *e; (e = readdir(dir)) != NULL;)
    n += strncmp(e->d_name, "new.", 4) == 0;
  closedir(dir);
  return n;
}

static void write_over(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

/* ---- storing and reading ---- */

static void a_content_stands_under_its_digest(void **state) {
  char digest[AFT__BLOB_NAME], path[192];
  struct stat st;
  (void)state;
  store_text("abc", digest);
  /* FIPS 180-4's example */
  assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  path_of(digest, path);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, 3);
  assert_holds(blobs, digest, "abc");
  assert_int_equal(unfinished(), 0);
}

static void a_large_content_comes_in_pieces(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft__blob_upload upload;
  char digest[AFT__BLOB_NAME];
  static char piece[70001];
  got g = {.n = 0};
  (void)state;
  memset(piece, 'x', sizeof piece);
  assert_ok(aft__blob_begin(blobs, &upload, &error));
  for (int i = 0; i < 30; i++)
    assert_ok(aft__blob_write(&upload, piece, sizeof piece, &error));
  assert_int_equal(contents(blobs), 0); /* nobody sees it before its end */
  assert_ok(aft__blob_commit(&upload, digest, &error));
  assert_ok(aft__blob_read(blobs, digest, collect, &g, &error));
  assert_int_equal(g.n, 30 * sizeof piece);
}

static void an_aborted_upload_leaves_nothing(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft__blob_upload upload;
  (void)state;
  assert_ok(aft__blob_begin(blobs, &upload, &error));
  assert_ok(aft__blob_write(&upload, "half", 4, &error));
  assert_int_equal(unfinished(), 1);
  aft__blob_abort(&upload);
  aft__blob_abort(&upload); /* ended already */
  assert_int_equal(unfinished(), 0);
  assert_int_equal(contents(blobs), 0);
}

static void every_wrong_byte_is_seen(void **state) {
  static const char text[] = "a photo of a broken cup";
  aft_error error = AFT_ERROR_INIT;
  char digest[AFT__BLOB_NAME], path[192];
  (void)state;
  store_text(text, digest);
  path_of(digest, path);
  for (size_t i = 0; i < strlen(text); i++) {
    char wrong[sizeof text];
    got g = {.n = 0};
    memcpy(wrong, text, sizeof text);
    wrong[i] ^= 1;
    write_over(path, wrong);
    assert_status(aft__blob_read(blobs, digest, collect, &g, &error), AFT_E_CORRUPT);
    assert_non_null(strstr(error.message, digest));
  }
  got g = {.n = 0};
  write_over(path, "a photo");
  assert_status(aft__blob_read(blobs, digest, collect, &g, &error), AFT_E_CORRUPT);
  store_text(text, digest); /* storing it again heals it */
  assert_holds(blobs, digest, text);
}

static void what_is_no_file_is_not_followed(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char digest[AFT__BLOB_NAME], path[192];
  got g = {.n = 0};
  (void)state;
  store_text("x", digest);
  path_of(digest, path);
  assert_int_equal(unlink(path), 0);
  assert_status(aft__blob_read(blobs, digest, collect, &g, &error), AFT_E_NOT_FOUND);
  assert_int_equal(symlink("/etc/passwd", path), 0);
  assert_true(aft__blob_read(blobs, digest, collect, &g, &error) < 0);
  assert_int_equal(g.n, 0);
}

static void a_folder_that_is_not_there(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_blobs *none;
  char path[96];
  (void)state;
  snprintf(path, sizeof path, "%s/none", folder);
  assert_status(aft_blob_directory_open(env, AFT_STR(path), &none, &error), AFT_E_NOT_FOUND);
  assert_status(aft_blob_directory_open(env, AFT_STR(""), &none, &error), AFT_E_INVALID);
  assert_status(aft_blob_directory_open(env, (aft_str){"a\0b", 3}, &none, &error), AFT_E_INVALID);
  assert_status(aft_blob_directory_open(NULL, AFT_STR(folder), &none, &error), AFT_E_NULL_HANDLE);
}

/* ---- removing ---- */

static void only_what_is_old_enough_is_removed(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_blob_info info = {.size = sizeof info};
  char digest[AFT__BLOB_NAME];
  const aft_blob_driver *driver = &blobs->driver;
  (void)state;
  store_text("a", digest);
  assert_ok(driver->stat(driver->user, digest, &info, &error));
  assert_true(info.bytes == 1 && info.stored == DESK_START);
  assert_status(driver->remove(driver->user, digest, DESK_START, &error), AFT_IGNORED);
  atomic_store(&now, DESK_START + 1000);
  store_text("a", digest); /* counts as stored now */
  assert_status(driver->remove(driver->user, digest, DESK_START + 1, &error), AFT_IGNORED);
  assert_status(driver->remove(driver->user, digest, DESK_START + 1001, &error), AFT_OK);
  assert_status(driver->remove(driver->user, digest, DESK_START + 1001, &error), AFT_E_NOT_FOUND);
  assert_int_equal(contents(blobs), 0);
}

static void what_a_dead_upload_left_is_tidied(void **state) {
  aft_error error = AFT_ERROR_INIT;
  const aft_blob_driver *driver = &blobs->driver;
  aft__blob_upload alive;
  (void)state;
  pid_t child = fork();
  if (child == 0) { /* a process that ends in the middle of an upload */
    aft__blob_upload upload;
    _exit(aft__blob_begin(blobs, &upload, NULL) < 0 || aft__blob_write(&upload, "half", 4, NULL) < 0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  atomic_store(&now, DESK_START + AFT__DAY);
  assert_ok(aft__blob_begin(blobs, &alive, &error));
  assert_int_equal(unfinished(), 2);
  assert_ok(driver->tidy(driver->user, DESK_START + 1, &error));
  assert_int_equal(unfinished(), 1);
  char digest[AFT__BLOB_NAME];
  assert_ok(aft__blob_commit(&alive, digest, &error));
}

/* ---- several at once ---- */

#define ROUNDS 60

/* Stores and removes the same few contents; what is there is always whole. */
static int hustle(void) {
  for (int i = 0; i < ROUNDS; i++) {
    char text[16], digest[AFT__BLOB_NAME];
    got g = {.n = 0};
    snprintf(text, sizeof text, "content %d", i % 3);
    if (store_bytes(blobs, text, strlen(text), digest, NULL) < 0)
      return 1;
    aft_status status = aft__blob_read(blobs, digest, collect, &g, NULL);
    if (status < 0 && status != AFT_E_NOT_FOUND)
      return 2;
    if (i % 2)
      status = blobs->driver.remove(blobs->driver.user, digest, INT64_MAX, NULL);
    if (status < 0 && status != AFT_E_NOT_FOUND)
      return 3;
  }
  return 0;
}

static void processes_store_the_same_content(void **state) {
  pid_t children[4];
  (void)state;
  for (int i = 0; i < 4; i++)
    if ((children[i] = fork()) == 0)
      _exit(hustle());
  for (int i = 0; i < 4; i++) {
    int status;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
  assert_int_equal(unfinished(), 0);
  assert_true(contents(blobs) <= 3);
}

static void *hustle_here(void *user) { return (void *)(intptr_t)(hustle() + (user != NULL)); }

static void threads_store_the_same_content(void **state) {
  pthread_t threads[4];
  (void)state;
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, hustle_here, NULL), 0);
  for (int i = 0; i < 4; i++) {
    void *outcome;
    assert_int_equal(pthread_join(threads[i], &outcome), 0);
    assert_null(outcome);
  }
  assert_int_equal(unfinished(), 0);
}

/* ---- copies ---- */

static void copies_bring_what_is_missing(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_blob_copied copied = {.size = sizeof copied};
  aft_blobs *other;
  char path[96], one[AFT__BLOB_NAME], two[AFT__BLOB_NAME], file[192];
  (void)state;
  snprintf(path, sizeof path, "%s/other", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_ok(aft_blob_directory_open(env, AFT_STR(path), &other, &error));
  store_text("one", one);
  assert_ok(aft_blob_copy(blobs, other, &copied, &error));
  assert_true(copied.copied == 1 && copied.stood == 0 && copied.bytes == 3);
  store_text("two!", two);
  assert_ok(aft_blob_copy(blobs, other, &copied, &error));
  assert_true(copied.copied == 1 && copied.stood == 1 && copied.bytes == 4);
  assert_holds(other, one, "one");
  assert_holds(other, two, "two!");
  store_text("three", one);
  path_of(one, file);
  write_over(file, "eerht");
  assert_status(aft_blob_copy(blobs, other, NULL, &error), AFT_E_CORRUPT);
  assert_non_null(strstr(error.message, one));
  assert_int_equal(contents(other), 2);
  assert_status(aft_blob_copy(NULL, other, NULL, &error), AFT_E_NULL_HANDLE);
  aft_blobs_unref(other);
}

/* ---- memory that runs out ---- */

static void every_allocation_fails_once(void **state) {
  uint64_t at = 1;
  (void)state;
  for (bool done = false; !done; at++) {
    fault_alloc fault = {.calls = 0};
    aft_error error = AFT_ERROR_INIT;
    aft_alloc alloc = fault_alloc_hooks(&fault);
    aft_env *own = env_with(&alloc);
    aft_blobs *small = NULL;
    char digest[AFT__BLOB_NAME];
    fault.fail_at = atomic_load(&fault.calls) + at;
    aft_status status = aft_blob_directory_open(own, AFT_STR(folder), &small, &error);
    if (status >= 0)
      status = store_bytes(small, "text", 4, digest, &error);
    got g = {.n = 0};
    if (status >= 0)
      status = aft__blob_read(small, digest, collect, &g, &error);
    done = fault.failures == 0;
    assert_status(status, done ? AFT_OK : AFT_E_NOMEM);
    assert_int_equal(unfinished(), 0);
    aft_blobs_unref(small);
    aft_env_unref(own);
    assert_int_equal(atomic_load(&fault.bytes), 0);
  }
  assert_true(at > 4);
}

/* ---- drivers ---- */

static void drivers_that_are_not_whole(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_blobs *other;
  aft_blob_driver driver = blobs->driver;
  (void)state;
  driver.release = NULL;
  driver.abi = 2;
  assert_status(aft_blobs_open(env, &driver, &other, &error), AFT_E_ABI);
  driver.abi = AFT_BLOB_ABI;
  driver.remove = NULL;
  assert_status(aft_blobs_open(env, &driver, &other, &error), AFT_E_INVALID);
  driver.remove = blobs->driver.remove;
  driver.size = 8;
  assert_status(aft_blobs_open(env, &driver, &other, &error), AFT_E_ABI);
  driver.size = sizeof driver;
  assert_ok(aft_blobs_open(env, &driver, &other, &error));
  aft_blobs_unref(other);
}

/* ---- what a file is ---- */

static void files_are_told_by_their_first_bytes(void **state) {
#define BYTES(text) text, sizeof(text) - 1
  static const struct {
    const char *bytes;
    size_t n;
    const char *type;
  } files[] = {
      {BYTES("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg"},
      {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png"},
      {BYTES("GIF89a\1\0\1\0"), "image/gif"},
      {BYTES("GIF87a\1\0\1\0"), "image/gif"},
      {BYTES("RIFF\x24\0\0\0WEBPVP8 "), "image/webp"},
      {BYTES("RIFF\x24\0\0\0WAVEfmt "), NULL},
      {BYTES("\0\0\0\x18"
             "ftypheic\0\0\0\0mif1heic"),
       "image/heic"},
      {BYTES("\0\0\0\x1c"
             "ftypmif1\0\0\0\0mif1heicmiaf"),
       "image/heic"},
      {BYTES("\0\0\0\x18"
             "ftypmif1\0\0\0\0mif1avifheic"),
       NULL}, /* beyond the box */
      {BYTES("\0\0\0\x20"
             "ftypisom\0\0\2\0isomiso2avc1mp41"),
       "video/mp4"},
      {BYTES("\0\0\0\x14"
             "ftypqt  \0\0\0\0qt  "),
       "video/quicktime"},
      {BYTES("\0\0\0\x14"
             "ftypavif\0\0\0\0avif"),
       NULL},
      {BYTES("\0\0\0\x08"
             "ftypisom\0\0\0\0isom"),
       NULL}, /* a box too small for a brand */
      {BYTES(
           "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x08\x42\x82\x84webm"),
       "video/webm"},
      {BYTES("\x1a\x45\xdf\xa3\xa3\x42\x86\x81\1\x42\x82\x88matroska"), NULL},
      {BYTES("%PDF-1.7\n"), "application/pdf"},
      {BYTES(" %PDF-1.7\n"), NULL},
      {BYTES("MZ\x90\0"), NULL},
      {BYTES("PK\3\4"), NULL},
      {BYTES("<svg xmlns="), NULL},
      {BYTES("<html>"), NULL},
      {BYTES(""), NULL},
  };
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(files); i++) {
    const char *type = aft__magic_type(files[i].bytes, files[i].n);
    if (!type != !files[i].type || (type && strcmp(type, files[i].type) != 0))
      fail_msg("file %zu is %s", i, type ? type : "nothing");
    assert_true(!type || aft__magic_known(aft__cstr(type)));
    for (size_t n = 0; n < files[i].n; n++) { /* no beginning is read past its end */
      char *cut = malloc(n ? n : 1);
      assert_non_null(cut);
      memcpy(cut, files[i].bytes, n);
      aft__magic_type(cut, n);
      free(cut);
    }
  }
  assert_false(aft__magic_known(aft__cstr("image/svg+xml")));
  assert_false(aft__magic_known(aft__cstr("")));
}

int main(void) {
#define ON(test) cmocka_unit_test_setup_teardown(test, open_folder, shut)
  const struct CMUnitTest tests[] = {
      ON(a_content_stands_under_its_digest),  ON(a_large_content_comes_in_pieces),
      ON(an_aborted_upload_leaves_nothing),   ON(every_wrong_byte_is_seen),
      ON(what_is_no_file_is_not_followed),    ON(a_folder_that_is_not_there),
      ON(only_what_is_old_enough_is_removed), ON(what_a_dead_upload_left_is_tidied),
      ON(processes_store_the_same_content),   ON(threads_store_the_same_content),
      ON(copies_bring_what_is_missing),       ON(every_allocation_fails_once),
      ON(drivers_that_are_not_whole),         cmocka_unit_test(files_are_told_by_their_first_bytes),
  };
  return cmocka_run_group_tests_name("blob", tests, NULL, NULL);
}
