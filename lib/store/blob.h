/* Contents under their digests, as the library uses them: always checked, whatever the driver says. */
#ifndef AFT_STORE_BLOB_H
#define AFT_STORE_BLOB_H

#include "base/base.h"

#include <aftersales/store.h>
#include <aftersales/sys/blob.h>

struct aft_blobs {
  atomic_int refs;
  aft_env *env;
  aft_blob_driver driver;
};

#define AFT__BLOB_NAME (AFT_BLOB_DIGITS + 1) /* a digest and its NUL */

/* 64 small hexadecimal digits and nothing else. */
bool aft__blob_is_name(aft_str name);

/* A content on its way in. */
typedef struct aft__blob_upload {
  aft_blobs *blobs; /* referenced; NULL: none is open */
  void *handle;
  aft__sha256 sha;
  int64_t bytes;
} aft__blob_upload;

aft_status aft__blob_begin(aft_blobs *blobs, aft__blob_upload *out, aft_error *error);
aft_status aft__blob_write(aft__blob_upload *upload, const void *bytes, size_t n, aft_error *error);
/* Ends the upload in either case; digest is the name that the content got. */
aft_status aft__blob_commit(aft__blob_upload *upload, char digest[AFT__BLOB_NAME], aft_error *error);
/* The digest of what was written so far. */
void aft__blob_digest(const aft__blob_upload *upload, char digest[AFT__BLOB_NAME]);
void aft__blob_abort(aft__blob_upload *upload); /* one that is not open is allowed */

typedef aft_status (*aft__blob_sink)(void *user, const void *bytes, size_t n, aft_error *error);
/* Reads a content and its digest; AFT_E_CORRUPT, naming the digest, when the bytes are others. */
aft_status aft__blob_read(aft_blobs *blobs, const char *digest, aft__blob_sink sink, void *user,
                          aft_error *error);

/* The blob store of a store, or NULL. */
aft_blobs *aft__store_blobs(const aft_store *store);

#endif
