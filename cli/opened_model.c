#include "cli/opened_model.h"

bool opened_model_open(struct opened_model *opened, const char *path, struct status *status) {
    if (!run_folder_find(&opened->run, path, status) ||
        !model_file_open(&opened->file, opened->run.model, status))
        return false;
    if (predictor_open(&opened->predictor, &opened->file, status))
        return true;
    model_file_close(&opened->file);
    return false;
}

void opened_model_close(struct opened_model *opened) {
    predictor_close(&opened->predictor);
    model_file_close(&opened->file);
}
