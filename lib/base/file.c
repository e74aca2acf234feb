/* Files: mapped for reading, replaced as a whole. Zones, policy images, models. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static aft_status failed(aft_error *error, const char *doing, int number) {
  aft__error(error, AFT_E_IO, "file", "the file could not be %s (errno %d)", doing, number);
  if (error)
    error->native = number;
  return AFT_E_IO;
}

static aft_status map_open_file(aft__file *file, int fd, size_t most, aft_error *error) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return failed(error, "examined", errno);
  if (!S_ISREG(st.st_mode))
    return aft__error(error, AFT_E_IO, "file", "expected a regular file, found something else");
  if (st.st_size < 0 || (uint64_t)st.st_size > most)
    return aft__error(error, AFT_E_TOO_LARGE, "file", "the file has %lld bytes, the most is %zu",
                      (long long)st.st_size, most);
  aft__file mapped = {(const uint8_t *)"", (size_t)st.st_size};
  if (mapped.size > 0) { /* a mapping cannot be empty */
    void *p = mmap(NULL, mapped.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
      return failed(error, "mapped", errno);
    mapped.data = p;
  }
  *file = mapped;
  return AFT_OK;
}

aft_status aft__file_map(aft__file *file, const char *path, size_t most, aft_error *error) {
  /* O_NONBLOCK: opening a pipe must not wait for its writer. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return failed(error, "opened", errno);
  aft_status status = map_open_file(file, fd, most, error);
  close(fd);
  return status;
}

void aft__file_unmap(aft__file *file) {
  if (file->size > 0)
    munmap((void *)(uintptr_t)file->data, file->size);
  file->data = NULL;
  file->size = 0;
}

/* ---- writing ---- */

static aft_status write_all(int fd, aft_str bytes, aft_error *error) {
  while (bytes.len > 0) {
    ssize_t n = write(fd, bytes.data, bytes.len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failed(error, "written", errno);
    bytes.data += n;
    bytes.len -= (size_t)n;
  }
  return fsync(fd) == 0 ? AFT_OK : failed(error, "written to the disk", errno);
}

/* A name beside the path that nobody has yet: other threads and processes may write to the same path. */
static int open_beside(const char *path, char *name, size_t size, aft_error *error) {
  for (int i = 0; i < 1000; i++) {
    int n = snprintf(name, size, "%s.%ld.%d.new", path, (long)getpid(), i);
    if (n < 0 || (size_t)n >= size) {
      aft__error(error, AFT_E_IO, "file", "the path has more than %zu bytes", size - 40);
      return -1;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0)
      return fd;
    if (errno != EEXIST)
      break;
  }
  failed(error, "made", errno);
  return -1;
}

aft_status aft__file_replace(const char *path, aft_str bytes, aft_error *error) {
  char name[4096];
  int fd = open_beside(path, name, sizeof name, error);
  if (fd < 0)
    return AFT_E_IO;
  aft_status status = write_all(fd, bytes, error);
  if (close(fd) != 0 && status == AFT_OK)
    status = failed(error, "closed", errno);
  if (status == AFT_OK && rename(name, path) != 0)
    status = failed(error, "given its name", errno);
  if (status < 0)
    unlink(name);
  return status;
}
