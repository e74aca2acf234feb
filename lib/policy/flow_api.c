/* Drawing a policy's machines for callers. */
#include "policy/policy_priv.h"

aft_status aft_flow_export(const aft_policy *policy, const char *machine, uint32_t format, aft_buf **out,
                           aft_error *error) {
  if (!policy || !machine || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !policy    ? "policy"
                      : !machine ? "machine"
                                 : "out",
                      "expected a handle, found NULL");
  if (format < AFT_FLOW_DOT || format > AFT_FLOW_JSON)
    return aft__error(error, AFT_E_INVALID, "format", "expected AFT_FLOW_DOT, _MERMAID or _JSON, found %u",
                      format);
  const aft__flow *flow = aft__policy_machine(policy, machine);
  if (!flow)
    return aft__error(error, AFT_E_NOT_FOUND, "machine", "the policy has no such machine");
  aft_buf *buf = aft__buf_new(policy->env);
  if (!buf)
    return aft__nomem(error);
  aft__flow_export(flow, (aft__flow_format)format, buf);
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}
