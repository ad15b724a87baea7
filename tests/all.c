/* all.c - every test of the library and of the readers, in the order of the header's sections.
 * Reads its data from beside itself, and further cases from the folder $TOKCLASS_SHARED or
 * ../shared if it is there. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#define TOKCLASS_IMPLEMENTATION
#include "../tokclass.h"

#include "test.h"
#include "t_base.h"
#include "t_kernels.h"
#include "t_support.h"
#include "t_tokenizer.h"
#include "t_file.h"
#include "t_model.h"
#include "t_tag.h"
#include "t_memory.h"
#include "t_json.h"
#include "t_safetensors.h"
#include "t_hf.h"
#include "t_data.h"
#include "t_score.h"
#include "t_train.h"
#include "t_export.h"

int main(int argc, char **argv) {
    test_folders(argc > 1 ? argv[1] : NULL);
    test_base();
    test_kernels();
    test_tokenizer();
    test_file();
    test_model();
    test_tag();
    test_memory();
    test_json();
    test_safetensors();
    test_hf();
    test_data();
    test_score();
    test_train();
    test_export();
    return test_finish();
}
