// One task, whose script and input the command line gives.
params.script = 'true'
params.input = null

process RUN {
    input:
    path inputs

    script:
    params.script
}

workflow {
    RUN(params.input ? file(params.input) : [])
}
