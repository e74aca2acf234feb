#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "fault_disk.h"

typedef struct fault_file {
  sqlite3_file base;
  sqlite3_file *real; /* follows in the same allocation */
  const char *name;   /* NULL for a file without one */
  fault_image *image;
  bool fresh; /* its first sync also syncs its folder */
} fault_file;

static struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *real;
  fault_plan plan;
  uint64_t points;
  bool fired, off; /* the planned point came; there is no power */
  char where[160];
} world;

static sqlite3_file *real(sqlite3_file *f) { return ((fault_file *)f)->real; }
static fault_image *image(sqlite3_file *f) { return ((fault_file *)f)->image; }

/* ---- points ---- */

static const char *short_name(const char *path) {
  const char *slash = path ? strrchr(path, '/') : NULL;
  return slash ? slash + 1 : "a file without a name";
}

static void note(const char *what, const char *path) {
  snprintf(world.where, sizeof world.where, "%s, %s", what, short_name(path));
}

/* Counts one; what is to happen there. */
static fault_kind count(const char *what, const char *path) {
  world.points++;
  if (world.points == world.plan.at) {
    world.fired = true;
    note(what, path);
  }
  bool now = world.plan.at &&
             (world.points == world.plan.at || (world.plan.lasting && world.points > world.plan.at));
  if (!now)
    return FAULT_NONE;
  world.off = world.plan.kind == FAULT_POWER || world.plan.kind == FAULT_KILL;
  return world.plan.kind;
}

static fault_kind point(const char *what, const char *path) {
  if (world.off)
    return FAULT_POWER;
  if (world.plan.syncs && strcmp(what, "sync") != 0)
    return FAULT_NONE;
  return world.plan.kind == FAULT_READ ? FAULT_NONE : count(what, path);
}

/* ---- files ---- */

static int f_close(sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); }

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
  bool fails =
      world.off || (world.plan.kind == FAULT_READ && count("read", ((fault_file *)f)->name) != FAULT_NONE);
  return fails ? SQLITE_IOERR_READ : real(f)->pMethods->xRead(real(f), p, n, at);
}

static int write_through(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  int rc = real(f)->pMethods->xWrite(real(f), p, n, at);
  if (!rc && image(f))
    fault_disk_write(image(f), p, n, at);
  return rc;
}

static bool grows(sqlite3_file *f, sqlite3_int64 end) {
  sqlite3_int64 size;
  return real(f)->pMethods->xFileSize(real(f), &size) == SQLITE_OK && end > size;
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  char what[64];
  snprintf(what, sizeof what, "write of %d at %lld", n, at);
  fault_kind fault = world.off ? FAULT_POWER : point(what, ((fault_file *)f)->name);
  if (fault == FAULT_FULL && !grows(f, at + n))
    fault = FAULT_NONE;
  if (fault == FAULT_NONE)
    return write_through(f, p, n, at);
  if (fault != FAULT_FULL && world.points == world.plan.at)
    write_through(f, p, n / 2, at);
  return fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size) {
  fault_kind fault = point("truncation", ((fault_file *)f)->name);
  if (fault != FAULT_NONE && fault != FAULT_FULL)
    return SQLITE_IOERR_TRUNCATE;
  if (image(f))
    fault_disk_truncate(image(f), size);
  return real(f)->pMethods->xTruncate(real(f), size);
}

static int f_sync(sqlite3_file *f, int flags) {
  fault_file *file = (fault_file *)f;
  (void)flags;
  fault_kind fault = point("sync", file->name);
  if (fault == FAULT_IO && image(f))
    fault_disk_sync_failed(image(f), &world.plan.seed);
  if (fault != FAULT_NONE && fault != FAULT_FULL)
    return SQLITE_IOERR_FSYNC;
  if (image(f) && !world.plan.lies)
    fault_disk_sync(image(f), file->fresh);
  file->fresh = false;
  return SQLITE_OK;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *n) {
  return world.off ? SQLITE_IOERR_FSTAT : real(f)->pMethods->xFileSize(real(f), n);
}
static int f_lock(sqlite3_file *f, int level) { return real(f)->pMethods->xLock(real(f), level); }
static int f_unlock(sqlite3_file *f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
static int f_reserved(sqlite3_file *f, int *out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

/* Hints of a size would write past the points. */
static int f_control(sqlite3_file *f, int op, void *arg) {
  if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
    return SQLITE_OK;
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
static int f_sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
static int f_device(sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
  fault_kind fault = extend      ? point("shared memory", ((fault_file *)f)->name)
                     : world.off ? FAULT_POWER
                                 : FAULT_NONE;
  if (fault == FAULT_NONE)
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
  *out = NULL;
  return fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_SHMMAP;
}
static int f_shm_lock(sqlite3_file *f, int at, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}
static void f_shm_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int f_shm_unmap(sqlite3_file *f, int delete) { return real(f)->pMethods->xShmUnmap(real(f), delete); }

static const sqlite3_io_methods methods = {
    2,          f_close,       f_read,      f_write,   f_truncate, f_sync,   f_size,
    f_lock,     f_unlock,      f_reserved,  f_control, f_sector,   f_device, f_shm_map,
    f_shm_lock, f_shm_barrier, f_shm_unmap, NULL,      NULL};

/* ---- the file system ---- */

static int f_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
  fault_file *file = (fault_file *)f;
  bool journal = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
  bool kept = journal || flags & SQLITE_OPEN_MAIN_DB;
  (void)vfs;
  memset(file, 0, sizeof *file);
  fault_image *known = kept && name ? fault_disk_file(name) : NULL;
  int exists = 0;
  if (known)
    world.real->xAccess(world.real, name, SQLITE_ACCESS_EXISTS, &exists);
  if (world.off || (flags & SQLITE_OPEN_CREATE && !exists && point("creation", name) != FAULT_NONE))
    return SQLITE_CANTOPEN;
  file->real = (sqlite3_file *)(void *)(file + 1);
  file->name = name;
  file->image = known;
  int rc = world.real->xOpen(world.real, name, file->real, flags, out);
  file->base.pMethods = file->real->pMethods ? &methods : NULL;
  if (!rc && known && !exists) {
    file->fresh = journal;
    fault_disk_created(known);
  }
  return rc;
}

static int f_delete(sqlite3_vfs *vfs, const char *name, int sync) {
  (void)vfs;
  fault_kind fault = point("deletion", name);
  if (fault != FAULT_NONE && fault != FAULT_FULL)
    return SQLITE_IOERR_DELETE;
  fault_image *known = fault_disk_file(name);
  int rc = world.real->xDelete(world.real, name, 0);
  if (!rc)
    fault_disk_deleted(known);
  if (!rc && sync && !world.plan.lies)
    fault_disk_sync_folder();
  return rc;
}

/* ---- for the tests ---- */

static void set_up(void) {
  if (world.real)
    return;
  world.real = sqlite3_vfs_find(NULL);
  world.vfs = *world.real;
  world.vfs.pNext = NULL;
  world.vfs.zName = "fault";
  world.vfs.szOsFile = (int)sizeof(fault_file) + world.real->szOsFile;
  world.vfs.xOpen = f_open;
  world.vfs.xDelete = f_delete;
  sqlite3_vfs_register(&world.vfs, 0);
}

void fault_vfs_begin(const fault_plan *plan) {
  set_up();
  world.plan = *plan;
  world.points = 0;
  world.fired = false;
  world.off = false;
  note("no point", NULL);
}

void fault_vfs_cut(void) {
  if (!world.off)
    snprintf(world.where, sizeof world.where, "after point %llu", (unsigned long long)world.points);
  world.plan.kind = FAULT_POWER;
  world.off = true;
}

void fault_vfs_end(void) {
  if (world.off && world.plan.kind == FAULT_POWER)
    fault_disk_lay_down(&world.plan.seed);
  fault_disk_forget();
  world.plan = (fault_plan){.kind = FAULT_NONE};
  world.off = false;
}

uint64_t fault_vfs_points(void) { return world.points; }
bool fault_vfs_fired(void) { return world.fired; }
const char *fault_vfs_where(void) { return world.where; }
