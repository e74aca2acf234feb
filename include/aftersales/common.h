/* What every header of libaftersales shares: linkage, text views, version. */
#ifndef AFTERSALES_COMMON_H
#define AFTERSALES_COMMON_H

#include <stddef.h>
#include <stdint.h>

/* Marks what the shared library exports. Define AFT_STATIC where the static library is linked. */
#if defined(AFT_STATIC)
#define AFT_API
#elif defined(__GNUC__)
#define AFT_API __attribute__((visibility("default")))
#else
#define AFT_API
#endif

/* The version of these headers; aft_version tells that of the library. */
#define AFT_VERSION_MAJOR  0
#define AFT_VERSION_MINOR  1
#define AFT_VERSION_PATCH  0
#define AFT_VERSION_STRING "0.1.0"

/* Length of a text that ends with a NUL byte. */
#define AFT_NTS ((size_t)-1)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A borrowed piece of UTF-8 text. All zero means "not given". The bytes are
 * only read during the call that receives them.
 */
typedef struct aft_str {
  const char *data;
  size_t len; /* bytes, or AFT_NTS */
} aft_str;

/* A text that ends with a NUL byte, as an aft_str. It lives as long as the text. */
#ifdef __cplusplus
#define AFT_STR(text) (aft_str{(text), AFT_NTS})
#else
#define AFT_STR(text) ((aft_str){(text), AFT_NTS})
#endif

/*
 * The version of the library that runs, which may be newer than the headers.
 *
 * Returns: text such as "0.1.0", owned by the library.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_version(void);

#ifdef __cplusplus
}
#endif

#endif
