"""Gate: a client of a newer version, whose structs are larger, is served where the new fields are zero and refused
with AFT_E_ABI where they are not: tried with every input of every public function. Prints TAP.

Usage: newer.py ROOT PLAIN_FOLDER"""
import os
import pathlib
import re
import sys
import tempfile

import surface
import tap
import tree

TOP, LIBDIR = tree.root(), pathlib.Path(sys.argv[2]).resolve() / "usr/lib"

HANDLES = {"aft_env": "env", "aft_store": "store", "aft_session": "session", "aft_policy": "policy",
           "aft_model": "model", "aft_link_keys": "keys", "aft_demand": "demand"}
CALLBACKS = {"aft_evidence_sink": "sink"}
# What the first version of a struct cannot do without, beside its size.
FILLED = {"aft_call": "x.known = call; x.known.size = sizeof x.known;", "aft_blob_driver": "x.known.abi = AFT_BLOB_ABI;"}
NUMBERS = r"(?:aft_id|aft_time|aft_status|size_t|u?int\d+_t|int)"

HEAD = r"""
#include <stdio.h>
#include <string.h>

#define MORE(type) struct { type known; unsigned char more[16]; }

static aft_env *env;
static aft_store *store;
static aft_session *session;
static aft_policy *policy;
static aft_model *model;
static aft_link_keys *keys;
static aft_demand *demand;
static aft_call call = {.size = sizeof(aft_call), .role = AFT_ROLE_SYSTEM};

static void row(const char *what, aft_status plain, aft_status zero, aft_status set) {
  printf("%s %s %s %s\n", what, aft_status_name(plain), aft_status_name(zero), aft_status_name(set));
}

static int lesson(void *user, aft_example *out) {
  static const char *const texts[] = {"where is it", "it is broken", "where has it gone", "broken again"};
  unsigned *i = user;
  if (*i == 4)
    return 0;
  out->label = *i % 2 ? AFT_STR("quality") : AFT_STR("logistics");
  out->text = AFT_STR(texts[(*i)++]);
  return 1;
}

static int sink(void *user, const void *bytes, size_t n) { return 0; }

static int open_demand(void) {
  aft_rate_in rate = {.size = sizeof rate, .from = 3600000, .until = 7200000, .per_hour = 3};
  aft_work_in work = {.size = sizeof work, .category = AFT_STR("quality"), .permille = 1000, .mean_ms = 60000};
  aft_demand_in in = {.size = sizeof in, .rates = &rate, .n_rates = 1, .work = &work, .n_work = 1};
  return aft_demand_draw(policy, &in, &demand, NULL) < 0;
}

static int open_all(void) {
  unsigned next = 0;
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("k"), .secret = "0123456789abcdef0123456789abcdef", .n = 32};
  aft_store_options o = {.size = sizeof o, .dsn = AFT_STR("memory:"), .flags = AFT_STORE_CREATE};
  aft_tenant_in in = {.size = sizeof in, .external = AFT_STR("newer")};
  aft_record *made = NULL;
  if (aft_env_new(NULL, &env, NULL) < 0 || aft_store_open(env, &o, &store, NULL) < 0 ||
      aft_session_open(store, &session, NULL) < 0 || aft_policy_default(env, &policy, NULL) < 0 ||
      aft_link_keys_new(env, &key, 1, &keys, NULL) < 0 || aft_model_train(env, NULL, lesson, &next, &model, NULL) < 0 ||
      open_demand() || aft_tenant_put(session, &call, &in, &made, NULL) < 0)
    return 1;
  call.tenant = aft_tenant_id(made);
  aft_record_free(made);
  return 0;
}
"""

MESSAGE = 'owner.shop = 1; owner.channel = AFT_STR("x"); owner.handle = AFT_STR("x"); owner.text = AFT_STR("x");'
# Arrays within inputs: what the array's element is, the owner, its field, its count, the call, and what it
# needs besides.
ARRAYS = [
    ("aft_document", "aft_policy_options", "documents", "count", "aft_policy_load(env, &owner, &out, NULL, NULL)",
     "aft_policy *out = NULL;"),
    ("aft_part_in", "aft_message_in", "parts", "n_parts", "aft_intake(session, &call, &owner, NULL, NULL)",
     MESSAGE),
    ("aft_field_in", "aft_message_in", "fields", "n_fields", "aft_intake(session, &call, &owner, NULL, NULL)",
     MESSAGE),
    ("aft_part_in", "aft_answer_in", "parts", "n_parts", "aft_ticket_answer(session, &call, &owner, NULL, NULL)",
     "owner.ticket = 1;"),
    ("aft_rate_in", "aft_demand_in", "rates", "n_rates", "aft_demand_draw(policy, &owner, &out, NULL)",
     "aft_demand *out = NULL;"),
    ("aft_work_in", "aft_demand_in", "work", "n_work", "aft_demand_draw(policy, &owner, &out, NULL)",
     "aft_demand *out = NULL; aft_rate_in rate = {.size = sizeof rate, .from = 1, .until = 2};"
     "owner.rates = &rate; owner.n_rates = 1;"),
    ("aft_worker_in", "aft_simulation_in", "agents", "n_agents", "aft_simulate(policy, demand, &owner, &out, NULL)",
     "aft_simulated *out = NULL;"),
]


def input_of(kind):
    """The sized struct that a parameter of this type points to."""
    found = re.fullmatch(r"const (\w+) \*", kind)
    return found.group(1) if found and found.group(1) in SIZED else None


SIZED = {s.name for s in surface.each(TOP, surface.structs_of) if s.fields[0][:2] == ("size", "size_t")} - {"aft_error"}


def argument(number, kind):
    """What is passed where the parameter is not the one tried: a declaration before, and the words in the call."""
    target = re.fullmatch(r"(?:const )?(\w+) \*", kind)
    target = target.group(1) if target else None
    if kind == "const aft_call *":
        return "", "&call"
    if target in SIZED:
        return f"{target} a{number} = {{.size = sizeof a{number}}};", f"&a{number}"
    if target in HANDLES:
        return "", HANDLES[target]
    if kind in CALLBACKS:
        return "", CALLBACKS[kind]
    if re.fullmatch(r"\w+ \*\*", kind):
        return f"{kind[:-1]}a{number} = NULL;", f"&a{number}"
    if re.fullmatch(NUMBERS, kind):
        return "", "1"
    if kind == "const char *":
        return "", '"x"'
    return "", "0"


def trial(function, tried):
    """One block: the struct as it is known, larger with zeros, larger with something set."""
    kind = input_of(function.parameters[tried][0])
    rows = [(f"MORE({kind}) x = {{.known = {{.size = sizeof(x.known)}}}};", "&x.known") if at == tried else
            argument(at, parameter[0]) for at, parameter in enumerate(function.parameters)]
    fill = FILLED.get(kind, "")
    invoke = f"{function.name}({', '.join(words for _, words in rows)})"
    return f"""  {{ /* {function.name} */
    {' '.join(before for before, _ in rows)}
    {fill}
    aft_status plain = {invoke};
    x.known.size = sizeof x;
    aft_status zero = {invoke};
    x.more[0] = 1;
    row("{function.name}:{kind}", plain, zero, {invoke});
  }}
"""


def array_trial(element, owner, field, count, invoke, before):
    return f"""  {{
    MORE({element}) x[2];
    {element} known[2] = {{{{.size = sizeof known[0]}}, {{.size = sizeof known[0]}}}};
    {owner} owner = {{.size = sizeof owner, .{field} = known, .{count} = 2}};
    {before}
    aft_status plain = {invoke};
    memset(x, 0, sizeof x);
    x[0].known.size = x[1].known.size = sizeof x[0];
    owner.{field} = &x[0].known;
    aft_status zero = {invoke};
    x[0].more[0] = 1;
    row("{owner}.{field}:{element}", plain, zero, {invoke});
  }}
"""


def trials():
    for function in surface.each(TOP, surface.functions_of):
        if function.result == "aft_status":
            for at, (kind, _) in enumerate(function.parameters):
                if input_of(kind):
                    yield trial(function, at)
    for row in ARRAYS:
        yield array_trial(*row)


def outcomes():
    """What the library said: a row for each input of each function."""
    source = surface.includes(TOP) + HEAD + "int main(void) {\n  if (open_all())\n    return 1;\n" + "".join(trials()) + "}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "newer"
        words = [os.environ.get("CC", "cc"), "-std=c11", "-w", f"-I{TOP / 'include'}", "-x", "c", "-", "-x", "none"]
        tap.must([*words, f"-L{LIBDIR}", "-laftersales", "-o", program], input=source)
        return [line.split() for line in tap.must([program], env={**os.environ, "LD_LIBRARY_PATH": str(LIBDIR)},
                                                  cwd=folder).splitlines()]


def check(kind, plain, zero, changed):
    tap.expect(plain != "AFT_E_ABI", "refuses the struct of its own version")
    done = {"AFT_OK", "AFT_IGNORED"}  # the second of two that are alike may find nothing left to do
    tap.expect(zero == plain or {zero, plain} <= done, f"a larger struct with zeros gives {zero}, one of the known size {plain}")
    # A call is looked at after the input beside it, which is empty here and refused for that.
    tap.expect(changed == "AFT_E_ABI" or kind == "aft_call" and changed == plain == "AFT_E_INVALID",
               f"a field that the library does not know is set, and it says {changed}")


def main():
    rows = outcomes()
    tap.expect(any(row[0].endswith(":aft_call") and row[3] == "AFT_E_ABI" for row in rows), "no call was refused")
    tap.main([(row[0].replace(":", ": a newer "), lambda row=row: check(row[0].split(":")[1], *row[1:])) for row in rows])


main()
