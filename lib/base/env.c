/* The environment: options made complete, references, and everything that goes through it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/random.h>
#endif

#include "base/abi_sizes.h"
#include "base/base.h"

/* ---- the system's allocator, clocks and randomness ---- */

static void *system_alloc(void *user, size_t n) {
  (void)user;
  return malloc(n);
}

static void *system_resize(void *user, void *p, size_t old_n, size_t new_n) {
  (void)user;
  (void)old_n;
  return realloc(p, new_n);
}

static void system_release(void *user, void *p, size_t n) {
  (void)user;
  (void)n;
  free(p);
}

static int64_t system_now_ms(void *user) {
  (void)user;
  struct timespec t = {0, 0};
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono_ns(void *user) {
  (void)user;
  struct timespec t = {0, 0};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int read_urandom(unsigned char *bytes, size_t n) {
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  while (n > 0) {
    ssize_t got = read(fd, bytes, n);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    bytes += got;
    n -= (size_t)got;
  }
  close(fd);
  return n == 0 ? 0 : -1;
}

static int system_random(void *user, void *bytes, size_t n) {
  (void)user;
  unsigned char *at = bytes;
#if defined(__linux__)
  while (n > 0) {
    ssize_t got = getrandom(at, n, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break; /* a kernel or sandbox without the call */
    at += got;
    n -= (size_t)got;
  }
#endif
  return n == 0 ? 0 : read_urandom(at, n);
}

/* ---- making one ---- */

static bool all_zero(const void *struct_, size_t n) {
  const unsigned char *bytes = struct_;
  for (size_t i = 0; i < n; i++)
    if (bytes[i])
      return false;
  return true;
}

/* A sized struct inside the options: all zero means defaults, else its size must be one we know. */
static aft_status check_nested(const void *nested, size_t known, size_t v1_size, const char *what,
                               aft_error *error) {
  if (all_zero(nested, known))
    return AFT_OK;
  size_t size;
  memcpy(&size, nested, sizeof size);
  if (size == 0)
    return aft__error(error, AFT_E_ABI, what, "%s has fields but its size is 0: set it to sizeof the struct",
                      what);
  if (size < v1_size || size > known)
    return aft__error(error, AFT_E_ABI, what, "%s.size is %zu, expected %zu to %zu", what, size, v1_size,
                      known);
  return AFT_OK;
}

static aft_status fill_alloc(aft_alloc *a, aft_error *error) {
  int given = (a->alloc != NULL) + (a->resize != NULL) + (a->release != NULL);
  if (given != 0 && given != 3)
    return aft__error(error, AFT_E_INVALID, "aft_env_options.alloc",
                      "an allocator needs alloc, resize and release, or none of them; %d were given", given);
  if (given == 0) {
    a->alloc = system_alloc;
    a->resize = system_resize;
    a->release = system_release;
    a->user = NULL;
  }
  a->size = sizeof *a;
  return AFT_OK;
}

static void fill_limit(uint64_t *limit, uint64_t standard) {
  if (*limit == 0)
    *limit = standard;
}

static void fill_rest(aft_env_options *o) {
  o->size = sizeof *o;
  o->clock.size = sizeof o->clock;
  if (!o->clock.now_ms)
    o->clock.now_ms = system_now_ms;
  if (!o->clock.mono_ns)
    o->clock.mono_ns = system_mono_ns;
  o->limits.size = sizeof o->limits;
  fill_limit(&o->limits.text_bytes, UINT64_C(256) << 10);
  fill_limit(&o->limits.parts, 64);
  fill_limit(&o->limits.batch, 10000);
  fill_limit(&o->limits.policy_bytes, UINT64_C(4) << 20);
  fill_limit(&o->limits.retries, 16);
  if (!o->random)
    o->random = system_random;
  if (o->log_level == 0)
    o->log_level = AFT_LOG_WARN;
}

static aft_status complete(const aft_env_options *given, aft_env_options *o, aft_error *error) {
  memset(o, 0, sizeof *o);
  if (given)
    AFT__TRY(aft__abi_copy(o, sizeof *o, given, AFT__V1_ENV_OPTIONS, "aft_env_options", error));
  AFT__TRY(check_nested(&o->alloc, sizeof o->alloc, AFT__V1_ALLOC, "aft_env_options.alloc", error));
  AFT__TRY(check_nested(&o->clock, sizeof o->clock, AFT__V1_CLOCK, "aft_env_options.clock", error));
  AFT__TRY(check_nested(&o->limits, sizeof o->limits, AFT__V1_LIMITS, "aft_env_options.limits", error));
  if (o->reserved0)
    return aft__error(error, AFT_E_ABI, "aft_env_options.reserved0", "aft_env_options.reserved0 must be 0");
  AFT__TRY(fill_alloc(&o->alloc, error));
  fill_rest(o);
  return AFT_OK;
}

aft_status aft_env_new(const aft_env_options *options, aft_env **out, aft_error *error) {
  if (!out)
    return aft__error(error, AFT_E_INVALID, "out", "out is NULL: it must point to where the handle goes");
  *out = NULL;
  aft_env_options o;
  AFT__TRY(complete(options, &o, error));
  aft_env *env = o.alloc.alloc(o.alloc.user, sizeof *env);
  if (!env)
    return aft__nomem(error);
  atomic_init(&env->refs, 1);
  env->o = o;
  *out = env;
  return AFT_OK;
}

aft_env *aft_env_ref(aft_env *env) {
  if (env)
    atomic_fetch_add_explicit(&env->refs, 1, memory_order_relaxed);
  return env;
}

void aft_env_unref(aft_env *env) {
  if (!env || atomic_fetch_sub_explicit(&env->refs, 1, memory_order_acq_rel) != 1)
    return;
  aft_alloc a = env->o.alloc;
  int saved = errno;
  a.release(a.user, env, sizeof *env);
  errno = saved;
}

/* ---- memory: a size of 0 is asked for as 1, so that NULL only ever means out of memory ---- */

static bool fits(size_t n) { return n <= (size_t)PTRDIFF_MAX; }

void *aft__alloc(const aft_env *env, size_t n) {
  return fits(n) ? env->o.alloc.alloc(env->o.alloc.user, n ? n : 1) : NULL;
}

void *aft__zalloc(const aft_env *env, size_t n) {
  void *p = aft__alloc(env, n);
  if (p)
    memset(p, 0, n);
  return p;
}

void *aft__resize(const aft_env *env, void *p, size_t old_n, size_t new_n) {
  if (!p)
    return aft__alloc(env, new_n);
  if (!fits(new_n))
    return NULL;
  return env->o.alloc.resize(env->o.alloc.user, p, old_n ? old_n : 1, new_n ? new_n : 1);
}

void aft__release(const aft_env *env, void *p, size_t n) {
  if (!p)
    return;
  int saved = errno;
  env->o.alloc.release(env->o.alloc.user, p, n ? n : 1);
  errno = saved;
}

/* ---- time, randomness, log, trace ---- */

int64_t aft_env_now(const aft_env *env) { return env->o.clock.now_ms(env->o.clock.user); }

int64_t aft__mono(const aft_env *env) { return env->o.clock.mono_ns(env->o.clock.user); }

aft_status aft__random(const aft_env *env, void *bytes, size_t n, aft_error *error) {
  int result = n ? env->o.random(env->o.random_user, bytes, n) : 0;
  if (result == 0)
    return AFT_OK;
  if (env->o.random == system_random)
    return aft__error(error, AFT_E_IO, "random", "the operating system gave no random bytes");
  aft__error(error, AFT_E_CALLBACK, "aft_env_options.random", "the host's random function returned %d",
             result);
  if (error)
    error->native = result;
  return AFT_E_CALLBACK;
}

void aft__log(const aft_env *env, int32_t level, const char *fmt, ...) {
  if (!env->o.log || level < env->o.log_level)
    return;
  char line[512];
  va_list args;
  va_start(args, fmt);
  aft__vformat(line, sizeof line, fmt, args);
  va_end(args);
  env->o.log(env->o.log_user, level, line);
}

void aft__trace(const aft_env *env, const char *name, int64_t began_ns, aft_status status, uint32_t retries) {
  if (!env->o.trace)
    return;
  int64_t took;
  if (aft__sub_i64(aft__mono(env), began_ns, &took) || took < 0)
    took = 0;
  aft_trace t = {sizeof t, name, took, status, retries};
  env->o.trace(env->o.trace_user, &t);
}
