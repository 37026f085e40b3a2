// Three tasks make a part each, a fourth joins them: files go through S3 from task to task.
params.out = 'results'

process PART {
    input:
    val n

    output:
    path "part-${n}.txt"

    script:
    """
    seq 1 2000 | sed 's/^/part ${n} line /' > part-${n}.txt
    """
}

process JOIN {
    publishDir params.out, mode: 'copy'

    input:
    path parts

    output:
    path 'joined.txt'
    path 'sums.txt'

    script:
    """
    cat \$(ls part-*.txt | sort) > joined.txt
    md5sum \$(ls part-*.txt | sort) > sums.txt
    """
}

workflow {
    JOIN(PART(Channel.of(1, 2, 3)).collect())
}
