/* Build tool: aft-policyc OUT.c FILE.yaml… writes the default policy, compiled, as a C array. */
#include "policy/policy_priv.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct tool {
  aft_env *env;
  aft_document documents[AFT__POLICY_DOCUMENTS];
  aft__file files[AFT__POLICY_DOCUMENTS];
  size_t count;
} tool;

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Words of eight bytes: aligned as the image must be, and quick to compile. */
static void write_image(FILE *out, const aft__buf *image) {
  fprintf(out, "const uint64_t aft__default_image[] = {\n");
  for (size_t i = 0; i + 8 <= image->len; i += 8) {
    uint64_t word;
    memcpy(&word, image->data + i, 8);
    fprintf(out, "0x%llx,%s", (unsigned long long)word, i % 64 == 56 ? "\n" : "");
  }
  fprintf(out, "};\nconst size_t aft__default_image_size = %zu;\n", image->len);
}

static int write_all(const aft__buf *image, const char *path) {
  FILE *out = fopen(path, "w");
  if (!out) {
    perror(path);
    return 1;
  }
  fprintf(out,
          "/* Written by compile_default.c from the YAML files in lib/policy/default. */\n"
          "#include \"policy/policy_priv.h\"\n\n");
  write_image(out, image);
  int bad = ferror(out);
  bad |= fclose(out);
  if (bad)
    perror(path);
  return bad ? 1 : 0;
}

/* Once more from its own content, over which a shop's documents are merged: both images are the same. */
static aft_status compile(const tool *t, aft__buf *image, aft__buf *report, aft_error *error) {
  aft__buf first, source;
  aft_document content = {sizeof(content), aft__cstr("default policy"), {NULL, 0}};
  aft__buf_init(&first, t->env);
  aft__buf_init(&source, t->env);
  aft_status status = aft__policy_compile(t->env, t->documents, t->count, false, &first, report, error);
  if (status >= 0)
    status = aft__image_source(first.data, first.len, &source, error);
  content.text = aft__buf_view(&source);
  if (status >= 0)
    status = aft__policy_compile(t->env, &content, 1, false, image, report, error);
  aft__buf_done(&source);
  aft__buf_done(&first);
  return status;
}

static int compile_and_write(const tool *t, const char *path) {
  aft_error error = AFT_ERROR_INIT;
  aft__buf image, report;
  aft__buf_init(&image, t->env);
  aft__buf_init(&report, t->env);
  int failed = 0;
  if (compile(t, &image, &report, &error) < 0) {
    fprintf(stderr, "%.*s%s\n", (int)report.len, report.len ? report.data : "", error.message);
    failed = 1;
  } else {
    failed = write_all(&image, path);
  }
  aft__buf_done(&image);
  aft__buf_done(&report);
  return failed;
}

static int run(tool *t, int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  for (int i = 2; i < argc && t->count < AFT__POLICY_DOCUMENTS; i++) {
    aft__file *file = &t->files[t->count];
    if (aft__file_map(file, argv[i], 1 << 22, &error) < 0) {
      fprintf(stderr, "%s: %s\n", argv[i], error.message);
      return 1;
    }
    aft_document d = {sizeof(d), aft__cstr(base_name(argv[i])), {(const char *)file->data, file->size}};
    t->documents[t->count++] = d;
  }
  return compile_and_write(t, argv[1]);
}

int main(int argc, char **argv) {
  aft_error error = AFT_ERROR_INIT;
  if (argc < 3) {
    fprintf(stderr, "usage: %s OUT.c FILE.yaml...\n", argv[0]);
    return 2;
  }
  tool *t = calloc(1, sizeof(*t));
  if (!t || aft_env_new(NULL, &t->env, &error) < 0) {
    fprintf(stderr, "out of memory\n");
    free(t);
    return 1;
  }
  int failed = run(t, argc, argv);
  for (size_t i = 0; i < t->count; i++)
    aft__file_unmap(&t->files[i]);
  aft_env_unref(t->env);
  free(t);
  return failed;
}
