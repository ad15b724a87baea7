/* tokclass.c - the library, compiled once for the program. */
#define _DEFAULT_SOURCE /* madvise */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"
