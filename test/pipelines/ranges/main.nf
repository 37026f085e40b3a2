// One large file, read in ranges by several tasks, and put together again.
params.out = 'results'
params.input = null
params.mib = 1024
params.pieces = 4

process PIECE {
    input:
    path big
    val n

    output:
    path "piece-${n}"

    script:
    size = params.mib.intdiv(params.pieces)
    """
    dd if=${big} of=piece-${n} bs=1M skip=${n * size} count=${size} 2>/dev/null
    """
}

process WHOLE {
    publishDir params.out, mode: 'copy'

    input:
    path pieces

    output:
    path 'sum.txt'

    script:
    """
    for n in \$(seq 0 ${params.pieces - 1}); do cat piece-\$n; done | md5sum > sum.txt
    """
}

workflow {
    WHOLE(PIECE(file(params.input), Channel.of(0..params.pieces - 1)).collect())
}
