/* report_chart.c - the figures of a training, as inline SVG; see report_data.h. */
#include "report_data.h"

#include <math.h>
#include <string.h>

/* Sizes in the units of the figures; the page scales them to its width. */
enum {
    CHART_WIDTH = 460,
    CHART_HEIGHT = 260,
    CHART_LEFT = 52,
    CHART_RIGHT = 14,
    CHART_TOP = 14,
    CHART_BOTTOM = 44
};

typedef struct chart {
    double x0, x1, y0, y1; /* what the axes span */
    double x_step, y_step; /* between ticks */
    int y_digits;
} chart;

/* The smallest of 1, 2, 5 times a power of ten that cuts `range` into at most `most` parts. */
static double chart_nice(double range, int most) {
    double rough = range / most, power = pow(10, floor(log10(rough)));
    if (!(range > 0)) return 1;
    if (rough <= power) return power;
    return rough <= 2 * power ? 2 * power : rough <= 5 * power ? 5 * power : 10 * power;
}

static void chart_axes(chart *c, double x0, double x1, double y0, double y1) {
    c->x0 = x0;
    c->x1 = x1 > x0 ? x1 : x0 + 1;
    c->x_step = chart_nice(c->x1 - c->x0, 4);
    if (c->x_step < 1) c->x_step = 1;
    if (!(y1 > y0)) y1 = y0 + 1;
    c->y_step = chart_nice(y1 - y0, 5);
    c->y0 = floor(y0 / c->y_step + 1e-9) * c->y_step;
    c->y1 = ceil(y1 / c->y_step - 1e-9) * c->y_step;
    c->y_digits = c->y_step < 1 ? (int)ceil(-log10(c->y_step) - 1e-9) : 0;
}

static double chart_x(const chart *c, double x) {
    return CHART_LEFT +
           (x - c->x0) / (c->x1 - c->x0) * (CHART_WIDTH - CHART_LEFT - CHART_RIGHT);
}

static double chart_y(const chart *c, double y) {
    return CHART_HEIGHT - CHART_BOTTOM -
           (y - c->y0) / (c->y1 - c->y0) * (CHART_HEIGHT - CHART_TOP - CHART_BOTTOM);
}

static void chart_point(const chart *c, out *o, double x, double y) {
    html_print(o, "%.1f,%.1f ", chart_x(c, x), chart_y(c, y));
}

/* A polyline's only point, as a dash. */
static void chart_dash(const chart *c, out *o, double x, double y) {
    html_print(o, "%.1f,%.1f %.1f,%.1f ", chart_x(c, x) - 6, chart_y(c, y), chart_x(c, x) + 6,
               chart_y(c, y));
}

static void chart_begin(const chart *c, out *o, const char *name, const char *label) {
    const int bottom = CHART_HEIGHT - CHART_BOTTOM, right = CHART_WIDTH - CHART_RIGHT;
    double v;
    html_print(o,
               "<figure>\n<h3>%s</h3>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
               "aria-label=\"%s\">\n",
               name, CHART_WIDTH, CHART_HEIGHT, label);
    html_print(o,
               "<clipPath id=\"clip-%s\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
               "</clipPath>\n",
               name, CHART_LEFT - 5, CHART_TOP - 3, right - CHART_LEFT + 10,
               bottom - CHART_TOP + 6);
    for (v = c->y0; v < c->y1 + c->y_step / 2; v += c->y_step) {
        html_print(o, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", CHART_LEFT, chart_y(c, v),
                   right);
        html_print(o, "<text x=\"%d\" y=\"%.1f\" class=\"end\">", CHART_LEFT - 8,
                   chart_y(c, v) + 4.5);
        html_print(o, c->y1 < 1e5 ? "%.*f</text>\n" : "%.*g</text>\n",
                   c->y1 < 1e5 ? c->y_digits : 3, fabs(v) < 1e-12 ? 0 : v);
    }
    html_print(o, "<path class=\"axis\" d=\"M%d %dH%d\"/>\n", CHART_LEFT, bottom, right);
    for (v = ceil(c->x0 / c->x_step) * c->x_step; v <= c->x1 * (1 + 1e-9); v += c->x_step) {
        html_print(o, "<path class=\"axis\" d=\"M%.1f %dv5\"/><text x=\"%.1f\" y=\"%d\" ",
                   chart_x(c, v), bottom, chart_x(c, v), bottom + 20);
        out_text(o, chart_x(c, v) > right - 20 ? "class=\"end last\">" : "class=\"mid\">");
        html_number(o, (uint64_t)(v + 0.5));
        out_text(o, "</text>\n");
    }
    html_print(o, "<text x=\"%d\" y=\"%d\" class=\"mid\">updates</text>\n",
               (CHART_LEFT + right) / 2, CHART_HEIGHT - 6);
}

/* ---------------------------------------------------------------------------------- loss */

/* Mean over neighbours, the nearest most. */
static double chart_smooth(const report *r, size_t at) {
    size_t reach = r->bucket_count / 25 + 1, i, first = at > reach ? at - reach : 0;
    double sum = 0, weights = 0;
    for (i = first; i <= at + reach && i < r->bucket_count; i++) {
        const report_bucket *b = &r->buckets[i];
        size_t away = i > at ? i - at : at - i;
        double w = (double)(reach + 1 - away) * (double)b->count;
        sum += w * b->sum / (double)b->count;
        weights += w;
    }
    return sum / weights;
}

/* The updates of each bucket as a thin line, or as the band that they span. */
static void chart_raw(const report *r, const chart *c, out *o) {
    size_t i;
    if (r->bucket_count < 2) return;
    out_text(o, r->bucket_size > 1 ? "<polygon class=\"band\" points=\""
                                   : "<polyline class=\"raw\" points=\"");
    for (i = 0; i < r->bucket_count; i++)
        chart_point(c, o, (double)r->buckets[i].last, r->buckets[i].high);
    for (i = r->bucket_size > 1 ? r->bucket_count : 0; i-- > 0;)
        chart_point(c, o, (double)r->buckets[i].last, r->buckets[i].low);
    out_text(o, "\"/>\n");
}

static void chart_loss(const report *r, out *o) {
    chart c;
    double high = 0, x0 = 0, x1 = 0;
    size_t i, n = r->bucket_count, m = r->point_count;
    for (i = 0; i < n; i++) high = fmax(high, chart_smooth(r, i));
    for (i = 0; i < m; i++)
        if (isfinite(r->points[i].loss)) high = fmax(high, r->points[i].loss);
    if (n) x0 = (double)(r->buckets[0].last - r->buckets[0].count);
    if (n) x1 = (double)r->buckets[n - 1].last;
    if (m) x0 = fmin(x0, n && x0 < 1 ? x0 : (double)r->points[0].step);
    if (m) x1 = fmax(x1, (double)r->points[m - 1].step);
    chart_axes(&c, x0, x1, 0, high * 1.04);
    chart_begin(&c, o, "Loss", "Training and validation loss by update");
    out_text(o, "<g clip-path=\"url(#clip-Loss)\">\n");
    chart_raw(r, &c, o);
    out_text(o, "<polyline class=\"line a\" points=\"");
    if (n == 1) chart_dash(&c, o, (double)r->buckets[0].last, chart_smooth(r, 0));
    for (i = 0; n > 1 && i < n; i++)
        chart_point(&c, o, (double)r->buckets[i].last, chart_smooth(r, i));
    out_text(o, "\"/>\n<polyline class=\"line b\" points=\"");
    for (i = 0; i < m; i++)
        if (isfinite(r->points[i].loss))
            chart_point(&c, o, (double)r->points[i].step, r->points[i].loss);
    out_text(o, "\"/>\n");
    for (i = 0; i < m; i++) {
        const report_point *p = &r->points[i];
        if (!isfinite(p->loss)) continue;
        html_print(o,
                   "<circle class=\"b\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>update %llu: "
                   "validation loss %.4f</title></circle>\n",
                   chart_x(&c, (double)p->step), chart_y(&c, p->loss), m > 40 ? "1.5" : "3.5",
                   (unsigned long long)p->step, p->loss);
    }
    out_text(o, "</g>\n</svg>\n<figcaption><span><i class=\"a\"></i>training, smoothed</span>"
                "<span><i class=\"raw\"></i>training, ");
    out_text(o, r->bucket_size > 1 ? "lowest to highest of " : "each update");
    if (r->bucket_size > 1) {
        html_number(o, r->bucket_size);
        out_text(o, " updates");
    }
    out_text(o, "</span>");
    if (m) out_text(o, "<span><i class=\"b\"></i>validation</span>");
    out_text(o, "</figcaption>\n</figure>\n");
}

/* -------------------------------------------------------------------------------- scores */

enum { CHART_F1 = 0, CHART_PRECISION, CHART_RECALL };

static double chart_value(const report_point *p, int which) {
    return which == CHART_F1 ? p->f1 : which == CHART_PRECISION ? p->precision : p->recall;
}

/* One of the lines; a single evaluation is a dash. */
static void chart_scores_line(const report *r, const chart *c, out *o, int which) {
    static const char *const names[] = {"a", "c", "d"};
    size_t i, m = r->point_count;
    html_print(o, "<polyline class=\"line %s\" points=\"", names[which]);
    if (m == 1) chart_dash(c, o, (double)r->points[0].step, chart_value(&r->points[0], which));
    for (i = 0; m > 1 && i < m; i++)
        chart_point(c, o, (double)r->points[i].step, chart_value(&r->points[i], which));
    out_text(o, "\"/>\n");
}

static void chart_best(const report *r, const chart *c, out *o, const char *name) {
    size_t i, m = r->point_count;
    for (i = 0; i < m; i++) {
        const report_point *p = &r->points[i];
        double x = chart_x(c, (double)p->step), y = chart_y(c, p->f1);
        html_print(o,
                   "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>update %llu: "
                   "%s %.4f</title></circle>\n",
                   p->best ? "a best" : "a", x, y,
                   p->best  ? "5.5"
                   : m > 40 ? "1.5"
                            : "3.5",
                   (unsigned long long)p->step, name, p->f1);
        if (p->best)
            html_print(o, "<text class=\"%s strong\" x=\"%.1f\" y=\"%.1f\">%.4f</text>\n",
                       x > CHART_WIDTH - 60 ? "end" : "mid", x > CHART_WIDTH - 60 ? x + 6 : x,
                       y - CHART_TOP > 22 ? y - 12 : y + 24, p->f1);
    }
}

static void chart_scores(const report *r, out *o) {
    const char *name = r->tags ? "Accuracy" : "F1";
    chart c;
    double low = 1, high = 0;
    size_t i, m = r->point_count;
    int which, last = r->tags ? CHART_F1 : CHART_RECALL;
    for (i = 0; i < m; i++) {
        for (which = 0; which <= last; which++) {
            low = fmin(low, chart_value(&r->points[i], which));
            high = fmax(high, chart_value(&r->points[i], which));
        }
    }
    if (high - low < 0.02) low = high - 0.02;
    chart_axes(&c, 0, (double)r->points[m - 1].step, fmax(low, 0), fmin(high + 0.01, 1));
    if (m > 1 && r->points[0].step > r->points[m - 1].step / 2)
        chart_axes(&c, (double)r->points[0].step, c.x1, fmax(low, 0), fmin(high + 0.01, 1));
    chart_begin(&c, o, name,
                r->tags ? "Accuracy by update"
                        : "F1, precision and recall by "
                          "update");
    for (which = last; which >= 0; which--) chart_scores_line(r, &c, o, which);
    chart_best(r, &c, o, name);
    out_text(o, "</svg>\n<figcaption>");
    html_print(o, "<span><i class=\"a\"></i>%s, ringed where the model was best</span>", name);
    if (!r->tags)
        out_text(o, "<span><i class=\"c\"></i>precision</span>"
                    "<span><i class=\"d\"></i>recall</span>");
    out_text(o, "</figcaption>\n</figure>\n");
}

/* -------------------------------------------------------------------------- the evaluations */

static void chart_table(const report *r, out *o) {
    size_t i;
    out_text(o, "<details><summary>The numbers of ");
    if (r->evaluations > r->point_count) {
        html_number(o, r->point_count);
        out_text(o, " of ");
        html_number(o, r->evaluations);
        out_text(o, " evaluations");
    } else {
        out_text(o, "each evaluation");
    }
    out_text(o, "</summary>\n<div "
                "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Evaluations\">\n"
                "<table class=\"plain\">\n<thead><tr><th scope=\"col\">Update</th>"
                "<th scope=\"col\">Epoch</th><th scope=\"col\">Training loss</th>"
                "<th scope=\"col\">Validation loss</th><th scope=\"col\">Precision</th>"
                "<th scope=\"col\">Recall</th><th scope=\"col\">F1</th>"
                "<th scope=\"col\">Accuracy</th></tr></thead>\n<tbody>\n");
    for (i = 0; i < r->point_count; i++) {
        const report_point *p = &r->points[i];
        const double values[6] = {p->training, p->loss, p->precision,
                                  p->recall,   p->f1,   p->accuracy};
        int k;
        out_text(o,
                 p->best ? "<tr class=\"best\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
        html_number(o, p->step);
        html_print(o, "%s</th><td>%.2f</td>", p->best ? " (best)" : "", p->epoch);
        for (k = 0; k < 6; k++) {
            out_text(o, "<td>");
            html_real(o, values[k], 4);
            out_text(o, "</td>");
        }
        out_text(o, "</tr>\n");
    }
    out_text(o, "</tbody>\n</table>\n</div>\n</details>\n");
}

void report_charts(const report *r, out *o) {
    if (!r->bucket_count && !r->point_count) return;
    out_text(o, "<section id=\"training\">\n<h2>Training</h2>\n<div class=\"figures\">\n");
    chart_loss(r, o);
    if (r->point_count) chart_scores(r, o);
    out_text(o, "</div>\n");
    if (r->point_count) chart_table(r, o);
    out_text(o, "</section>\n");
}
