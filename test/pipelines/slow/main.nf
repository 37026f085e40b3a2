// Tasks that take their time, so that a test can take something away in the middle. They empty their output first, because
// Nextflow 24.10.0 gives the directory of a task that a killed head left to the next one.
params.out = 'results'
params.seconds = 20
params.waste = 0 // bytes that each second leaves on the scratch disk, in a file that nobody wants
params.block = 0 // bytes that each second adds to the output, so that its upload begins while the task runs
params.retries = 3

process SLOW {
    publishDir params.out, mode: 'copy'
    errorStrategy { task.attempt <= params.retries ? 'retry' : 'terminate' }
    maxRetries params.retries

    input:
    val n

    output:
    path "slow-${n}.txt"

    script:
    """
    : > slow-${n}.txt
    for i in \$(seq 1 ${params.seconds}); do
        echo "${n} \$i" >> slow-${n}.txt
        head -c ${params.block} /dev/zero >> slow-${n}.txt
        head -c ${params.waste} /dev/zero > waste-\$i
        sleep 1
    done
    """
}

workflow {
    SLOW(Channel.of(1, 2))
}
