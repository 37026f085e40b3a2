// A task that fails the first time, with a code that the strategy repeats.
params.out = 'results'

process FLAKY {
    publishDir params.out, mode: 'copy'
    errorStrategy { task.exitStatus == 42 ? 'retry' : 'terminate' }
    maxRetries 2

    output:
    path 'attempt.txt'

    script:
    """
    echo 'attempt ${task.attempt}' > attempt.txt
    [ ${task.attempt} -gt 1 ] || exit 42
    """
}

workflow {
    FLAKY()
}
