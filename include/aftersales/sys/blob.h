/*
 * The plug for contents: photos, videos and papers, each stored once under its SHA-256.
 *
 * The library brings one that keeps them in a folder. This header is also the whole contract for people who
 * bring their own, an object store for example. Before 1.0 the contract may change from one minor version to
 * the next.
 */
#ifndef AFTERSALES_SYS_BLOB_H
#define AFTERSALES_SYS_BLOB_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this contract. A driver that states another is refused with AFT_E_ABI. */
#define AFT_BLOB_ABI 1

/* Hexadecimal digits of a digest, small letters. */
#define AFT_BLOB_DIGITS 64

/* What is known of a content. */
typedef struct aft_blob_info {
  size_t size;
  int64_t bytes;
  int64_t stored; /* when it was last committed, milliseconds since 1970 */
} aft_blob_info;

/* One content of a list. A negative status ends the list and is returned; AFT_DONE ends it with AFT_OK. */
typedef aft_status (*aft_blob_seen)(void *user, const char *digest, const aft_blob_info *info,
                                    aft_error *error);

/*
 * A driver. The library copies the struct when a blob store is opened.
 *
 * THREADS. All threads, and several processes, use a driver at once. One upload or reader is used by one
 * thread at a time.
 *
 * NAMES. A content's name is its digest, AFT_BLOB_DIGITS small hexadecimal digits closed by NUL. The library
 * computes and checks it; nothing else ever names a content, and no text of a customer reaches a driver.
 *
 * STATUSES. AFT_OK, and AFT_E_NOT_FOUND (no such content), AFT_E_EXISTS (from nothing: storing a content
 * again is success), AFT_E_FULL, AFT_E_READ_ONLY, AFT_E_CORRUPT, AFT_E_IO, AFT_E_LOST, AFT_E_NOMEM.
 * On failure the error (NULL allowed) is filled in, and nothing was made that must be released.
 */
typedef struct aft_blob_driver {
  size_t size;
  uint32_t abi; /* AFT_BLOB_ABI */
  uint32_t reserved0;
  const char *name; /* "directory"; the place of errors; lives as long as the driver is used */
  void *user;       /* the driver's own */

  /* Begins an upload. Nobody sees its bytes before commit. */
  aft_status (*begin)(void *user, void **upload, aft_error *error);
  aft_status (*write)(void *upload, const void *bytes, size_t n, aft_error *error);
  /*
   * Gives the upload its name, durably and at once: after AFT_OK the whole content outlives a loss of power,
   * after a failure the whole content is there or nothing of it. A content of that name that stands already
   * is replaced by the same bytes, and counts as stored now. Ends the upload in either case.
   */
  aft_status (*commit)(void *upload, const char *digest, int64_t bytes, aft_error *error);
  /* Ends an upload and leaves nothing behind. It cannot fail. */
  void (*abort)(void *upload);

  /* Opens a content for reading from its beginning. */
  aft_status (*open)(void *user, const char *digest, void **reader, int64_t *bytes, aft_error *error);
  /* Reads up to n bytes; *got is 0 at the end alone. */
  aft_status (*read)(void *reader, void *bytes, size_t n, size_t *got, aft_error *error);
  void (*close)(void *reader);

  /* Fills in bytes and stored. AFT_E_NOT_FOUND. */
  aft_status (*stat)(void *user, const char *digest, aft_blob_info *out, aft_error *error);
  /*
   * Removes a content that was last committed before a moment. AFT_IGNORED when it was committed since, which
   * is decided and done in one step: a commit at the same time is never undone. AFT_E_NOT_FOUND.
   */
  aft_status (*remove)(void *user, const char *digest, int64_t before, aft_error *error);
  /* Calls back with every content, in any order; one that comes or goes meanwhile may be left out. */
  aft_status (*list)(void *user, aft_blob_seen seen, void *seen_user, aft_error *error);
  /* Removes what uploads left behind whose process ended before a moment; NULL where nothing can be left. */
  aft_status (*tidy)(void *user, int64_t before, aft_error *error);

  /* Frees user, with the last reference to the blob store; NULL where there is nothing to free. */
  void (*release)(void *user);
} aft_blob_driver;

/* Contents under their digests, behind a driver. Thread-safe; reference-counted. */
typedef struct aft_blobs aft_blobs;

/*
 * Opens a blob store over a driver.
 *
 * env: kept alive by the blob store.
 * driver: copied.
 * out: receives a reference that the caller owns; release with aft_blobs_unref. On failure the driver's
 *   release is not called.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_INVALID (a function is missing), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_blobs_open(aft_env *env, const aft_blob_driver *driver, aft_blobs **out,
                                  aft_error *error);

/*
 * Opens a folder as a blob store: a content stands in it as aa/bb/ and its digest, aa and bb being the first
 * four digits. It is written beside its place, put on the disk, and then given its name, so that it is whole
 * or absent. Several processes may use one folder.
 *
 * env: kept alive by the blob store; its clock says when contents are stored.
 * path: of a folder that exists and can be written.
 * out: receives a reference that the caller owns; release with aft_blobs_unref.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID, AFT_E_NOT_FOUND (there is no such folder), AFT_E_IO, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_blob_directory_open(aft_env *env, aft_str path, aft_blobs **out, aft_error *error);

/*
 * Takes one more reference.
 *
 * Returns: blobs itself.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_blobs *aft_blobs_ref(aft_blobs *blobs);

/*
 * Gives a reference back. NULL is allowed. Stores and uploads keep a blob store alive.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_blobs_unref(aft_blobs *blobs);

/* What a copy came to. */
typedef struct aft_blob_copied {
  size_t size;
  int64_t copied; /* contents that were missing in the target */
  int64_t stood;  /* contents that the target had whole already */
  int64_t bytes;  /* of those that were copied */
} aft_blob_copied;

/*
 * Copies every content into another blob store: a backup, and with the two exchanged its restoring. Each is
 * read and checked against its digest on the way; what the target has already in the same length is left
 * alone. A content that is removed meanwhile is left out.
 *
 * out: NULL, or receives the counts; set its size. Filled in after a failure too, with what was done.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_ABI, AFT_E_CORRUPT (names the digest), AFT_E_FULL, AFT_E_IO, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_blob_copy(aft_blobs *from, aft_blobs *to, aft_blob_copied *out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
