/* The version of the library that runs. */
#include "base/base.h"

const char *aft_version(void) { return AFT_VERSION_STRING; }
