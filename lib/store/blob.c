/* Blob stores: what is the same whatever the driver, digests above all. */
#include "store/store.h"

#define DRIVER_V1 (offsetof(aft_blob_driver, release) + sizeof(void (*)(void *)))
#define COPIED_V1 (offsetof(aft_blob_copied, bytes) + sizeof(int64_t))
#define RUN_BYTES 65536

aft_status aft_blobs_open(aft_env *env, const aft_blob_driver *driver, aft_blobs **out, aft_error *error) {
  aft_blob_driver d;
  if (!env || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, env ? "out" : "env", "the environment or out is NULL");
  AFT__TRY(aft__abi_copy(&d, sizeof d, driver, DRIVER_V1, "aft_blob_driver", error));
  if (d.abi != AFT_BLOB_ABI)
    return aft__error(error, AFT_E_ABI, "driver.abi", "expected a driver for contract %d, found %u",
                      AFT_BLOB_ABI, d.abi);
  if (!d.name || !d.begin || !d.write || !d.commit || !d.abort || !d.open || !d.read || !d.close || !d.stat ||
      !d.remove || !d.list)
    return aft__error(error, AFT_E_INVALID, "driver",
                      "a name and every function but tidy and release is "
                      "required, found one that is NULL");
  aft_blobs *blobs = aft__zalloc(env, sizeof *blobs);
  if (!blobs)
    return aft__nomem(error);
  atomic_init(&blobs->refs, 1);
  blobs->env = aft_env_ref(env);
  blobs->driver = d;
  *out = blobs;
  return AFT_OK;
}

aft_blobs *aft_blobs_ref(aft_blobs *blobs) {
  if (blobs)
    atomic_fetch_add(&blobs->refs, 1);
  return blobs;
}

void aft_blobs_unref(aft_blobs *blobs) {
  if (!blobs || atomic_fetch_sub(&blobs->refs, 1) != 1)
    return;
  aft_env *env = blobs->env;
  if (blobs->driver.release)
    blobs->driver.release(blobs->driver.user);
  aft__release(env, blobs, sizeof *blobs);
  aft_env_unref(env);
}

bool aft__blob_is_name(aft_str name) {
  if (name.len != AFT_BLOB_DIGITS)
    return false;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
      return false;
  }
  return true;
}

/* ---- in ---- */

aft_status aft__blob_begin(aft_blobs *blobs, aft__blob_upload *out, aft_error *error) {
  *out = (aft__blob_upload){0};
  AFT__TRY(blobs->driver.begin(blobs->driver.user, &out->handle, error));
  out->blobs = aft_blobs_ref(blobs);
  aft__sha256_init(&out->sha);
  return AFT_OK;
}

aft_status aft__blob_write(aft__blob_upload *upload, const void *bytes, size_t n, aft_error *error) {
  if (!n)
    return AFT_OK;
  AFT__TRY(upload->blobs->driver.write(upload->handle, bytes, n, error));
  aft__sha256_add(&upload->sha, bytes, n);
  upload->bytes += (int64_t)n;
  return AFT_OK;
}

void aft__blob_digest(const aft__blob_upload *upload, char digest[AFT__BLOB_NAME]) {
  aft__sha256 sha = upload->sha;
  uint8_t hash[32];
  aft__sha256_end(&sha, hash);
  aft__hex(hash, sizeof hash, digest);
}

static void forget(aft__blob_upload *upload) {
  aft_blobs_unref(upload->blobs);
  upload->blobs = NULL;
  upload->handle = NULL;
}

aft_status aft__blob_commit(aft__blob_upload *upload, char digest[AFT__BLOB_NAME], aft_error *error) {
  aft__blob_digest(upload, digest);
  aft_status status = upload->blobs->driver.commit(upload->handle, digest, upload->bytes, error);
  forget(upload);
  return status;
}

void aft__blob_abort(aft__blob_upload *upload) {
  if (!upload->blobs)
    return;
  upload->blobs->driver.abort(upload->handle);
  forget(upload);
}

/* ---- out ---- */

typedef struct reading {
  const aft_blob_driver *driver;
  void *reader;
  char *run; /* RUN_BYTES */
  aft__sha256 sha;
  int64_t bytes;
} reading;

static aft_status read_all(reading *r, aft__blob_sink sink, void *user, aft_error *error) {
  for (;;) {
    size_t got = 0;
    AFT__TRY(r->driver->read(r->reader, r->run, RUN_BYTES, &got, error));
    if (!got)
      return AFT_OK;
    if (got > RUN_BYTES)
      return aft__error(error, AFT_E_DRIVER, r->driver->name, "read gave more bytes than it was asked for");
    aft__sha256_add(&r->sha, r->run, got);
    r->bytes += (int64_t)got;
    AFT__TRY(sink(user, r->run, got, error));
  }
}

static aft_status check_digest(reading *r, const char *digest, aft_error *error) {
  uint8_t hash[32];
  char found[AFT__BLOB_NAME];
  aft__sha256_end(&r->sha, hash);
  aft__hex(hash, sizeof hash, found);
  if (strcmp(found, digest) == 0)
    return AFT_OK;
  return aft__error(error, AFT_E_CORRUPT, r->driver->name,
                    "the content %s is damaged: its %lld bytes have the digest %.16s…", digest,
                    (long long)r->bytes, found);
}

aft_status aft__blob_read(aft_blobs *blobs, const char *digest, aft__blob_sink sink, void *user,
                          aft_error *error) {
  reading r = {.driver = &blobs->driver};
  int64_t bytes;
  r.run = aft__alloc(blobs->env, RUN_BYTES);
  if (!r.run)
    return aft__nomem(error);
  aft__sha256_init(&r.sha);
  aft_status status = r.driver->open(r.driver->user, digest, &r.reader, &bytes, error);
  if (status >= 0) {
    status = read_all(&r, sink, user, error);
    if (status >= 0)
      status = check_digest(&r, digest, error);
    r.driver->close(r.reader);
  }
  aft__release(blobs->env, r.run, RUN_BYTES);
  return status < 0 ? status : AFT_OK;
}

/* ---- copies ---- */

typedef struct copying {
  aft_blobs *from, *to;
  aft_blob_copied done;
} copying;

static aft_status pass_on(void *user, const void *bytes, size_t n, aft_error *error) {
  return aft__blob_write(user, bytes, n, error);
}

static aft_status copy_one(copying *c, const char *digest, aft_error *error) {
  aft__blob_upload upload;
  char name[AFT__BLOB_NAME];
  AFT__TRY(aft__blob_begin(c->to, &upload, error));
  int64_t bytes = 0;
  aft_status status = aft__blob_read(c->from, digest, pass_on, &upload, error);
  if (status >= 0) {
    bytes = upload.bytes;
    status = aft__blob_commit(&upload, name, error);
  }
  aft__blob_abort(&upload);
  if (status < 0)
    return status;
  c->done.copied++;
  c->done.bytes += bytes;
  return AFT_OK;
}

static aft_status see_content(void *user, const char *digest, const aft_blob_info *info, aft_error *error) {
  copying *c = user;
  aft_blob_info there = {.size = sizeof there};
  if (!aft__blob_is_name(aft__cstr(digest)))
    return aft__error(error, AFT_E_DRIVER, c->from->driver.name, "a content is listed under no digest");
  aft_status status = c->to->driver.stat(c->to->driver.user, digest, &there, error);
  if (status >= 0 && there.bytes == info->bytes) {
    c->done.stood++;
    return AFT_OK;
  }
  if (status < 0 && status != AFT_E_NOT_FOUND)
    return status;
  status = copy_one(c, digest, error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  status = c->from->driver.stat(c->from->driver.user, digest, &there, NULL);
  return status == AFT_E_NOT_FOUND ? AFT_OK : status; /* removed meanwhile */
}

aft_status aft_blob_copy(aft_blobs *from, aft_blobs *to, aft_blob_copied *out, aft_error *error) {
  copying c = {from, to, {.size = sizeof c.done}};
  if (!from || !to)
    return aft__error(error, AFT_E_NULL_HANDLE, from ? "to" : "from", "the blob store is NULL");
  aft_status status = from->driver.list(from->driver.user, see_content, &c, error);
  if (!out)
    return status < 0 ? status : AFT_OK;
  aft_status given =
      aft__abi_give(out, &c.done, sizeof c.done, COPIED_V1, "aft_blob_copied", status < 0 ? NULL : error);
  return status < 0 ? status : given;
}
