# What is installed beside the programs and made by them: manual pages and the scripts that complete command lines.
#   cmake -DPROGRAM=<dotbias> -DOUTPUT=<folder> -P cli/pages.cmake
function(make file)
    execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_FILE ${OUTPUT}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${OUTPUT})
file(MAKE_DIRECTORY ${OUTPUT}/man1 ${OUTPUT}/bash ${OUTPUT}/zsh)
execute_process(COMMAND ${PROGRAM} man --list OUTPUT_VARIABLE names OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" names "${names}")
foreach(name ${names})
    make(man1/${name}.1 man ${name})
endforeach()
make(bash/dotbias completion bash)
make(zsh/_dotbias completion zsh)
