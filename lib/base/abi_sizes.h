/* Sizes of the environment's public structs in version 0.1: what the oldest caller passes. Frozen. */
#ifndef AFT_ABI_SIZES_H
#define AFT_ABI_SIZES_H

#include <stddef.h>

#include <aftersales/env.h>
#include <aftersales/error.h>

/* The end of the last field, not sizeof the struct: that moves when the struct grows. */
#define AFT__END_OF(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

#define AFT__V1_ALLOC       AFT__END_OF(aft_alloc, user)
#define AFT__V1_CLOCK       AFT__END_OF(aft_clock, user)
#define AFT__V1_LIMITS      AFT__END_OF(aft_limits, retries)
#define AFT__V1_ENV_OPTIONS AFT__END_OF(aft_env_options, trace_user)
#define AFT__V1_ERROR       AFT__END_OF(aft_error, message)

#define AFT__ABI_MOST 4096 /* no struct of this library will ever be larger */

#endif
