/* What a disk would hold after a loss of power: of every file the durable bytes, and what came after them. */
#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct fault_image fault_image;

/* The file's image; on the first call its present content counts as durable. */
fault_image *fault_disk_file(const char *path);
void fault_disk_created(fault_image *image);
void fault_disk_deleted(fault_image *image);
void fault_disk_write(fault_image *image, const void *bytes, int n, int64_t at);
void fault_disk_truncate(fault_image *image, int64_t size);
/* All writes to the file are durable now; with folder also what was made and deleted. */
void fault_disk_sync(fault_image *image, bool folder);
void fault_disk_sync_folder(void);
/* A sync that failed: each write may have reached the disk or not, and is not tried again. */
void fault_disk_sync_failed(fault_image *image, uint64_t *seed);

/* Writes into the files what a loss of power would have left. */
void fault_disk_lay_down(uint64_t *seed);
void fault_disk_forget(void);

#endif
