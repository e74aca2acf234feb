/* The environment: memory, clock, randomness, log, trace and limits. */
#ifndef AFTERSALES_ENV_H
#define AFTERSALES_ENV_H

#include <aftersales/common.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Immutable and reference-counted; shared by all threads. Every other object
 * is made from one and keeps it alive. A process may have several.
 */
typedef struct aft_env aft_env;

/*
 * A memory allocator. All functions must be safe to call from any thread that
 * uses the library. A struct of zeros means the C library's allocator;
 * otherwise all three functions are required.
 */
typedef struct aft_alloc {
  size_t size;
  void *(*alloc)(void *user, size_t n);
  void *(*resize)(void *user, void *p, size_t old_n, size_t new_n);
  void (*release)(void *user, void *p, size_t n); /* n is the size last asked for */
  void *user;
} aft_alloc;

/*
 * Where time comes from. now_ms: milliseconds since 1970-01-01 UTC; mono_ns: a
 * clock that never steps, for durations. NULL members mean the system's clocks.
 */
typedef struct aft_clock {
  size_t size;
  int64_t (*now_ms)(void *user);
  int64_t (*mono_ns)(void *user);
  void *user;
} aft_clock;

/* How much a note of the library matters. */
#define AFT_LOG_DEBUG 10
#define AFT_LOG_INFO  20
#define AFT_LOG_WARN  30
#define AFT_LOG_ERROR 40

/*
 * One finished call, for measuring and tracing. Borrowed for the callback.
 */
typedef struct aft_trace {
  size_t size;
  const char *name;    /* "ticket_answer", "tick" */
  int64_t duration_ns; /* on the monotonic clock */
  aft_status status;
  uint32_t retries; /* how often the command ran again after a lost race */
} aft_trace;

/*
 * Bounds on what comes from outside. Zero means the default.
 */
typedef struct aft_limits {
  size_t size;
  uint64_t text_bytes;   /* one text of a message; default 256 KiB */
  uint64_t parts;        /* parts of one message; default 64 */
  uint64_t batch;        /* messages of one batch call; default 10000 */
  uint64_t policy_bytes; /* all documents of one policy together; default 4 MiB */
  uint64_t retries;      /* runs of one command after lost races; default 16 */
} aft_limits;

/* How to make an environment. Everything may be zero. */
typedef struct aft_env_options {
  size_t size;
  aft_alloc alloc;
  aft_clock clock;
  aft_limits limits;
  /* Fills n bytes; returns 0 on success. NULL means the operating system's. */
  int (*random)(void *user, void *bytes, size_t n);
  void *random_user;
  /* Receives notes that are not errors of a call, worded by the library. They
   * contain no personal data. */
  void (*log)(void *user, int32_t level, const char *message);
  void *log_user;
  int32_t log_level; /* least level to report; 0 means AFT_LOG_WARN */
  uint32_t reserved0;
  void (*trace)(void *user, const aft_trace *trace);
  void *trace_user;
} aft_env_options;

/*
 * Makes an environment.
 *
 * options: NULL for defaults; read during the call only.
 * out: receives a reference that the caller owns; release with aft_env_unref.
 * Threads: any.
 * Errors: AFT_E_ABI, AFT_E_INVALID (an allocator without all functions), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_env_new(const aft_env_options *options, aft_env **out, aft_error *error);

/*
 * Takes one more reference.
 *
 * Returns: env itself.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_env *aft_env_ref(aft_env *env);

/*
 * Gives a reference back. NULL is allowed.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_env_unref(aft_env *env);

/*
 * The time by the environment's clock.
 *
 * Returns: milliseconds since 1970-01-01 UTC.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int64_t aft_env_now(const aft_env *env);

/*
 * A piece of memory that the library made for the caller: UTF-8 text, JSON, or
 * bytes. Always followed by a NUL byte that the length does not count.
 */
typedef struct aft_buf aft_buf;

/*
 * The bytes of a buffer.
 *
 * buf: NULL gives an empty text.
 * Returns: memory that lives as long as the buffer.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API const char *aft_buf_data(const aft_buf *buf);

/*
 * The number of bytes of a buffer, without the closing NUL.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API size_t aft_buf_size(const aft_buf *buf);

/*
 * Frees a buffer. NULL is allowed.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_buf_free(aft_buf *buf);

#ifdef __cplusplus
}
#endif

#endif
