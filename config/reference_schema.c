#include "config/reference.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "config/table.h"
#include "config/value.h"

/* Every function here gives a new reference, or NULL when memory was refused; jansson's setters pass a NULL
 * on as a failure, and its packer takes references over. */

static json_t *whole_number(uint64_t value) {
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_real((double)value);
}

static json_t *uint_schema(const struct config_option *option, const struct config *defaults) {
    uint64_t value = *(const uint64_t *)value_field_const(option, defaults);
    return json_pack("{s:s, s:o, s:o, s:o}", "type", "integer", "minimum", whole_number(option->uint_low),
                     "maximum", whole_number(option->uint_high), "default", whole_number(value));
}

static json_t *real_schema(const struct config_option *option, const struct config *defaults) {
    json_t *schema = json_pack("{s:s, s:f, s:f}", "type", "number", "minimum", option->real_low, "default",
                               *(const double *)value_field_const(option, defaults));
    if (isfinite(option->real_high) &&
        json_object_set_new(schema, "maximum", json_real(option->real_high)) != 0) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

static json_t *choice_schema(const struct config_option *option, const struct config *defaults) {
    char word[CHOICE_BYTES];
    json_t *words = json_array();
    for (unsigned i = 0; option_choice(option, i, word); i++)
        if (json_array_append_new(words, json_string(word)) != 0) {
            json_decref(words);
            return NULL;
        }
    option_choice(option, *(const unsigned *)value_field_const(option, defaults), word);
    return json_pack("{s:o, s:s}", "enum", words, "default", word);
}

static json_t *range_schema(void) {
    return json_pack("{s:[{s:s}, {s:s, s:{s:s}, s:i, s:i}], s:s}", "anyOf", "const", "none", "type", "array",
                     "items", "type", "number", "minItems", 2, "maxItems", 2, "default", "none");
}

static json_t *phases_schema(void) {
    const struct config_option *epochs = &CONFIG_OPTIONS[OPTION_schedule_epochs],
                               *rate = &CONFIG_OPTIONS[OPTION_train_learning_rate];
    json_t *fields =
        json_pack("{s:{s:s, s:o, s:o}, s:{s:s, s:f, s:f}}", "epochs", "type", "integer", "minimum",
                  whole_number(epochs->uint_low), "maximum", whole_number(epochs->uint_high), "learning_rate",
                  "type", "number", "minimum", rate->real_low, "maximum", rate->real_high);
    json_t *phase = json_pack("{s:s, s:o, s:[s, s], s:b}", "type", "object", "properties", fields, "required",
                              "epochs", "learning_rate", "additionalProperties", 0);
    return json_pack("{s:[{s:s}, {s:s, s:o, s:i, s:i}], s:s}", "anyOf", "const", "none", "type", "array",
                     "items", phase, "minItems", 1, "maxItems", SCHEDULE_PHASES_MAX, "default", "none");
}

static json_t *option_schema(const struct config_option *option, const struct config *defaults) {
    switch (option->type) {
    case OPTION_TYPE_BOOL:
        return json_pack("{s:s, s:b}", "type", "boolean", "default",
                         *(const bool *)value_field_const(option, defaults));
    case OPTION_TYPE_UINT:
        return uint_schema(option, defaults);
    case OPTION_TYPE_REAL:
        return real_schema(option, defaults);
    case OPTION_TYPE_TEXT:
        return json_pack("{s:[s, s, s], s:i, s:s}", "type", "string", "number", "null", "maxLength",
                         CONFIG_TEXT_BYTES - 1, "default", (const char *)value_field_const(option, defaults));
    case OPTION_TYPE_CHOICE:
        return choice_schema(option, defaults);
    case OPTION_TYPE_RANGE:
        return range_schema();
    case OPTION_TYPE_PHASES:
        return phases_schema();
    }
    return NULL;
}

static bool add_option(json_t *properties, const struct config_option *option,
                       const struct config *defaults) {
    char text[512];
    json_t *schema = option_schema(option, defaults);
    snprintf(text, sizeof text, "%s%s%s%s", option->sentence, option->unit[0] == '\0' ? "" : " In ",
             option->unit, option->unit[0] == '\0' ? "" : ".");
    bool is_good = json_object_set_new(schema, "description", json_string(text)) == 0;
    return json_object_set_new(properties, option->name, schema) == 0 && is_good;
}

static json_t *section_schema(enum section_id section, const struct config *defaults) {
    json_t *properties = json_object();
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (CONFIG_OPTIONS[i].section_id == section &&
            !add_option(properties, &CONFIG_OPTIONS[i], defaults)) {
            json_decref(properties);
            return NULL;
        }
    return json_pack("{s:[s, s], s:s, s:o, s:b}", "type", "object", "null", "description",
                     CONFIG_SECTIONS[section].sentence, "properties", properties, "additionalProperties", 0);
}

static json_t *schema(void) {
    struct config defaults;
    json_t *sections = json_object();
    config_defaults(&defaults);
    for (enum section_id section = 0; section < SECTION_COUNT; section++)
        if (json_object_set_new(sections, CONFIG_SECTIONS[section].name,
                                section_schema(section, &defaults)) != 0) {
            json_decref(sections);
            return NULL;
        }
    return json_pack("{s:s, s:s, s:s, s:o, s:b}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                     "title", "dotbias configuration", "type", "object", "properties", sections,
                     "additionalProperties", 0);
}

bool reference_print_schema(FILE *out, struct status *status) {
    json_t *root = schema();
    if (root == NULL)
        return status_fail(status, STATUS_NO_MEMORY, "no memory for the schema");
    bool is_written =
        json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return is_written || status_fail_errno(status, STATUS_IO, "cannot write the schema");
}
