/* tokclass.c - the library, compiled once for the program. */
#define TOKCLASS_IMPLEMENTATION
#include "tokclass.h"
