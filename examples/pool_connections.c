/* The host's own pool of SQLite connections to one database. */
#include "pool_connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct pool {
  pthread_mutex_t mutex;
  pthread_cond_t came_back;
  char *path;
  sqlite3 **idle;
  int n_idle;
  pool_numbers numbers;
};

static sqlite3 *open_database(const char *path) {
  sqlite3 *db = NULL;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path, &db, flags, NULL) == SQLITE_OK && sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
      sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", NULL, NULL, NULL) == SQLITE_OK)
    return db;
  sqlite3_close(db);
  return NULL;
}

pool *pool_new(const char *path, int size) {
  pool *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->came_back, NULL);
  p->numbers.size = size;
  p->path = strdup(path);
  p->idle = calloc((size_t)size, sizeof *p->idle);
  sqlite3 *first = p->path && p->idle ? open_database(path) : NULL;
  if (!first) {
    pool_free(p);
    return NULL;
  }
  p->idle[p->n_idle++] = first;
  p->numbers.open = 1;
  return p;
}

void pool_free(pool *p) {
  if (!p)
    return;
  while (p->n_idle)
    sqlite3_close(p->idle[--p->n_idle]);
  pthread_cond_destroy(&p->came_back);
  pthread_mutex_destroy(&p->mutex);
  free(p->idle);
  free(p->path);
  free(p);
}

const char *pool_path(const pool *p) { return p->path; }

static struct timespec moment_after(uint32_t ms) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += ms / 1000;
  at.tv_nsec += ms % 1000 * 1000000L;
  if (at.tv_nsec >= 1000000000L) {
    at.tv_sec++;
    at.tv_nsec -= 1000000000L;
  }
  return at;
}

sqlite3 *pool_take(pool *p, uint32_t wait_ms) {
  const struct timespec end = moment_after(wait_ms);
  sqlite3 *db = NULL;
  pthread_mutex_lock(&p->mutex);
  while (!p->n_idle && p->numbers.open == p->numbers.size)
    if (pthread_cond_timedwait(&p->came_back, &p->mutex, &end))
      break;
  if (p->n_idle)
    db = p->idle[--p->n_idle];
  else if (p->numbers.open < p->numbers.size && (db = open_database(p->path)))
    p->numbers.open++;
  if (db) {
    p->numbers.times++;
    p->numbers.lent++;
    if (p->numbers.most < p->numbers.lent)
      p->numbers.most = p->numbers.lent;
  }
  pthread_mutex_unlock(&p->mutex);
  return db;
}

void pool_give(pool *p, sqlite3 *db) {
  if (!sqlite3_get_autocommit(db))
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  sqlite3_busy_timeout(db, 5000);
  pthread_mutex_lock(&p->mutex);
  p->idle[p->n_idle++] = db;
  p->numbers.lent--;
  pthread_cond_signal(&p->came_back);
  pthread_mutex_unlock(&p->mutex);
}

pool_numbers pool_count(pool *p) {
  pthread_mutex_lock(&p->mutex);
  pool_numbers numbers = p->numbers;
  pthread_mutex_unlock(&p->mutex);
  return numbers;
}
