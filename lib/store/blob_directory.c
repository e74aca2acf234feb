/* Contents in a folder: aa/bb/ and the digest.
 *
 * An upload is a file of the folder itself, "new.", when it began and a random number. It is put on the disk,
 * moved to its place, and the place is put on the disk. Moving and removing take a lock that all processes
 * share, so that a content which is stored again is not removed at the same moment. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

#define NAME      "directory"
#define LOCK      "lock"
#define NEW       "new."
#define MOST_PATH 4095
#define PLACE     (6 + AFT__BLOB_NAME) /* aa/bb/digest */
#define NEW_NAME  64

typedef struct directory {
  aft_env *env;
  int root;
} directory;

typedef struct upload {
  directory *dir;
  int fd;
  char name[NEW_NAME];
} upload;

typedef struct reader {
  directory *dir;
  int fd;
} reader;

static aft_status failed(aft_error *error, const char *doing, int number) {
  aft_status code = number == ENOSPC || number == EDQUOT ? AFT_E_FULL
                    : number == EROFS                    ? AFT_E_READ_ONLY
                    : number == ENOMEM                   ? AFT_E_NOMEM
                                                         : AFT_E_IO;
  aft__error(error, code, NAME, "a content could not be %s (errno %d)", doing, number);
  if (error)
    error->native = number;
  return code;
}

static aft_status missing(const char *digest, aft_error *error) {
  return aft__error(error, AFT_E_NOT_FOUND, NAME, "there is no content %s", digest);
}

static void place_of(const char *digest, char place[PLACE]) {
  snprintf(place, PLACE, "%.2s/%.2s/%.64s", digest, digest + 2, digest);
}

/* ---- the lock ---- */

static aft_status lock(const directory *dir, int *fd, aft_error *error) {
  *fd = openat(dir->root, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (*fd < 0)
    return failed(error, "locked", errno);
  while (flock(*fd, LOCK_EX) != 0) {
    if (errno == EINTR)
      continue;
    int number = errno;
    close(*fd);
    return failed(error, "locked", number);
  }
  return AFT_OK;
}

/* ---- in ---- */

static aft_status make_file(upload *up, aft_error *error) {
  uint64_t random;
  AFT__TRY(aft__random(up->dir->env, &random, sizeof random, error));
  for (uint64_t i = 0; i < 1000; i++) {
    snprintf(up->name, sizeof up->name, NEW "%lld.%016llx", (long long)aft_env_now(up->dir->env),
             (unsigned long long)random + i);
    up->fd = openat(up->dir->root, up->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (up->fd >= 0 || errno != EEXIST)
      break;
  }
  return up->fd >= 0 ? AFT_OK : failed(error, "made", errno);
}

static aft_status begin(void *user, void **out, aft_error *error) {
  directory *dir = user;
  upload *up = aft__zalloc(dir->env, sizeof *up);
  if (!up)
    return aft__nomem(error);
  up->dir = dir;
  aft_status status = make_file(up, error);
  if (status < 0)
    aft__release(dir->env, up, sizeof *up);
  else
    *out = up;
  return status;
}

static aft_status write_some(void *user, const void *bytes, size_t n, aft_error *error) {
  const upload *up = user;
  const char *at = bytes;
  while (n > 0) {
    ssize_t done = write(up->fd, at, n);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return failed(error, "written", errno);
    at += done;
    n -= (size_t)done;
  }
  return AFT_OK;
}

static void end_upload(upload *up) {
  if (up->fd >= 0)
    close(up->fd);
  aft__release(up->dir->env, up, sizeof *up);
}

static void abort_upload(void *user) {
  upload *up = user;
  unlinkat(up->dir->root, up->name, 0);
  end_upload(up);
}

static aft_status sync_folder(int root, const char *path, aft_error *error) {
  int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return failed(error, "given its place", errno);
  int number = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  return number ? failed(error, "put on the disk", number) : AFT_OK;
}

/* A folder, and its name in the folder above on the disk. */
static aft_status make_folder(int root, const char *path, const char *above, aft_error *error) {
  if (mkdirat(root, path, 0777) != 0)
    return errno == EEXIST ? AFT_OK : failed(error, "given its place", errno);
  return sync_folder(root, above, error);
}

/* What the content's time is, is the environment's clock to say. */
static aft_status settle(const upload *up, aft_error *error) {
  int64_t now = aft_env_now(up->dir->env);
  struct timespec at = {.tv_sec = (time_t)(now / 1000), .tv_nsec = (long)(now % 1000) * 1000000};
  struct timespec both[2] = {at, at};
  if (futimens(up->fd, both) != 0 || fsync(up->fd) != 0)
    return failed(error, "put on the disk", errno);
  return AFT_OK;
}

static aft_status move_to_place(const upload *up, const char *digest, aft_error *error) {
  char place[PLACE], folder[6], above[3];
  int held;
  place_of(digest, place);
  snprintf(folder, sizeof folder, "%.5s", place);
  snprintf(above, sizeof above, "%.2s", place);
  AFT__TRY(make_folder(up->dir->root, above, ".", error));
  AFT__TRY(make_folder(up->dir->root, folder, above, error));
  AFT__TRY(lock(up->dir, &held, error));
  aft_status status = settle(up, error);
  if (status >= 0 && renameat(up->dir->root, up->name, up->dir->root, place) != 0)
    status = failed(error, "given its place", errno);
  close(held);
  return status < 0 ? status : sync_folder(up->dir->root, folder, error);
}

static aft_status commit(void *user, const char *digest, int64_t bytes, aft_error *error) {
  upload *up = user;
  struct stat st;
  aft_status status = AFT_OK;
  if (fsync(up->fd) != 0 || fstat(up->fd, &st) != 0)
    status = failed(error, "put on the disk", errno);
  else if (st.st_size != bytes)
    status = aft__error(error, AFT_E_IO, NAME, "expected %lld bytes in the file, found %lld",
                        (long long)bytes, (long long)st.st_size);
  if (status >= 0)
    status = move_to_place(up, digest, error);
  if (status < 0)
    unlinkat(up->dir->root, up->name, 0);
  end_upload(up);
  return status;
}

/* ---- out ---- */

static aft_status open_content(void *user, const char *digest, void **out, int64_t *bytes, aft_error *error) {
  directory *dir = user;
  char place[PLACE];
  struct stat st;
  place_of(digest, place);
  int fd = openat(dir->root, place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return errno == ENOENT ? missing(digest, error) : failed(error, "opened", errno);
  reader *r = aft__zalloc(dir->env, sizeof *r);
  if (!r || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    close(fd);
    aft__release(dir->env, r, sizeof *r);
    return r ? aft__error(error, AFT_E_CORRUPT, NAME, "the content %s is no regular file", digest)
             : aft__nomem(error);
  }
  r->dir = dir;
  r->fd = fd;
  *bytes = st.st_size;
  *out = r;
  return AFT_OK;
}

static aft_status read_some(void *user, void *bytes, size_t n, size_t *got, aft_error *error) {
  const reader *r = user;
  ssize_t done;
  do
    done = read(r->fd, bytes, n);
  while (done < 0 && errno == EINTR);
  if (done < 0)
    return failed(error, "read", errno);
  *got = (size_t)done;
  return AFT_OK;
}

static void close_content(void *user) {
  reader *r = user;
  close(r->fd);
  aft__release(r->dir->env, r, sizeof *r);
}

/* ---- what there is ---- */

static aft_status info_of(int folder, const char *name, const char *digest, aft_blob_info *out,
                          aft_error *error) {
  struct stat st;
  if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? missing(digest, error) : failed(error, "examined", errno);
  if (!S_ISREG(st.st_mode))
    return aft__error(error, AFT_E_CORRUPT, NAME, "the content %s is no regular file", digest);
  out->bytes = st.st_size;
  out->stored = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
  return AFT_OK;
}

static aft_status stat_content(void *user, const char *digest, aft_blob_info *out, aft_error *error) {
  const directory *dir = user;
  char place[PLACE];
  place_of(digest, place);
  return info_of(dir->root, place, digest, out, error);
}

static aft_status remove_locked(const directory *dir, const char *digest, int64_t before, aft_error *error) {
  char place[PLACE];
  aft_blob_info info = {.size = sizeof info};
  place_of(digest, place);
  AFT__TRY(info_of(dir->root, place, digest, &info, error));
  if (info.stored >= before)
    return AFT_IGNORED;
  if (unlinkat(dir->root, place, 0) != 0)
    return errno == ENOENT ? missing(digest, error) : failed(error, "removed", errno);
  return AFT_OK;
}

static aft_status remove_content(void *user, const char *digest, int64_t before, aft_error *error) {
  const directory *dir = user;
  int held;
  AFT__TRY(lock(dir, &held, error));
  aft_status status = remove_locked(dir, digest, before, error);
  close(held);
  return status;
}

/* ---- walking ---- */

typedef struct walk {
  aft_blob_seen seen;
  void *user;
  char prefix[5]; /* the digits that the folders above stand for */
} walk;

static aft_status open_folder(int above, const char *name, DIR **out, aft_error *error) {
  int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  *out = fd < 0 ? NULL : fdopendir(fd);
  if (*out)
    return AFT_OK;
  int number = errno;
  if (fd >= 0)
    close(fd);
  return failed(error, "listed", number);
}

static aft_status next_entry(DIR *folder, const char **name, aft_error *error) {
  errno = 0;
  const struct dirent *entry = readdir(folder);
  *name = entry ? entry->d_name : NULL;
  return entry || !errno ? AFT_OK : failed(error, "listed", errno);
}

static bool two_digits(const char *name) {
  return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

static aft_status see_file(const walk *w, int folder, const char *name, aft_error *error) {
  aft_blob_info info = {.size = sizeof info};
  if (!aft__blob_is_name(aft__cstr(name)) || strncmp(name, w->prefix, 4) != 0)
    return AFT_OK;
  aft_status status = info_of(folder, name, name, &info, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  return w->seen(w->user, name, &info, error);
}

/* depth 0 and 1: folders named by two digits; 2: contents. */
static aft_status walk_folder(walk *w, int above, const char *path, int depth, aft_error *error) {
  DIR *folder;
  const char *name;
  AFT__TRY(open_folder(above, path, &folder, error));
  aft_status status = next_entry(folder, &name, error);
  while (status == AFT_OK && name) {
    if (depth == 2) {
      status = see_file(w, dirfd(folder), name, error);
    } else if (two_digits(name)) {
      memcpy(w->prefix + 2 * depth, name, 2);
      status = walk_folder(w, dirfd(folder), name, depth + 1, error); /* NOLINT(misc-no-recursion) */
    }
    if (status == AFT_OK)
      status = next_entry(folder, &name, error);
  }
  closedir(folder);
  return status;
}

static aft_status list(void *user, aft_blob_seen seen, void *seen_user, aft_error *error) {
  const directory *dir = user;
  walk w = {.seen = seen, .user = seen_user};
  aft_status status = walk_folder(&w, dir->root, ".", 0, error);
  return status < 0 ? status : AFT_OK;
}

static aft_status tidy(void *user, int64_t before, aft_error *error) {
  const directory *dir = user;
  DIR *folder;
  const char *name;
  AFT__TRY(open_folder(dir->root, ".", &folder, error));
  aft_status status = next_entry(folder, &name, error);
  while (status == AFT_OK && name) {
    if (strncmp(name, NEW, strlen(NEW)) == 0 && strtoll(name + strlen(NEW), NULL, 10) < before)
      unlinkat(dir->root, name, 0);
    status = next_entry(folder, &name, error);
  }
  closedir(folder);
  return status;
}

/* ---- opening ---- */

static void release(void *user) {
  directory *dir = user;
  aft_env *env = dir->env;
  close(dir->root);
  aft__release(env, dir, sizeof *dir);
  aft_env_unref(env);
}

static aft_status open_root(directory *dir, aft_str path, aft_error *error) {
  char text[MOST_PATH + 1];
  memcpy(text, path.data, path.len);
  text[path.len] = '\0';
  dir->root = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir->root >= 0)
    return AFT_OK;
  if (errno == ENOENT || errno == ENOTDIR)
    return aft__error(error, AFT_E_NOT_FOUND, "path", "there is no such folder");
  return failed(error, "looked for: the folder does not open", errno);
}

static aft_status open_driver(directory *dir, aft_blobs **out, aft_error *error) {
  aft_blob_driver driver = {.size = sizeof driver,
                            .abi = AFT_BLOB_ABI,
                            .name = NAME,
                            .user = dir,
                            .begin = begin,
                            .write = write_some,
                            .commit = commit,
                            .abort = abort_upload,
                            .open = open_content,
                            .read = read_some,
                            .close = close_content,
                            .stat = stat_content,
                            .remove = remove_content,
                            .list = list,
                            .tidy = tidy,
                            .release = release};
  return aft_blobs_open(dir->env, &driver, out, error);
}

aft_status aft_blob_directory_open(aft_env *env, aft_str path, aft_blobs **out, aft_error *error) {
  if (!env || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, env ? "out" : "env", "the environment or out is NULL");
  path = aft__str(path.data, path.len);
  if (!path.data || !path.len || path.len > MOST_PATH || memchr(path.data, 0, path.len))
    return aft__error(error, AFT_E_INVALID, "path", "expected 1 to %d bytes without NUL, found %zu",
                      MOST_PATH, path.len);
  directory *dir = aft__zalloc(env, sizeof *dir);
  if (!dir)
    return aft__nomem(error);
  dir->env = aft_env_ref(env);
  aft_status status = open_root(dir, path, error);
  if (status < 0) {
    aft__release(env, dir, sizeof *dir);
    aft_env_unref(env);
    return status;
  }
  status = open_driver(dir, out, error);
  if (status < 0)
    release(dir);
  return status;
}
