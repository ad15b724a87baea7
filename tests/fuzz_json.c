/* fuzz_json.c - any bytes into the JSON parser; every node is read. */
#include "../tools/json.h"
#include "fuzz_main.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char message[100], shown[20];
    json_doc doc;
    size_t i;
    volatile unsigned sum = 0;
    int strict = !json_parse(&doc, data, size, message, sizeof(message));
    if (strict) json_free(&doc);
    if (json_parse_any(&doc, data, size, message, sizeof(message))) {
        if (strict) __builtin_trap();
        return message[0] ? 0 : -1;
    }
    for (i = 0; i < doc.count; i++) {
        const json_node *node = &doc.nodes[i];
        const json_node *child = node->type >= JSON_ARRAY ? json_first(&doc, node) : NULL;
        int64_t integer = 0;
        uint32_t children = 0, j;
        double number = 0;
        for (; child; child = json_next(&doc, child)) children++;
        if (node->type >= JSON_ARRAY && children != node->count) __builtin_trap();
        for (j = 0; j < node->length; j++) sum += (unsigned char)node->text[j];
        json_integer(node, &integer);
        json_number(node, &number);
        json_get(&doc, node, "a");
        if (node->text) json_show(node->text, node->length, shown, sizeof(shown));
        sum += (unsigned)integer + (number > 0);
    }
    (void)sum;
    json_free(&doc);
    return 0;
}
