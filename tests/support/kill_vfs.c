/* Every call goes to the default VFS; those that change the disk are counted first. */
#include "kill_vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <stddef.h>
#include <unistd.h>

typedef struct kill_file {
  sqlite3_file base;
  sqlite3_file *real; /* follows in the same allocation */
} kill_file;

static struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *real;
  uint64_t at, count;
  bool torn, full;
} world;

static sqlite3_file *real(sqlite3_file *f) { return ((kill_file *)f)->real; }

static bool point(void) { return ++world.count == world.at; }

static void die(void) { kill(getpid(), SIGKILL); }

static int k_close(sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); }
static int k_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), p, n, at);
}
static int k_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  if (point()) {
    if (world.torn)
      real(f)->pMethods->xWrite(real(f), p, n / 2, at);
    die();
  }
  sqlite3_int64 size;
  if (world.full && real(f)->pMethods->xFileSize(real(f), &size) == SQLITE_OK && at + n > size)
    return SQLITE_FULL;
  return real(f)->pMethods->xWrite(real(f), p, n, at);
}
static int k_truncate(sqlite3_file *f, sqlite3_int64 n) {
  if (point())
    die();
  return real(f)->pMethods->xTruncate(real(f), n);
}
static int k_sync(sqlite3_file *f, int flags) {
  if (point())
    die();
  return real(f)->pMethods->xSync(real(f), flags);
}
static int k_size(sqlite3_file *f, sqlite3_int64 *n) { return real(f)->pMethods->xFileSize(real(f), n); }
static int k_lock(sqlite3_file *f, int level) { return real(f)->pMethods->xLock(real(f), level); }
static int k_unlock(sqlite3_file *f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
static int k_reserved(sqlite3_file *f, int *out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
static int k_control(sqlite3_file *f, int op, void *arg) {
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
static int k_sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
static int k_device(sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
static int k_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
static int k_shm_lock(sqlite3_file *f, int at, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}
static void k_shm_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int k_shm_unmap(sqlite3_file *f, int delete) { return real(f)->pMethods->xShmUnmap(real(f), delete); }

static const sqlite3_io_methods methods = {
    2,          k_close,       k_read,      k_write,   k_truncate, k_sync,   k_size,
    k_lock,     k_unlock,      k_reserved,  k_control, k_sector,   k_device, k_shm_map,
    k_shm_lock, k_shm_barrier, k_shm_unmap, NULL,      NULL};

static int k_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
  kill_file *file = (kill_file *)f;
  (void)vfs;
  file->real = (sqlite3_file *)(void *)(file + 1);
  int status = world.real->xOpen(world.real, name, file->real, flags, out);
  file->base.pMethods = file->real->pMethods ? &methods : NULL;
  return status;
}

static int k_delete(sqlite3_vfs *vfs, const char *name, int sync) {
  (void)vfs;
  if (point())
    die();
  return world.real->xDelete(world.real, name, sync);
}

static void set_up(int make_default) {
  if (world.real) /* once: the default VFS may be this one by now */
    return;
  world.real = sqlite3_vfs_find(NULL);
  world.vfs = *world.real;
  world.vfs.pNext = NULL;
  world.vfs.zName = "kill";
  world.vfs.szOsFile = (int)sizeof(kill_file) + world.real->szOsFile;
  world.vfs.xOpen = k_open;
  world.vfs.xDelete = k_delete;
  sqlite3_vfs_register(&world.vfs, make_default);
}

void kill_vfs_arm(uint64_t at, bool torn) {
  set_up(0);
  world.at = at;
  world.torn = torn;
  world.count = 0;
}

void kill_vfs_disk(bool full) {
  set_up(1);
  world.full = full;
}
