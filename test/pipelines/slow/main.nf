// Tasks that take their time, so that a test can take something away in the middle.
params.out = 'results'
params.seconds = 20

process SLOW {
    publishDir params.out, mode: 'copy'
    errorStrategy 'retry'
    maxRetries 3

    input:
    val n

    output:
    path "slow-${n}.txt"

    script:
    """
    for i in \$(seq 1 ${params.seconds}); do echo "${n} \$i" >> slow-${n}.txt; sleep 1; done
    """
}

workflow {
    SLOW(Channel.of(1, 2))
}
