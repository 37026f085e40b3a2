// Many small tasks, each with a small file of its own.
params.out = 'results'
params.tasks = 20

process SMALL {
    publishDir params.out, mode: 'copy'

    input:
    val n

    output:
    path "small-${n}.txt"

    script:
    """
    echo "task ${n}" > small-${n}.txt
    """
}

workflow {
    SMALL(Channel.of(1..params.tasks))
}
