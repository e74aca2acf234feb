/* A SQLite VFS over the usual one that kills the process at a chosen write. */
#ifndef KILL_VFS_H
#define KILL_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Registers the VFS "kill". From then on the at-th write, sync, truncation or deletion through it (from 1)
 * ends the process like kill -9: before it takes place, or, when torn, after half of the bytes. */
void kill_vfs_arm(uint64_t at, bool torn);

/* Registers the same VFS as the default one, killing nothing. While full is set, no file that it opened
 * grows. */
void kill_vfs_disk(bool full);

#endif
