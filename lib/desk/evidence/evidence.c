/* Evidence on its way in: bounded while it streams, told by its first bytes, recorded when it is on the disk.
 */
#include "desk/evidence/evidence_priv.h"

#define IN_V1      (offsetof(aft_evidence_in, bytes) + sizeof(int64_t))
#define KIND_BYTES 63
#define TYPE_BYTES 63

struct aft_evidence_upload {
  aft_env *env;
  aft_session *session; /* held */
  aft__arena arena;     /* of the call's and the input's texts */
  aft_call call;
  aft_evidence_in in;
  int64_t room; /* bytes that may come */
  aft__blob_upload blob;
  uint8_t head[AFT__MAGIC_BYTES];
  uint32_t n_head;
  const char *type; /* NULL: not told yet */
  aft_error broken; /* code 0: nothing went wrong */
};

/* A file that lies, and one that is too much, are kept among the refusals; the command keeps the others. */
static void keep_refusal(aft_evidence_upload *up, aft_status code) {
  if (code == AFT_E_INVALID || code == AFT_E_TOO_LARGE)
    aft__refusal_keep(up->session, &up->call, "evidence.add", up->in.of, code);
}

/* ---- beginning ---- */

static aft_status check_in(aft_evidence_in *in, aft_error *error) {
  AFT__TRY(aft__in_id(in->of, "evidence.of", error));
  AFT__TRY(aft__in_name(&in->kind, KIND_BYTES, "evidence.kind", error));
  AFT__TRY(aft__in_name(&in->type, TYPE_BYTES, "evidence.type", error));
  AFT__TRY(aft__in_text(&in->name, AFT__NAME_BYTES, "evidence.name", error));
  if (in->bytes < 0)
    return aft__error(error, AFT_E_INVALID, "evidence.bytes", "expected 0 or more, found %lld",
                      (long long)in->bytes);
  if (!aft__magic_known(in->type))
    return aft__error(error, AFT_E_INVALID, "evidence.type",
                      "expected a photo, a video or a PDF of a known type, found '%.*s'", (int)in->type.len,
                      in->type.data);
  return AFT_OK;
}

static bool keep_text(aft__arena *arena, aft_str *text) {
  if (!text->data)
    return true;
  *text = aft__arena_dup(arena, aft__str(text->data, text->len));
  return text->data != NULL;
}

static bool keep_texts(aft_evidence_upload *up) {
  return keep_text(&up->arena, &up->call.key) && keep_text(&up->arena, &up->in.kind) &&
         keep_text(&up->arena, &up->in.type) && keep_text(&up->arena, &up->in.name);
}

/* Under a key the case may be full of what the key stands for: then only the commit can say. */
static aft_status run_begin(aft__cmd *cmd, void *given, aft_error *error) {
  aft_evidence_upload *up = given;
  aft__value *of;
  cmd->subject = up->in.of;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, up->in.of, "evidence.of", &of, error));
  aft__evidence_limits limits;
  AFT__TRY(aft__may_case(cmd, of, error));
  aft__policy_evidence_limits(cmd->policy, &limits);
  up->room = limits.most_bytes;
  if (up->call.key.len)
    return AFT_OK;
  AFT__TRY(aft__evidence_is_open(of, error));
  AFT__TRY(aft__evidence_type_check(cmd, up->in.type, error));
  return aft__evidence_room(cmd, up->in.of, up->in.bytes, &up->room, error);
}

static aft_status open_upload(aft_evidence_upload *up, aft_error *error) {
  static const aft__command command = {.verb = "evidence.begin",
                                       .name = "evidence_begin",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .read = true,
                                       .run = run_begin};
  aft_blobs *blobs = aft__store_blobs(aft__session_store(up->session));
  if (!blobs)
    return aft__error(error, AFT_E_INVALID, "store.blobs",
                      "the store was opened without a blob store: it takes no evidence");
  if (!keep_texts(up))
    return aft__nomem(error);
  aft_status status = aft__command_run(up->session, &up->call, &command, up, NULL, error);
  keep_refusal(up, status);
  return status < 0 ? status : aft__blob_begin(blobs, &up->blob, error);
}

static aft_status make_upload(aft_session *session, aft_evidence_upload **out, aft_error *error) {
  aft_env *env = aft__session_env(session);
  aft_evidence_upload *up = aft__zalloc(env, sizeof *up);
  if (!up)
    return aft__nomem(error);
  up->env = aft_env_ref(env);
  up->session = aft__session_hold(session);
  up->broken = (aft_error)AFT_ERROR_INIT;
  aft__arena_init(&up->arena, env);
  *out = up;
  return AFT_OK;
}

aft_status aft_evidence_begin(aft_session *session, const aft_call *call, const aft_evidence_in *in,
                              aft_evidence_upload **out, aft_error *error) {
  aft_evidence_in local;
  aft_evidence_upload *up;
  if (!session || !call || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !session ? "session"
                      : !call  ? "call"
                               : "out",
                      "the handle is NULL");
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, IN_V1, "aft_evidence_in", error));
  AFT__TRY(check_in(&local, error));
  aft_call given;
  AFT__TRY(aft__call_copy(call, &given, error));
  AFT__TRY(make_upload(session, &up, error));
  up->call = given;
  up->in = local;
  aft_status status = open_upload(up, error);
  if (status < 0)
    aft_evidence_abort(up);
  else
    *out = up;
  return status < 0 ? status : AFT_OK;
}

void aft_evidence_abort(aft_evidence_upload *upload) {
  if (!upload)
    return;
  aft_env *env = upload->env;
  aft__blob_abort(&upload->blob);
  aft__arena_done(&upload->arena);
  aft__session_drop(upload->session);
  aft__release(env, upload, sizeof *upload);
  aft_env_unref(env);
}

/* ---- bytes ---- */

static aft_status tell_type(aft_evidence_upload *up, aft_error *error) {
  aft_str claimed = up->in.type;
  const char *type = aft__magic_type(up->head, up->n_head);
  if (!type)
    return aft__error(error, AFT_E_INVALID, "evidence.type",
                      "expected %.*s as was claimed, found a file of no known type", (int)claimed.len,
                      claimed.data);
  if (!aft__str_eq(claimed, aft__cstr(type)))
    return aft__error(error, AFT_E_INVALID, "evidence.type", "expected %.*s as was claimed, found %s",
                      (int)claimed.len, claimed.data, type);
  up->type = type;
  return AFT_OK;
}

static aft_status look_at_head(aft_evidence_upload *up, const void *bytes, size_t n, aft_error *error) {
  size_t room = sizeof up->head - up->n_head;
  size_t part = n < room ? n : room;
  if (part)
    memcpy(up->head + up->n_head, bytes, part);
  up->n_head += (uint32_t)part;
  return !up->type && up->n_head == sizeof up->head ? tell_type(up, error) : AFT_OK;
}

static aft_status take(aft_evidence_upload *up, const void *bytes, size_t n, aft_error *error) {
  if (n > (uint64_t)(up->room - up->blob.bytes))
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.bytes",
                      "%lld bytes may come in this case now, found more", (long long)up->room);
  if (up->in.bytes && n > (uint64_t)(up->in.bytes - up->blob.bytes))
    return aft__error(error, AFT_E_TOO_LARGE, "evidence.bytes",
                      "expected the %lld bytes that were announced, found more", (long long)up->in.bytes);
  AFT__TRY(look_at_head(up, bytes, n, error));
  return aft__blob_write(&up->blob, bytes, n, error);
}

/* What went wrong once is told again, whatever comes. */
static aft_status told_again(const aft_evidence_upload *up, aft_error *error) {
  return aft__error(error, up->broken.code, up->broken.where, "%s", up->broken.message);
}

aft_status aft_evidence_write(aft_evidence_upload *upload, const void *bytes, size_t n, aft_error *error) {
  if (!upload || (!bytes && n))
    return aft__error(error, AFT_E_NULL_HANDLE, upload ? "bytes" : "upload",
                      "the upload or its bytes are NULL");
  if (upload->broken.code)
    return told_again(upload, error);
  if (take(upload, bytes, n, &upload->broken) >= 0)
    return AFT_OK;
  keep_refusal(upload, upload->broken.code);
  return told_again(upload, error);
}

/* ---- recording ---- */

static void add_digest(aft__sha256 *sha, const void *given) {
  const aft__evidence_new *made = given;
  aft__digest_i64(sha, made->in->of);
  aft__digest_str(sha, made->in->kind);
  aft__digest_str(sha, made->in->name);
  aft__digest_str(sha, aft__cstr(made->digest));
}

static aft_status run_add(aft__cmd *cmd, void *given, aft_error *error) {
  return aft__evidence_insert(cmd, given, error);
}

static aft_status check_whole(aft_evidence_upload *up, aft_error *error) {
  if (!up->blob.bytes)
    return aft__error(error, AFT_E_INVALID, "evidence.bytes", "expected a file, found no bytes");
  if (up->in.bytes && up->blob.bytes != up->in.bytes)
    return aft__error(error, AFT_E_INVALID, "evidence.bytes",
                      "expected the %lld bytes that were announced, found %lld", (long long)up->in.bytes,
                      (long long)up->blob.bytes);
  return up->type ? AFT_OK : tell_type(up, error);
}

static aft_status commit(aft_evidence_upload *up, aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "evidence.add",
                                       .name = "evidence_add",
                                       .roles = AFT__ROLES_ALL,
                                       .by_link = true,
                                       .returns = AFT_KIND_EVIDENCE,
                                       .audits = true,
                                       .digest = add_digest,
                                       .run = run_add,
                                       .hide = aft__evidence_hide};
  char digest[AFT__BLOB_NAME];
  aft__evidence_new made = {.in = &up->in, .digest = digest, .bytes = up->blob.bytes};
  if (up->broken.code)
    return told_again(up, error);
  aft_status status = check_whole(up, error);
  made.type = up->type;
  if (status >= 0)
    status = aft__blob_commit(&up->blob, digest, error);
  if (status >= 0)
    status = aft__command_run(up->session, &up->call, &command, &made, out, error);
  keep_refusal(up, status);
  return status;
}

aft_status aft_evidence_commit(aft_evidence_upload *upload, aft_record **out, aft_error *error) {
  if (!upload)
    return aft__error(error, AFT_E_NULL_HANDLE, "upload", "the upload is NULL");
  aft_status status = commit(upload, out, error);
  aft_evidence_abort(upload);
  return status;
}

aft_status aft_evidence_add(aft_session *session, const aft_call *call, const aft_evidence_in *in,
                            const void *bytes, size_t n, aft_record **out, aft_error *error) {
  aft_evidence_upload *upload;
  AFT__TRY(aft_evidence_begin(session, call, in, &upload, error));
  aft_status status = aft_evidence_write(upload, bytes, n, error);
  if (status >= 0)
    return aft_evidence_commit(upload, out, error);
  aft_evidence_abort(upload);
  return status;
}
