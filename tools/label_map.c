/* label_map.c - the option --map FROM=TO,...; see label_map.h. */
#include "label_map.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

int label_map_parse(label_map *m, const char *command, const char *text) {
    size_t n = 1, i;
    const char *p;
    char *at;
    memset(m, 0, sizeof *m);
    if (!text) return 0;
    for (p = text; *p; p++) n += *p == ',';
    m->text = (char *)malloc((size_t)(p - text) + 1);
    m->pairs = (tc_label_map *)calloc(n, sizeof *m->pairs);
    if (!m->text || !m->pairs) return tool_fail(NULL, "out of memory");
    memcpy(m->text, text, (size_t)(p - text) + 1);
    for (at = m->text; at; m->count++) {
        char *end = strchr(at, ','), *equals;
        if (end) *end = 0;
        equals = strchr(at, '=');
        if (!equals || equals == at)
            return tool_usage(command, "--map %s: %s is not FROM=TO", text, at);
        *equals = 0;
        for (i = 0; i < m->count; i++)
            if (strcmp(m->pairs[i].from, at) == 0)
                return tool_usage(command, "--map maps %s twice", at);
        m->pairs[m->count].from = at;
        m->pairs[m->count].to = equals[1] ? equals + 1 : "O";
        at = end ? end + 1 : NULL;
    }
    return 0;
}

void label_map_free(label_map *m) {
    free(m->pairs);
    free(m->text);
    memset(m, 0, sizeof *m);
}

tc_string label_map_apply(const label_map *m, tc_string label) {
    size_t i;
    for (i = 0; i < m->count; i++) {
        const char *from = m->pairs[i].from;
        if (strlen(from) != label.length || memcmp(from, label.data, label.length) != 0)
            continue;
        label.data = m->pairs[i].to;
        label.length = strlen(label.data);
        break;
    }
    return label;
}
