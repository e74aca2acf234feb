/* The SQLite driver: a copy of the database while others write.
 *
 * A read transaction holds one moment of the source for as long as the copying takes. In WAL mode writers go
 * on meanwhile; their log grows and is reset after the end. The copy is made under a name of its own beside
 * the target, checked, brought to the disk, and only then gets the target's name. */
#include "store/sqlite_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_NAME 4096
#define SUFFIX    ".copy-0123456789abcdef"

typedef struct copy {
  aft__sqlite *source;
  const aft_sql_backup *how;
  const char *from;                     /* the source's file */
  char name[MOST_NAME + sizeof SUFFIX]; /* under which the copy is made */
  char dsn[3 * MOST_NAME + 3 * sizeof SUFFIX + 32];
  sqlite3 *db;
  bool made; /* there is something to remove */
} copy;

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static aft_status file_failed(const char *path, const char *what, aft_error *error) {
  int code = errno;
  aft_status status = AFT_E_STORE;
  if (code == ENOSPC || code == EDQUOT)
    status = AFT_E_FULL;
  else if (code == EROFS || code == EACCES || code == EPERM)
    status = AFT_E_READ_ONLY;
  else if (code == ENOENT)
    status = AFT_E_NOT_FOUND;
  aft__error(error, status, last_part(path), "%s: %s", what, strerror(code));
  if (error)
    error->native = code;
  return status;
}

/* ---- the target ---- */

/* The folder of a path, closed by NUL: "." where it names none. */
static void folder_of(const char *path, char out[MOST_NAME]) {
  size_t n = (size_t)(last_part(path) - path);
  if (n > 1)
    n--; /* the slash, unless it is the root */
  memcpy(out, n ? path : ".", n ? n : 1);
  out[n ? n : 1] = '\0';
}

static bool same_file(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The database itself, or one of the names that SQLite gives to files beside it. */
static bool belongs_to_source(const copy *c) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  char ours[MOST_NAME], theirs[MOST_NAME];
  const char *from = last_part(c->from), *to = last_part(c->how->target);
  size_t n = strlen(from);
  if (same_file(c->from, c->how->target))
    return true;
  folder_of(c->from, ours);
  folder_of(c->how->target, theirs);
  if (!same_file(ours, theirs) || strncmp(from, to, n) != 0)
    return false;
  for (size_t i = 0; i < AFT__COUNT(endings); i++)
    if (strcmp(to + n, endings[i]) == 0)
      return true;
  return false;
}

/* A log beside the target would be taken for the log of the copy. */
static bool has_log(const char *target) {
  static const char *const endings[] = {"-wal", "-journal"};
  char name[MOST_NAME + 16];
  struct stat info;
  for (size_t i = 0; i < AFT__COUNT(endings); i++) {
    snprintf(name, sizeof name, "%s%s", target, endings[i]);
    if (stat(name, &info) == 0 && info.st_size > 0)
      return true;
  }
  return false;
}

static aft_status check_target(const copy *c, aft_error *error) {
  const char *target = c->how->target;
  struct stat info;
  if (!target || !*target || strlen(target) >= MOST_NAME || !*last_part(target))
    return aft__error(error, AFT_E_INVALID, "backup.target",
                      "expected the name of a file of less than %d bytes", MOST_NAME);
  if (belongs_to_source(c))
    return aft__error(error, AFT_E_INVALID, "backup.target",
                      "expected another file than the database's own, found '%s'", last_part(target));
  if (has_log(target))
    return aft__error(error, AFT_E_EXISTS, "backup.target",
                      "a log of a database in use stands beside '%s': choose another name",
                      last_part(target));
  if (lstat(target, &info) != 0)
    return errno == ENOENT ? AFT_OK : file_failed(target, "the target cannot be looked at", error);
  if (!S_ISREG(info.st_mode))
    return aft__error(error, AFT_E_INVALID, "backup.target", "'%s' is no plain file", last_part(target));
  if (!c->how->replace)
    return aft__error(error, AFT_E_EXISTS, "backup.target", "there is a file '%s' already",
                      last_part(target));
  return AFT_OK;
}

/* ---- the copy's own name ---- */

static void name_copy(copy *c) {
  static const char hex[] = "0123456789abcdef";
  uint8_t random[8];
  char text[17] = "";
  sqlite3_randomness(sizeof random, random);
  for (size_t i = 0; i < sizeof random; i++) {
    text[2 * i] = hex[random[i] >> 4];
    text[2 * i + 1] = hex[random[i] & 15];
  }
  snprintf(c->name, sizeof c->name, "%s.copy-%s", c->how->target, text);
}

/* Nobody writes to the copy any more, so that it is read without locks and without files beside it. */
static void name_dsn(copy *c) {
  size_t n = (size_t)snprintf(c->dsn, sizeof c->dsn, "file:");
  for (const char *p = c->name; *p; p++)
    n += (size_t)snprintf(c->dsn + n, sizeof c->dsn - n, strchr("%?#", *p) ? "%%%02X" : "%c",
                          (unsigned char)*p);
  snprintf(c->dsn + n, sizeof c->dsn - n, "?immutable=1");
}

static void remove_beside(const copy *c) {
  static const char *const endings[] = {"-journal", "-wal", "-shm"};
  char name[sizeof c->name + 16];
  for (size_t i = 0; i < AFT__COUNT(endings); i++) {
    snprintf(name, sizeof name, "%s%s", c->name, endings[i]);
    unlink(name);
  }
}

/* With the permissions of the source: who may not read the one shall not read the other. */
static aft_status make_file(copy *c, aft_error *error) {
  struct stat info;
  if (stat(c->from, &info) != 0)
    return file_failed(c->from, "the database's file cannot be looked at", error);
  int fd = open(c->name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, info.st_mode & 0666);
  if (fd < 0)
    return file_failed(c->how->target, "no file can be made beside the target", error);
  close(fd);
  c->made = true;
  return AFT_OK;
}

static const char *source_vfs(sqlite3 *db) {
  sqlite3_vfs *vfs = NULL;
  return sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) || !vfs ? NULL : vfs->zName;
}

/* ---- copying ---- */

/* Errors of the copy's side stand in its connection. */
static aft_status copy_failed(const copy *c, int rc, aft_error *error) {
  aft__sqlite side = {.db = c->db};
  aft_status status = aft__sqlite_error(&side, rc, error);
  if (status == AFT_E_FULL)
    aft__error(error, status, last_part(c->how->target), "no room was left to write the copy");
  return status;
}

static aft_status interrupted(aft_error *error) {
  return aft__error(error, AFT_E_INTERRUPTED, NULL, "the copying was ended; it left nothing behind");
}

static aft_status step(copy *c, sqlite3_backup *backup, int64_t *waited, aft_error *error) {
  int rc = sqlite3_backup_step(backup, (int)c->how->pages);
  if (rc == SQLITE_DONE)
    return AFT_DONE;
  if (rc == SQLITE_OK)
    return AFT_OK;
  if ((rc != SQLITE_BUSY && rc != SQLITE_LOCKED) || *waited >= c->source->busy_ms)
    return copy_failed(c, rc, error);
  sqlite3_sleep(10);
  *waited += 10;
  return AFT_OK;
}

static bool asks_to_end(const copy *c, sqlite3_backup *backup) {
  int64_t all = sqlite3_backup_pagecount(backup), left = sqlite3_backup_remaining(backup);
  return c->how->progress && c->how->progress(c->how->user, all - left, left) != 0;
}

static aft_status copy_pages(copy *c, aft_error *error) {
  int64_t waited = 0;
  sqlite3_backup *backup = sqlite3_backup_init(c->db, "main", c->source->db, "main");
  if (!backup)
    return copy_failed(c, sqlite3_errcode(c->db), error);
  aft_status status = AFT_OK;
  while (status == AFT_OK) {
    if (atomic_load(&c->source->interrupted)) {
      status = interrupted(error);
      break;
    }
    status = step(c, backup, &waited, error);
    if (status >= 0 && asks_to_end(c, backup))
      status = interrupted(error);
    if (status == AFT_OK && c->how->pause_ms)
      sqlite3_sleep((int)c->how->pause_ms);
  }
  int rc = sqlite3_backup_finish(backup);
  if (status >= 0 && rc)
    status = copy_failed(c, rc, error);
  return status < 0 ? status : AFT_OK;
}

/* The file is of no use to anybody before it is whole, so it needs no journal; it is synced at the end. */
static aft_status fill_file(copy *c, aft_error *error) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int rc = sqlite3_open_v2(c->name, &c->db, flags, source_vfs(c->source->db));
  if (!rc)
    rc = sqlite3_exec(c->db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
  aft_status status = rc ? copy_failed(c, rc, error) : copy_pages(c, error);
  rc = sqlite3_close(c->db);
  c->db = NULL;
  remove_beside(c);
  if (status >= 0 && rc)
    return aft__error(error, AFT_E_STORE, last_part(c->how->target), "the copy could not be closed");
  return status;
}

/* The moment that is copied begins with the first page that is read. */
static aft_status hold_moment(aft__sqlite *source, aft_error *error) {
  int rc = sqlite3_exec(source->db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
  return rc ? aft__sqlite_error(source, rc, error) : AFT_OK;
}

static void let_go(aft__sqlite *source) {
  if (!sqlite3_get_autocommit(source->db))
    sqlite3_exec(source->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- publishing ---- */

static aft_status sync_path(const char *path, int flags, aft_error *error) {
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0)
    return file_failed(path, "it cannot be opened to be synced", error);
  int failed = fsync(fd);
  int code = errno;
  close(fd);
  errno = code;
  return failed ? file_failed(path, "it could not be brought to the disk", error) : AFT_OK;
}

/* A link never takes the place of what stands there; a file system without links gets a look and a rename. */
static aft_status take_free_name(const copy *c, aft_error *error) {
  struct stat info;
  if (link(c->name, c->how->target) == 0) {
    unlink(c->name);
    return AFT_OK;
  }
  if (errno == EEXIST || lstat(c->how->target, &info) == 0)
    return aft__error(error, AFT_E_EXISTS, "backup.target", "a file '%s' has come up meanwhile",
                      last_part(c->how->target));
  return rename(c->name, c->how->target) ? file_failed(c->how->target, "the copy cannot get its name", error)
                                         : AFT_OK;
}

static aft_status publish(copy *c, aft_error *error) {
  char folder[MOST_NAME];
  AFT__TRY(sync_path(c->name, O_RDONLY, error));
  if (!c->how->replace)
    AFT__TRY(take_free_name(c, error));
  else if (rename(c->name, c->how->target))
    return file_failed(c->how->target, "the copy cannot get its name", error);
  c->made = false;
  folder_of(c->how->target, folder);
  return sync_path(folder, O_RDONLY | O_DIRECTORY, error);
}

static aft_status make_copy(copy *c, aft_error *error) {
  AFT__TRY(check_target(c, error));
  name_copy(c);
  AFT__TRY(make_file(c, error));
  aft_status status = hold_moment(c->source, error);
  if (status >= 0)
    status = fill_file(c, error);
  let_go(c->source);
  if (status >= 0 && c->how->check) {
    name_dsn(c);
    status = c->how->check(c->how->user, c->dsn, error);
  }
  return status < 0 ? status : publish(c, error);
}

aft_status aft__sqlite_backup(void *conn, const aft_sql_backup *how, aft_error *error) {
  aft__sqlite *source = conn;
  if (source->attached || !sqlite3_get_autocommit(source->db))
    return aft__error(error, AFT_E_INVALID, "connection", "a copy cannot be made inside a transaction");
  if (how->pages < 1 || how->pages > INT32_MAX || how->pause_ms > INT32_MAX)
    return aft__error(error, AFT_E_INVALID, "backup.pages", "expected 1 or more pages in a step");
  copy *c = sqlite3_malloc64(sizeof *c);
  if (!c)
    return aft__nomem(error);
  memset(c, 0, sizeof *c);
  c->source = source;
  c->how = how;
  c->from = sqlite3_db_filename(source->db, "main");
  atomic_store(&source->interrupted, 0);
  aft_status status = make_copy(c, error);
  if (c->made) {
    remove_beside(c);
    unlink(c->name);
  }
  sqlite3_free(c);
  return status;
}
