/* label_map.h - the option --map FROM=TO,...: labels of the data as labels of the model. */
#ifndef LABEL_MAP_H
#define LABEL_MAP_H

#include "tokclass.h"

typedef struct label_map {
    tc_label_map *pairs; /* [count] */
    size_t count;
    char *text; /* holds their strings */
} label_map;

/* Reads "FROM=TO,..." (null: no pairs); FROM= stands for FROM=O. 0, or the status to leave with
 * after a message; label_map_free in either case. */
int label_map_parse(label_map *m, const char *command, const char *text);
void label_map_free(label_map *m);
/* What stands for a label of the data: itself if nothing else does. */
tc_string label_map_apply(const label_map *m, tc_string label);

#endif
