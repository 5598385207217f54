#include "CFuzz.h"

// libFuzzer's own main, which is linked in and not run, refers to it.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return 0; }
