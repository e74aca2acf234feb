/* An allocator that fails where it is told to, and knows what is still out. */
#ifndef FAULT_ALLOC_H
#define FAULT_ALLOC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aftersales/env.h>

typedef struct fault_alloc {
  _Atomic uint64_t calls;    /* allocations and growths so far */
  uint64_t fail_at;          /* the call that fails, from 1; 0 for none */
  bool fail_on;              /* and all after it */
  _Atomic uint64_t failures; /* how many failed */
  _Atomic int64_t bytes;     /* out now */
} fault_alloc;

aft_alloc fault_alloc_hooks(fault_alloc *fault);

#endif
